package profile_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

func (w *wallet) join(member instrument.PrincipalID, text string) {
	w.t.Helper()
	check(w.t, w.Join(w.t.Context(), profile.Membership{Group: "family", Member: member, Limits: limits(w.t, text)}))
}

// Who may use whose instruments (paper §3.3).
func TestWhoseInstrumentsMayBeUsed(t *testing.T) {
	w := newWallet(t)
	w.join("amy", "")
	for _, row := range []struct {
		who, owner instrument.PrincipalID
		want       fault.Reason
	}{
		{"gary", "gary", ""},
		{"gary", "amy", "not-owner"},
		{"gary", "family", "not-owner"}, // he is no member
		{"amy", "family", ""},
		{"amy", "gary", "not-owner"},
		{"bot", "gary", ""}, // for whom it acts
		{"bot", "bot", ""},
		{"bot", "amy", "not-owner"},
		{"bot", "family", "not-owner"},
		{"gary", "bot", "not-owner"}, // and not the other way round
		{"gary", "", "not-owner"},
	} {
		w.reserves(w.spend(row.who, row.owner, "card", "CHF:1"), row.want)
	}
	amy, err := w.Principal(t.Context(), "amy")
	check(t, err)
	if owners, err := w.Owners(t.Context(), amy); err != nil || !slices.Equal(owners, []instrument.PrincipalID{"amy", profile.Everyone, "family"}) {
		t.Errorf("amy uses what %v own, %v", owners, err)
	}
	check(t, w.Leave(t.Context(), "family", "amy"))
	w.reserves(w.spend("amy", "family", "card", "CHF:1"), "not-owner")
	if err := w.Leave(t.Context(), "family", "amy"); !errors.Is(err, fault.NotFound) {
		t.Errorf("she leaves twice: %v", err)
	}
}

// A member has limits in the group, the group has its own for all, and a person
// has those that hold wherever the money comes from.
func TestMembersHaveLimitsOfTheirOwn(t *testing.T) {
	w := newWallet(t)
	w.join("amy", "day CHF:5")
	w.join("gary", "operation CHF:2")
	w.limit("family", "day CHF:8")
	w.limit("amy", "day CHF:20")
	w.reserves(w.spend("amy", "family", "card", "CHF:5"), "")
	w.reserves(w.spend("amy", "family", "card", "CHF:1"), "above-day-limit") // hers in the family
	w.reserves(w.spend("amy", "amy", "card", "CHF:15"), "")                  // her own money
	w.reserves(w.spend("amy", "amy", "card", "CHF:1"), "above-day-limit")    // hers in all
	w.reserves(w.spend("gary", "family", "card", "CHF:3"), "above-limit")
	w.reserves(w.spend("gary", "family", "card", "CHF:2"), "")
	w.reserves(w.spend("gary", "family", "card", "CHF:2"), "above-day-limit") // the family's: 5 and 2
	w.join("gary", "")                                                        // who is a member already stays it as they are
	w.limit("family", "")
	w.reserves(w.spend("gary", "family", "card", "CHF:3"), "above-limit")
	check(t, w.SetMemberLimits(t.Context(), "family", "gary", func(l *profile.Limits) { *l = limits(t, "only coupon") }))
	w.reserves(w.spend("gary", "family", "card", "CHF:1"), "class-not-allowed")
	w.reserves(w.spend("gary", "family", "card", "CHF:0"), "class-not-allowed")
	w.reserves(w.spend("gary", "gary", "card", "CHF:1"), "")
}

// A refusal says whose limits they are, if they are not simply those of who pays.
func TestWhoseLimitsRefuse(t *testing.T) {
	for _, row := range []struct {
		name, person, member, group string
		who, owner                  instrument.PrincipalID
		want                        string
	}{
		{"one's own", "day CHF:5", "day CHF:9", "day CHF:9", "amy", "amy", "with this, one day would come to CHF:6; the limit is CHF:5"},
		{"a member's", "", "day CHF:5", "day CHF:9", "amy", "family", "with this, one day would come to CHF:6; the limit is CHF:5 (your limits in family)"},
		{"a member's for one operation", "", "operation CHF:5", "", "amy", "family", "CHF:6 is above the limit of CHF:5 for one operation (your limits in family)"},
		{"a group's", "", "day CHF:9", "month CHF:5", "amy", "family", "with this, one month would come to CHF:6; the limit is CHF:5 (limits of family)"},
		{"a class of a group", "", "", "only coupon", "amy", "family", "instruments of class card may not be spent here (limits of family)"},
		{"an agent's person's", "day CHF:5", "", "", "bot", "gary", "with this, one day would come to CHF:6; the limit is CHF:5 (limits of gary)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWallet(t)
			w.join("amy", row.member)
			w.limit("amy", row.person)
			w.limit("gary", row.person)
			w.limit("family", row.group)
			if _, err := w.Reserve(t.Context(), w.spend(row.who, row.owner, "card", "CHF:6")); err == nil || fault.From(err).Message != row.want {
				t.Errorf("%v", err)
			}
		})
	}
}

// What an agent spends counts against its own limits and its person's.
func TestAnAgentSpendsWithinBothLimits(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "day CHF:10")
	w.limit("bot", "day CHF:4")
	w.reserves(w.spend("bot", "gary", "card", "CHF:4"), "")
	w.reserves(w.spend("bot", "gary", "card", "CHF:1"), "above-day-limit")
	w.reserves(w.spend("gary", "gary", "card", "CHF:7"), "above-day-limit")
	w.reserves(w.spend("gary", "gary", "card", "CHF:6"), "")
	check(t, w.Disable(t.Context(), "gary"))
	w.limit("bot", "day CHF:40")
	w.reserves(w.spend("bot", "bot", "card", "CHF:1"), "principal-disabled")
}

func TestWhoCanJoin(t *testing.T) {
	w := newWallet(t)
	for _, s := range []profile.Membership{{Group: "gary", Member: "amy"}, {Group: "family", Member: "family"}, {Group: "nobody", Member: "amy"}, {Group: "family", Member: "nobody"}} {
		if err := w.Join(t.Context(), s); err == nil {
			t.Errorf("%s is in %s", s.Member, s.Group)
		}
	}
	check(t, w.Disable(t.Context(), "amy"))
	if err := w.Join(t.Context(), profile.Membership{Group: "family", Member: "amy"}); fault.ReasonOf(err) != "principal-disabled" {
		t.Errorf("one who was removed: %v", err)
	}
	check(t, w.Disable(t.Context(), "family"))
	if err := w.Join(t.Context(), profile.Membership{Group: "family", Member: "gary"}); fault.ReasonOf(err) != "principal-disabled" {
		t.Errorf("a group that was removed: %v", err)
	}
	if err := w.SetMemberLimits(t.Context(), "family", "gary", func(*profile.Limits) {}); !errors.Is(err, fault.NotFound) {
		t.Errorf("limits of one who is no member: %v", err)
	}
}

// Two operators at once do not undo each other: one disables, one turns tokens
// and one sets limits, and all of it holds.
func TestOperatorsDoNotUndoEachOther(t *testing.T) {
	for range 20 {
		w := newWallet(t)
		_, err := w.Add(t.Context(), profile.Principal{ID: "till", Kind: profile.Terminal, Login: "till"})
		check(t, err)
		var all sync.WaitGroup
		var token string
		all.Go(func() { check(t, w.Disable(t.Context(), "till")) })
		all.Go(func() {
			var err error
			token, err = w.Rotate(t.Context(), "till")
			check(t, err)
		})
		all.Go(func() { check(t, w.SetLimits(t.Context(), "till", limits(t, "day CHF:1"))) })
		all.Wait()
		p, err := w.Principal(t.Context(), "till")
		check(t, err)
		if !p.Disabled || p.Limits.PerDay["CHF"] != amount(t, "CHF:1") || string(p.Token) != string(keyed("access token", token)) {
			t.Fatalf("what is left is %+v", p)
		}
	}
}
