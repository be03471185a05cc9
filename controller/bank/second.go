package bank

import (
	"container/heap"
	"errors"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// SecondNotices is the topic of withdrawals for which a notice has named a second payment:
// a card may have been charged twice. The notice proves nothing; it says where to look. A
// payment that is found by the reference of a confirmed withdrawal, and is not the one
// that has confirmed it, goes back. One that the notice names and that has another reference
// is put on record.
const SecondNotices instrument.Topic = "second-notices"

// secondNotice is an entry of SecondNotices. Those of earlier versions name nothing, and neither does
// one that the bank has written itself.
type secondNotice struct {
	Payment string `json:"payment,omitempty"`
}

// maxSecond bounds how many payments second notices of one withdrawal may name: each is asked about
// in each search.
const maxSecond = 16

// hearSecond begins to look for further payments of a withdrawal, or hastens the search. A
// terminal that repeats its notice makes no second entry; that, too, hastens the search.
func (b *Bank) hearSecond(id instrument.ID, payment string) {
	if !b.watches(id, payment) {
		return
	}
	err := b.Instruments().Update(b.life, func(tx *instrument.Draft) error { return tx.Append(SecondNotices, id, secondNotice{payment}) })
	if err == nil {
		return
	}
	b.forgets(id, payment)
	if b.life.Err() == nil {
		b.Log().Error("that a notice names a second payment cannot be written; an audit finds what was paid", "withdrawal", id, "error", err)
	}
}

// watches notes what second notices of a withdrawal have named, and reports whether that is new. If
// it is not, it is noted that a terminal waits for it.
func (b *Bank) watches(id instrument.ID, payment string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if named := b.second[id]; slices.Contains(named, payment) || len(named) == maxSecond {
		b.repeated[id] = b.Now()
		return false
	}
	b.second[id] = append(b.second[id], payment)
	return true
}

// forgets takes back what watches has noted.
func (b *Bank) forgets(id instrument.ID, payment string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.second[id] = slices.DeleteFunc(slices.Clone(b.second[id]), func(p string) bool { return p == payment })
}

// namedSecond are the payments that second notices of a withdrawal have named.
func (b *Bank) namedSecond(id instrument.ID) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.second[id])
}

func (b *Bank) watchesNoMore(id instrument.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.second, id)
}

// takeRepeated are the withdrawals of which second notices were repeated since it was last called,
// with the time of the last one.
func (b *Bank) takeRepeated() map[instrument.ID]time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.repeated
	b.repeated = map[instrument.ID]time.Time{}
	return all
}

// readSecond takes up the withdrawals with a second notice, new ones and those of earlier
// lives. If a withdrawal is looked for already, its next search is made now. Each life
// searches once more for the old ones, until their time is certainly over.
func (s *searcher) readSecond() error {
	for {
		page, err := s.b.Instruments().Journal(s.b.life, SecondNotices, instrument.Page{After: s.second, Limit: journalled})
		if err != nil {
			return err
		}
		now := s.b.Now()
		for _, e := range page {
			s.second = e.Seq
			if now.After(e.Time.Add(2 * s.b.cfg.Searching.For)) {
				continue
			}
			var n secondNotice
			if err := readEntry(e, &n); err != nil {
				return err
			}
			s.b.watches(e.Instance, n.Payment)
			s.seek(e.Instance, e.Time, now)
		}
		if len(page) < journalled {
			break
		}
	}
	for id, noticed := range s.b.takeRepeated() {
		s.seek(id, noticed, s.b.Now())
	}
	return nil
}

// seek begins to look for payments of a withdrawal, or has it looked for now.
func (s *searcher) seek(id instrument.ID, noticed, now time.Time) {
	if s.known[id] {
		s.hasten(id, noticed, now)
		return
	}
	s.known[id] = true
	heap.Push(&s.due, search{id: id, ended: noticed, at: now})
}

// hasten has a withdrawal searched now whose next search may be hours away: a notice says
// that there is something to be found. The time for which it is looked for counts from the
// notice then.
func (s *searcher) hasten(id instrument.ID, noticed, now time.Time) {
	n := slices.IndexFunc(s.due, func(x search) bool { return x.id == id })
	if n < 0 {
		s.sooner[id] = noticed
		return
	}
	s.due[n].hasten(noticed, now)
	heap.Fix(&s.due, n)
}

func (x *search) hasten(noticed, now time.Time) {
	if noticed.After(x.ended) {
		x.ended = noticed
	}
	x.at = now
}

// besides are the payments with a confirmed withdrawal's reference, without the one that
// has confirmed it. If that one is not among them, the provider shows its payments in
// another way than before and it is open which of them has bought something: then there
// are none, and the search goes on.
func (b *Bank) besides(id instrument.ID, w taler.Withdrawal, found []protocol.Facts) []protocol.Facts {
	others := slices.DeleteFunc(slices.Clone(found), func(f protocol.Facts) bool { return f.Transaction == w.ProviderTransactionID })
	if len(others) == len(found) {
		b.Log().Warn("a provider does not show the payment that has confirmed a withdrawal: what it shows is left alone", "withdrawal", id, "shown", len(found))
		return nil
	}
	return others
}

// buysNothing proves, in the commit by which a payment is given back, that it has confirmed
// no withdrawal and can confirm none any more, because its own has ended.
func buysNothing(tx *instrument.Draft, w taler.Withdrawal, transaction string) (bool, error) {
	if !w.State.Final() || w.State == taler.StateConfirmed && w.ProviderTransactionID == transaction {
		return false, nil
	}
	_, err := tx.Find(ClassWithdrawal, KeyProviderTx, ProviderTx(w.Provider, transaction))
	if errors.Is(err, fault.NotFound) {
		return true, nil
	}
	return false, err
}

// window sets the time from which payments of a withdrawal are looked for: its end, or a
// later notice. It is closed while the withdrawal has not ended, for then its notice is
// asked about instead.
func (x *search) window(w taler.Withdrawal, now time.Time) (open bool) {
	ended := time.Unix(max(w.Aborted, w.Confirmed), 0)
	switch {
	case !w.State.Final():
		x.ended = now
	case ended.After(x.ended) && !ended.After(now):
		x.ended = ended
	}
	return w.State.Final()
}
