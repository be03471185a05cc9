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

// SecondNotices is the topic of withdrawals of which a notice has named another
// payment than the one that they have: a card may have been charged twice. Nothing
// of it is believed. It says where to look, and what is found by the reference of a
// confirmed withdrawal, besides the payment that has confirmed it, goes back.
const SecondNotices instrument.Topic = "second-notices"

// secondNotice has payments of a withdrawal looked for besides the one that it has.
// A terminal that repeats itself makes no second entry.
func (b *Bank) secondNotice(id instrument.ID) {
	if !b.watches(id) {
		return
	}
	err := b.Instruments().Update(b.life, func(tx *instrument.Draft) error { return tx.Append(SecondNotices, id, struct{}{}) })
	if err == nil {
		return
	}
	b.watchesNoMore(id)
	if b.life.Err() == nil {
		b.Log().Error("that a notice names a second payment cannot be written; an audit finds what was paid", "withdrawal", id, "error", err)
	}
}

// watches notes that second payments of a withdrawal are looked for, and reports
// whether that is new.
func (b *Bank) watches(id instrument.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.second[id]
	b.second[id] = true
	return !known
}

func (b *Bank) watchesNoMore(id instrument.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.second, id)
}

// readSecond takes up the withdrawals with a second notice, the new ones or those of
// earlier lives. An old one is searched for once more in each life, until nobody can
// doubt that it was.
func (s *searcher) readSecond() error {
	for {
		page, err := s.b.Instruments().Journal(s.b.life, SecondNotices, instrument.Page{After: s.second, Limit: journalled})
		if err != nil {
			return err
		}
		now := s.b.Now()
		for _, e := range page {
			s.second = e.Seq
			if s.known[e.Instance] || now.After(e.Time.Add(2*s.b.cfg.Searching.For)) {
				continue
			}
			s.b.watches(e.Instance)
			s.known[e.Instance] = true
			heap.Push(&s.due, search{id: e.Instance, ended: e.Time, at: now})
		}
		if len(page) < journalled {
			return nil
		}
	}
}

// besides are the payments with a confirmed withdrawal's reference but for the one
// that has confirmed it. If that is not among them, the provider shows its payments
// in another way than before, and nobody can say which of them has bought something:
// then there are none, and the search goes on and ends as it would.
func (b *Bank) besides(id instrument.ID, w taler.Withdrawal, found []protocol.Facts) []protocol.Facts {
	others := slices.DeleteFunc(slices.Clone(found), func(f protocol.Facts) bool { return f.Transaction == w.ProviderTransactionID })
	if len(others) == len(found) {
		b.Log().Warn("a provider does not show the payment that has confirmed a withdrawal: what it shows is left alone", "withdrawal", id, "shown", len(found))
		return nil
	}
	return others
}

// buysNothing proves in the commit that gives it back that a payment has confirmed no
// withdrawal, this one or another, and can confirm none: its own has ended.
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

// window is since when payments of a withdrawal are looked for: since it ended, or
// since a later notice. One that has not ended is asked about in another way.
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
