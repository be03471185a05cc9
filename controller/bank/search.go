package bank

import (
	"container/heap"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Searching says how payments are looked for that were made for withdrawals which
// nobody has confirmed; zero members have defaults.
type Searching struct {
	For            time.Duration // after the end of a withdrawal: 7 days
	First, Longest time.Duration // the pauses between two searches: 1 minute, doubling up to 6 hours
	AtOnce         int           // searches at a time; 8
}

func (s Searching) withDefaults() Searching {
	for _, d := range []struct {
		at  *time.Duration
		def time.Duration
	}{{&s.For, 7 * 24 * time.Hour}, {&s.First, time.Minute}, {&s.Longest, 6 * time.Hour}} {
		if *d.at <= 0 {
			*d.at = d.def
		}
	}
	if s.AtOnce <= 0 {
		s.AtOnce = 8
	}
	return s
}

// next is when to search after a search: what ended long ago is searched for less
// often, and once more when the time is over.
func (s Searching) next(ended, searched time.Time) time.Time {
	pause := min(max(searched.Sub(ended), s.First), s.Longest)
	if end := ended.Add(s.For); searched.Add(pause).After(end) {
		return end
	}
	return searched.Add(pause)
}

// searcher looks for payments of withdrawals that ended unconfirmed, and of those
// that a second notice came for. What it knows is in the database: in a new life each
// is searched for once at once. It belongs to one goroutine.
type searcher struct {
	b      *Bank
	read   instrument.Seq // of the journal: what ended since is in it
	second instrument.Seq // of SecondNotices
	known  map[instrument.ID]bool
	due    searches
	busy   int         // searches under way, or not back in due yet
	done   chan search // has room for all of them
}

// search is one withdrawal whose payments are looked for.
type search struct {
	id    instrument.ID
	ended time.Time // or when the second notice came, if that was later
	at    time.Time // when to search next; zero: never again
	owed  int       // how many payments it has found that are to be given back
}

func newSearcher(b *Bank) *searcher {
	return &searcher{b: b, known: map[instrument.ID]bool{}, done: make(chan search, b.cfg.Searching.AtOnce)}
}

// begin finds what ended in earlier lives, notices that nobody has decided, and
// second ones.
func (s *searcher) begin() error {
	last, err := s.b.Instruments().Journal(s.b.life, instrument.Operations, instrument.Page{Limit: 1, Reverse: true})
	if err != nil {
		return err
	}
	if len(last) > 0 {
		s.read = last[0].Seq
	}
	err = s.b.scan(s.b.life, string(taler.StateAborted), func(i instrument.Instance, w taler.Withdrawal) (bool, error) {
		s.add(i.ID, w)
		return s.b.life.Err() == nil, s.b.life.Err()
	})
	if err != nil {
		return err
	}
	return s.readSecond()
}

// add takes up a withdrawal that was aborted.
func (s *searcher) add(id instrument.ID, w taler.Withdrawal) {
	if w.Undecided() {
		s.b.ask(id, w)
	}
	if w.Searched != 0 || s.known[id] {
		return
	}
	s.known[id] = true
	now, ended := s.b.Now(), time.Unix(w.Aborted, 0)
	if ended.After(now) { // by a clock that was put right since
		ended = now
	}
	first := ended.Add(s.b.cfg.Searching.First)
	if first.Before(now) {
		first = now
	}
	heap.Push(&s.due, search{id: id, ended: ended, at: first})
}

// journalled is how many entries of the journal are read at a time.
const journalled = 1024

// look reads what has ended since it looked last, what an operator's command beside
// the bank has found to be given back, and second notices.
func (s *searcher) look() error {
	for {
		page, err := s.b.Instruments().Journal(s.b.life, instrument.Operations, instrument.Page{After: s.read, Limit: journalled})
		if err != nil {
			return err
		}
		for _, e := range page {
			if e.Class == ClassWithdrawal && e.Status == string(taler.StateAborted) {
				w, err := s.b.view(s.b.life, e.Instance)
				if err != nil {
					return err
				}
				s.add(e.Instance, w)
			}
			if e.Class == ClassReturn && e.Status == string(taler.TransferPending) {
				s.b.giveBack(e.Instance)
			}
			s.read = e.Seq
		}
		if len(page) < journalled {
			return s.readSecond()
		}
	}
}

// work makes the searches that are due, for a while.
func (s *searcher) work(during time.Duration) {
	timer := time.NewTimer(during)
	defer timer.Stop()
	for {
		for s.busy < cap(s.done) && len(s.due) > 0 && !s.due[0].at.After(s.b.Now()) {
			s.start(heap.Pop(&s.due).(search))
		}
		select {
		case x := <-s.done:
			s.busy--
			if x.at.IsZero() {
				delete(s.known, x.id)
				s.b.watchesNoMore(x.id)
			} else {
				heap.Push(&s.due, x)
			}
		case <-timer.C:
			return
		case <-s.b.life.Done():
			return
		}
	}
}

func (s *searcher) start(x search) {
	s.busy++
	b, began := s.b, s.b.Now()
	b.background(func() {
		over, last, err := b.search(&x, began)
		switch {
		case err != nil:
			x.at = began.Add(b.cfg.Searching.First)
			if b.life.Err() == nil && !isUnanswered(err) {
				b.Log().Warn("payments of a withdrawal that has ended cannot be looked for", "withdrawal", x.id, "error", err)
			}
		case over:
			x.at = time.Time{}
		case last:
			x.at = began.Add(b.cfg.Searching.Longest)
		default:
			x.at = b.cfg.Searching.next(x.ended, began)
		}
		s.done <- x
	})
}

// search asks the provider for payments with the reference of a withdrawal and has
// given back what was paid for an aborted one, or for a confirmed one a second time.
// The last search of an aborted one is on record. It is over, unless a payment is
// found that the provider has not decided.
func (b *Bank) search(x *search, began time.Time) (over, last bool, err error) {
	w, err := b.view(b.life, x.id)
	if err != nil || !x.window(w, began) {
		return false, false, err
	}
	last = !began.Before(x.ended.Add(b.cfg.Searching.For))
	at, provider, err := b.provider(b.life, w.Provider)
	if err != nil {
		return false, last, err
	}
	// Not in the line of those who wait for a confirmation.
	found, err := b.payments(b.slot(w.Provider+" searches"), at, w.WOPID)
	if err != nil {
		return false, last, err
	}
	if w.State == taler.StateConfirmed {
		found = b.besides(x.id, w, found)
	}
	running := false
	for _, f := range found {
		of := w
		of.ProviderTransactionID = f.Transaction
		v := Judge(of, provider.Space, f)
		running = running || v.Decision == Again
		if v.Foreign || v.Back != (instrument.Amount{}) {
			owed, err := b.foundMoney(x.id, f, v)
			if err != nil {
				return false, last, err
			}
			if owed {
				x.owed++
			}
		}
	}
	if !last || running {
		return false, last, nil
	}
	return true, last, b.amend(x.id, func(w *taler.Withdrawal) bool {
		w.Searched = b.Now().Unix()
		return w.State == taler.StateAborted
	})
}

// foundMoney has given back what was found, unless it is already, or writes down that
// it is not the bank's to give back.
func (b *Bank) foundMoney(id instrument.ID, f protocol.Facts, v Verdict) (owed bool, err error) {
	if v.Foreign {
		return false, b.amend(id, func(w *taler.Withdrawal) bool {
			if w.Foreign != "" || w.State != taler.StateAborted {
				return false
			}
			w.Foreign = f.Transaction
			return true
		})
	}
	var given instrument.ID
	err = b.Instruments().Update(b.life, func(tx *instrument.Draft) error {
		given = ""
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		var w taler.Withdrawal
		if err := i.Decode(&w); err != nil {
			return err
		}
		if nothing, err := buysNothing(tx, w, f.Transaction); err != nil || !nothing {
			return err
		}
		given, err = b.owe(tx, w, f.Transaction, v)
		return err
	})
	if err != nil || given == "" {
		return false, err
	}
	b.giveBack(given)
	return true, nil
}

// amend changes what is on record of a withdrawal, if it is to be changed.
func (b *Bank) amend(id instrument.ID, change func(*taler.Withdrawal) bool) error {
	return b.Instruments().Update(b.life, func(tx *instrument.Draft) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		var w taler.Withdrawal
		if err := i.Decode(&w); err != nil || !change(&w) {
			return err
		}
		if err := i.Encode(w); err != nil {
			return err
		}
		return tx.Put(i)
	})
}

// searches are a heap, the next one first.
type searches []search

func (s searches) Len() int           { return len(s) }
func (s searches) Less(i, j int) bool { return s[i].at.Before(s[j].at) }
func (s searches) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

// Push implements heap.Interface.
func (s *searches) Push(x any) { *s = append(*s, x.(search)) }

// Pop implements heap.Interface.
func (s *searches) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}
