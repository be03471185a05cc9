package bank

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// standing is an index of an exchange's transfers that were not carried out, by state and
// in their order, so that those of one state are found among very many. It is read when it
// is first needed and kept up to date from then on. It says where to look; only the
// transfer itself says how it stands.
type standing struct {
	mu   sync.Mutex
	read bool
	upto instrument.Seq // of the exchange's topic: later ones were not looked at
	rows map[taler.TransferState][]placed
}

// placed is where a transfer is.
type placed struct {
	row uint64
	id  instrument.ID // empty: not worth a look
}

// unfinished are the states of transfers that were not carried out, or not yet.
func unfinished() []taler.TransferState {
	return []taler.TransferState{taler.TransferPending, taler.TransferTransient, taler.TransferPermanent}
}

func (b *Bank) standingOf(exchange string) *standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.standing[exchange] == nil {
		b.standing[exchange] = &standing{}
	}
	return b.standing[exchange]
}

// changed looks at a transfer again, after a commit that may have changed it.
func (b *Bank) changed(ctx context.Context, exchange string, id instrument.ID) {
	s := b.standingOf(exchange)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.read {
		return
	}
	t, err := b.transferAt(ctx, id)
	if err != nil {
		s.read = false // and all of them the next time
		return
	}
	s.put(t, id)
}

// catchUp reads what is not known yet. Its caller holds the lock.
func (b *Bank) catchUp(ctx context.Context, x Exchange, s *standing) error {
	if !s.read {
		return b.readStanding(ctx, x, s)
	}
	for {
		entries, err := b.Instruments().Journal(ctx, x.Topic(Transfers), instrument.Page{After: s.upto, Limit: atOnce})
		if err != nil {
			return err
		}
		for _, e := range entries {
			t, err := b.transferAt(ctx, e.Instance)
			if err != nil {
				return err
			}
			s.put(t, e.Instance)
			s.upto = e.Seq
		}
		if len(entries) < atOnce {
			return nil
		}
	}
}

// readStanding reads all transfers that were not carried out. A change meanwhile waits for
// the lock, and then looks at its transfer again.
func (b *Bank) readStanding(ctx context.Context, x Exchange, s *standing) error {
	s.rows = map[taler.TransferState][]placed{}
	last, err := b.lastRow(ctx, x.Topic(Transfers))
	if err != nil {
		return err
	}
	for _, state := range unfinished() {
		f := instrument.Filter{Class: ClassTransfer, Status: string(state)}
		err := scan(ctx, b, f, func(i instrument.Instance, t taler.Transfer) (bool, error) {
			if t.Exchange == x.Key() {
				s.put(t, i.ID)
			}
			return true, nil
		}, strictly)
		if err != nil {
			return err
		}
	}
	s.read, s.upto = true, last
	return nil
}

// put gives a transfer its place, or takes it out.
func (s *standing) put(t taler.Transfer, id instrument.ID) {
	for _, state := range unfinished() {
		rows := s.rows[state]
		n, found := place(rows, t.Row)
		switch {
		case found && state != t.State:
			s.rows[state] = slices.Delete(rows, n, n+1)
		case !found && state == t.State:
			s.rows[state] = slices.Insert(rows, n, placed{t.Row, id})
		}
	}
}

func place(rows []placed, row uint64) (int, bool) {
	return slices.BinarySearchFunc(rows, row, func(p placed, row uint64) int { return cmp.Compare(p.row, row) })
}

// page is a page of those in a state.
func (s *standing) page(state taler.TransferState, p instrument.Page) []placed {
	rows := s.rows[state]
	if !p.Reverse {
		n, _ := place(rows, uint64(p.After)+1)
		return slices.Clone(rows[n:min(n+p.Limit, len(rows))])
	}
	end := len(rows)
	if p.After != 0 {
		end, _ = place(rows, uint64(p.After))
	}
	out := slices.Clone(rows[max(0, end-p.Limit):end])
	slices.Reverse(out)
	return out
}

// holds reports whether a row is one that was not carried out.
func (s *standing) holds(row uint64) bool {
	for _, state := range unfinished() {
		if _, found := place(s.rows[state], row); found {
			return true
		}
	}
	return false
}
