package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

func testNames(t *testing.T, s Store) {
	put := func(id instrument.PrincipalID, kind profile.Kind, disabled bool) error {
		return s.PutPrincipal(t.Context(), profile.Principal{ID: id, Kind: kind, Name: "amy", Disabled: disabled})
	}
	for _, row := range []struct {
		name     string
		id       instrument.PrincipalID
		kind     profile.Kind
		disabled bool
		taken    bool
	}{
		{"the first", "a", profile.Person, false, false},
		{"a group of that name", "b", profile.Group, false, true},
		{"a terminal, which has a login instead", "c", profile.Terminal, false, false},
		{"one that is disabled already", "d", profile.Agent, true, false},
		{"the first again, now disabled", "a", profile.Person, true, false},
		{"the group, now that the name is free", "b", profile.Group, false, false},
		{"the first back", "a", profile.Person, false, true},
	} {
		err := put(row.id, row.kind, row.disabled)
		if got := fault.ReasonOf(err) == "name-taken" && errors.Is(err, fault.Conflict); got != row.taken || err != nil && !got {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// testProfileUnits adds to a fact from many sides; a change that reads outside of
// its unit of work would lose some.
func testProfileUnits(t *testing.T, s Store) {
	if err := s.PutPrincipal(t.Context(), terminal("t", "till")); err != nil {
		t.Fatal(err)
	}
	add := func(w profile.Writer) error {
		p, err := w.Principal("t")
		if err != nil {
			return err
		}
		n, _ := strconv.Atoi(p.Facts["n"])
		p.Facts["n"] = strconv.Itoa(n + 1)
		return w.PutPrincipal(p)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				if err := s.UpdateProfiles(context.WithoutCancel(t.Context()), add); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if p, err := s.Principal(t.Context(), "t"); err != nil || p.Facts["n"] != "80" {
		t.Errorf("%q of 80 changes are there, %v", p.Facts["n"], err)
	}
	if err := s.UpdateProfiles(t.Context(), func(w profile.Writer) error { _, err := w.Principal("ghost"); return err }); !errors.Is(err, fault.NotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func testMembers(t *testing.T, s Store) {
	limits := profile.Limits{
		PerDay: map[string]instrument.Amount{"CHF": {Currency: "CHF", Value: 5}}, Only: []instrument.ClassID{"coupon"},
		Classes: map[instrument.ClassID]profile.Limits{"coupon": {PerMonth: map[string]instrument.Amount{"CHF": {Currency: "CHF", Value: 9}}}},
	}
	all := []profile.Membership{{Group: "family", Member: "amy", Limits: limits}, {Group: "family", Member: "bob"}, {Group: "office", Member: "amy"}}
	update := func(do func(profile.Writer) error) {
		t.Helper()
		if err := s.UpdateProfiles(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	update(func(w profile.Writer) error {
		return errors.Join(w.PutMembership(all[2]), w.PutMembership(profile.Membership{Group: "family", Member: "amy"}), w.PutMembership(all[1]), w.PutMembership(all[0]))
	})
	for _, row := range []struct {
		group, member instrument.PrincipalID
		want          []profile.Membership
	}{
		{"", "", all}, {"family", "", all[:2]}, {"", "amy", []profile.Membership{all[0], all[2]}}, {"office", "amy", all[2:]}, {"office", "bob", nil},
	} {
		got, err := s.Memberships(t.Context(), row.group, row.member)
		if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
			t.Errorf("members of %q, %q (-want +have), %v:\n%s", row.group, row.member, err, diff)
		}
	}
	update(func(w profile.Writer) error {
		got, err := w.Membership("family", "amy")
		if diff := cmp.Diff(all[0], got); diff != "" {
			t.Errorf("a membership (-want +have):\n%s", diff)
		}
		return errors.Join(err, w.RemoveMembership("family", "amy"))
	})
	for what, do := range map[string]func(profile.Writer) error{
		"read":   func(w profile.Writer) error { _, err := w.Membership("family", "amy"); return err },
		"remove": func(w profile.Writer) error { return w.RemoveMembership("family", "amy") },
	} {
		if err := s.UpdateProfiles(t.Context(), do); !errors.Is(err, fault.NotFound) || fault.ReasonOf(err) != "not-member" {
			t.Errorf("%s one that has left: %v", what, err)
		}
	}
}

func testSpendings(t *testing.T, s Store) {
	spend := func(op, account, class string, value uint64, fraction uint32, at time.Time) profile.Spending {
		return profile.Spending{
			Operation: instrument.OperationID(op), Account: profile.Account(account), Class: instrument.ClassID(class), Time: at, Runner: "one",
			Amount: instrument.Amount{Currency: "CHF", Value: value, Fraction: fraction},
		}
	}
	rows := []profile.Spending{
		spend("a", "gary", "coupon", 1, 60_000_000, noon()), spend("a", "gary@office", "coupon", 1, 60_000_000, noon()),
		spend("b", "gary", "card", 2, 70_000_000, noon().Add(-24*time.Hour)),
	}
	update := func(do func(profile.Writer) error) {
		t.Helper()
		if err := s.UpdateProfiles(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	update(func(w profile.Writer) error {
		return errors.Join(w.Count(rows[0]), w.Count(rows[1]), w.Count(rows[2]))
	})
	sum := func(account profile.Account, currency string, class instrument.ClassID, since time.Time, want string) {
		t.Helper()
		got, err := s.Spent(t.Context(), account, currency, class, since)
		if err != nil || got.String() != want {
			t.Errorf("%s has spent %s, %v; want %s", account, got, err, want)
		}
		update(func(w profile.Writer) error {
			now, err := w.SpentNow(account, currency, class, since)
			if now != got {
				t.Errorf("within a unit it is %s", now)
			}
			return err
		})
	}
	long, day := time.Unix(0, 0), noon().Add(-time.Hour)
	sum("gary", "CHF", "", long, "CHF:4.3")
	sum("gary", "CHF", "", day, "CHF:1.6")
	sum("gary", "CHF", "card", long, "CHF:2.7")
	sum("gary", "EUR", "", long, "EUR:0")
	sum("gary@office", "CHF", "", noon(), "CHF:1.6") // the moment itself counts
	sum("amy", "CHF", "", long, "CHF:0")

	reserved := func(want []profile.Spending, accounts ...profile.Account) {
		t.Helper()
		got, err := s.Reserved(t.Context(), accounts...)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("reserved (-want +have), %v:\n%s", err, diff)
		}
	}
	reserved(rows[1:2], "gary@office")
	reserved([]profile.Spending{rows[2], rows[0]}, "gary")
	// What moved counts instead, and what did not is given back; a second end changes nothing.
	update(func(w profile.Writer) error {
		return errors.Join(w.Uncount("a", instrument.Amount{Currency: "CHF", Value: 1}), w.Uncount("a", instrument.Amount{}), w.Uncount("b", instrument.Amount{}))
	})
	reserved(nil)
	sum("gary", "CHF", "", long, "CHF:1")
	update(func(w profile.Writer) error {
		got, err := w.Counted("a")
		if len(got) != 2 || !got[0].Spent || got[1].Amount.Value != 1 {
			t.Errorf("for the operation counts %+v", got)
		}
		none, also := w.Counted("b")
		if len(none) != 0 {
			t.Errorf("for the one that failed counts %+v", none)
		}
		return errors.Join(err, also)
	})
}
