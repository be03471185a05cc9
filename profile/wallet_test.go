package profile_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/profile"
)

// wallet is a manager on a real store, with a clock that stands until it is moved.
type wallet struct {
	*profile.Manager
	t     *testing.T
	db    *store.DB
	now   time.Time
	fates map[instrument.OperationID]profile.Fate
	asked func()          // before a fate is told; nil: nothing
	ended map[string]bool // lives
	n     int
}

func newWallet(t *testing.T) *wallet {
	t.Helper()
	db, err := store.OpenMemory(t.Context(), store.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	w := &wallet{t: t, db: db, now: time.Date(2026, 3, 31, 23, 30, 0, 0, time.UTC), fates: map[instrument.OperationID]profile.Fate{}}
	w.Manager = w.life("one")
	for _, p := range []profile.Principal{
		{ID: "gary", Kind: profile.Person}, {ID: "amy", Kind: profile.Person}, {ID: "bot", Kind: profile.Agent, ActsFor: "gary"}, {ID: "family", Kind: profile.Group},
	} {
		p.Name = string(p.ID)
		_, err := w.Add(t.Context(), p)
		check(t, err)
	}
	return w
}

// life is a manager of another life of the node, or of another process.
func (w *wallet) life(runner string) *profile.Manager {
	return profile.NewManager(profile.Parts{
		Store: w.db, Hash: keyed, Clock: func() time.Time { return w.now }, Random: rand.Reader, Policy: profile.UserPolicy(), Runner: runner,
		Fate: func(_ context.Context, op instrument.OperationID) (profile.Fate, error) {
			if w.asked != nil {
				w.asked()
			}
			return w.fates[op], nil
		},
		Gone: func(runner string) bool { return w.ended[runner] },
	})
}

// spend is a payment of somebody with an instrument of an owner.
func (w *wallet) spend(who, owner instrument.PrincipalID, class instrument.ClassID, sum string) profile.Action {
	w.t.Helper()
	p, err := w.Principal(w.t.Context(), who)
	check(w.t, err)
	w.n++
	return profile.Action{
		Principal: p, Operation: "PAY", Class: class, Amount: amount(w.t, sum), Spends: true, ID: instrument.OperationID(fmt.Sprint("op-", w.n)),
		Instruments: func(context.Context) ([]instrument.Instance, error) {
			return []instrument.Instance{{ID: "i", Owner: owner, Class: class}}, nil
		},
	}
}

// reserves authorises and reserves, and wants a reason, empty for none.
func (w *wallet) reserves(a profile.Action, want fault.Reason) *profile.Hold {
	w.t.Helper()
	err := w.Authorise(w.t.Context(), a)
	var h *profile.Hold
	if err == nil {
		h, err = w.Reserve(w.t.Context(), a)
	}
	if got := fault.ReasonOf(err); got != want || (err == nil) != (want == "") {
		w.t.Errorf("%s spends %s: %q, %v; want %q", a.Principal.ID, a.Amount, got, err, want)
	}
	return h
}

func (w *wallet) limit(who instrument.PrincipalID, text string) {
	w.t.Helper()
	check(w.t, w.SetLimits(w.t.Context(), who, limits(w.t, text)))
}

// limits reads "operation CHF:1 day CHF:2 coupon/month CHF:3 only coupon".
func limits(t *testing.T, text string) profile.Limits {
	t.Helper()
	var l profile.Limits
	words := strings.Fields(text)
	for n := 0; n < len(words); n += 2 {
		if words[n] == "only" {
			l.Only = append(l.Only, instrument.ClassID(words[n+1]))
			continue
		}
		a := amount(t, words[n+1])
		one := map[string]instrument.Amount{a.Currency: a}
		set := func(into *profile.Limits, span string) {
			switch span {
			case "operation":
				into.PerOperation = one
			case "day":
				into.PerDay = one
			case "month":
				into.PerMonth = one
			case "credit":
				into.Credit = one
			}
		}
		class, span, of := strings.Cut(words[n], "/")
		if !of {
			set(&l, class)
			continue
		}
		if l.Classes == nil {
			l.Classes = map[instrument.ClassID]profile.Limits{}
		}
		c := l.Classes[instrument.ClassID(class)]
		set(&c, span)
		l.Classes[instrument.ClassID(class)] = c
	}
	return l
}

var amount = instrumenttest.Amount

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
