package bank

import (
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Searching says how to look for payments that were made for withdrawals which were not
// confirmed; zero members have defaults.
type Searching struct {
	For            time.Duration // after the end of a withdrawal: 7 days
	First, Longest time.Duration // the pauses between two searches: 1 minute, doubling up to 6 hours
	AtOnce         int           // searches at a time; 8
}

func (s Searching) withDefaults() Searching {
	orElse(&s.For, 7*24*time.Hour)
	orElse(&s.First, time.Minute)
	orElse(&s.Longest, 6*time.Hour)
	orElse(&s.AtOnce, 8)
	return s
}

// next is when to search again after a search: the longer ago the withdrawal has ended, the
// later, and a last time when the time for it is over.
func (s Searching) next(ended, searched time.Time) time.Time {
	pause := min(max(searched.Sub(ended), s.First), s.Longest)
	if end := ended.Add(s.For); searched.Add(pause).After(end) {
		return end
	}
	return searched.Add(pause)
}

// search is one withdrawal whose payments are looked for.
type search struct {
	id    instrument.ID
	ended time.Time // or when the second notice came, if that was later
	at    time.Time // when to search next; zero: never again
	owed  int       // how many payments it has found that have to be given back
}

// search asks the provider for payments with the reference of a withdrawal. What was paid
// for an aborted withdrawal, or a second time for a confirmed one, is given back. The last
// search of an aborted withdrawal is put on record; after it the search is over, unless it
// has found a payment that the provider has not decided.
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
	all, err := b.payments(b.slot(w.Provider+" searches"), at, w.WOPID)
	if err != nil {
		return false, last, err
	}
	found := all.Payments
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
	b.lookAtNamed(x.id, w, at, provider, all.Payments)
	if !last || running {
		return false, last, nil
	}
	return true, last, b.amend(b.life, x.id, func(w *taler.Withdrawal) bool {
		w.Searched = b.Now().Unix()
		return w.State == taler.StateAborted
	})
}

// lookAtNamed asks about the payments that second notices have named and that were not found by
// the withdrawal's reference. One that was paid and is for something else is put on record, for
// nobody else may ever look at it. Of all others nothing is believed: what is paid with the
// withdrawal's reference is found by it. A name that cannot be asked about holds up nothing: a
// terminal may send whatever it likes, and the next search asks again.
func (b *Bank) lookAtNamed(id instrument.ID, w taler.Withdrawal, at instrument.ID, p Provider, found []protocol.Facts) {
	for _, name := range b.namedSecond(id) {
		if name == "" || name == w.ProviderTransactionID || slices.ContainsFunc(found, func(f protocol.Facts) bool { return f.Transaction == name }) {
			continue
		}
		err := b.lookAtOne(id, w, at, p, name)
		if err != nil && b.life.Err() == nil && !isUnanswered(err) {
			b.Log().Warn("a payment that a second notice has named cannot be looked at", "withdrawal", id, "error", err)
		}
	}
}

func (b *Bank) lookAtOne(id instrument.ID, w taler.Withdrawal, at instrument.ID, p Provider, name string) error {
	var f protocol.Facts
	err := b.card(b.slot(w.Provider+" searches"), at, OperationVerify, map[string]string{"transaction": name}, &f)
	if err != nil {
		if fault.ReasonOf(err) == reasonTransactionUnknown {
			err = nil
		}
		return err
	}
	w.ProviderTransactionID = name
	if !Judge(w, p.Space, f).Foreign || w.WOPID.Is(f.Reference) {
		return nil
	}
	added, err := b.leaveAlone(id, name)
	if added && err == nil {
		b.foreign.Add(1)
	}
	return err
}

// leaveAlone puts a payment on record that the bank must not give back, and reports whether that is new.
func (b *Bank) leaveAlone(id instrument.ID, payment string) (added bool, err error) {
	err = b.amend(b.life, id, func(w *taler.Withdrawal) bool {
		added = w.State.Final() && w.AddForeign(payment)
		return added
	})
	return added, err
}

// foundMoney gives back what was found, unless that was done before, or notes that the
// bank must not give it back.
func (b *Bank) foundMoney(id instrument.ID, f protocol.Facts, v Verdict) (owed bool, err error) {
	if v.Foreign {
		_, err := b.leaveAlone(id, f.Transaction)
		return false, err
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
