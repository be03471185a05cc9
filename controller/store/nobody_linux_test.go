package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// TestThatThereIsNobodyIsRememberedUntilThereIs looks for somebody, makes it through one handle and
// finds it through both.
func TestThatThereIsNobodyIsRememberedUntilThereIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	a, b := openAt(t, path, Options{}), openAt(t, path, Options{})
	commitVersion(t, a, "row", 1, "")
	commitVersion(t, b, "row", 2, "") // from here on what b reads is remembered
	if _, err := b.Principal(t.Context(), "nobody"); !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	if _, known := b.memory.result(search{selectPrincipal + ` WHERE id = ?`, "nobody"}); !known {
		t.Error("that there is nobody is read each time")
	}
	for n, by := range []*DB{a, a, b, a, b, b} {
		id := instrument.PrincipalID(fmt.Sprint("p", n))
		for range 2 { // the second time from memory
			for _, db := range []*DB{a, b} {
				if _, err := db.Principal(t.Context(), id); !errors.Is(err, fault.NotFound) || fault.ReasonOf(err) != "principal-unknown" {
					t.Fatalf("somebody who is not there: %v", err)
				}
			}
		}
		must(t, by.PutPrincipal(t.Context(), profile.Principal{ID: id, Kind: "terminal"}))
		for _, db := range []*DB{a, b} {
			if _, err := db.Principal(t.Context(), id); err != nil {
				t.Errorf("somebody who was made: %v", err)
			}
		}
	}
}

// TestAMembershipIsRememberedAsItIs has somebody enter, get other limits and leave, through one of two
// handles or the other, and looks through both before and after.
func TestAMembershipIsRememberedAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	a, b := openAt(t, path, Options{}), openAt(t, path, Options{})
	in := func(limits profile.Limits) func(profile.Writer) error {
		return func(w profile.Writer) error {
			return w.PutMembership(profile.Membership{Group: "family", Member: "amy", Limits: limits})
		}
	}
	look := func(want int, only string) {
		t.Helper()
		for range 2 {
			for _, db := range []*DB{a, b} {
				got, err := db.Memberships(t.Context(), "family", "amy")
				must(t, err)
				if len(got) != want || want > 0 && (len(got[0].Limits.Only) != 1 || string(got[0].Limits.Only[0]) != only) {
					t.Fatalf("%+v", got)
				}
				if want > 0 {
					got[0].Limits.Only[0] = "spoilt" // what was given out is the caller's
				}
				if other, err := db.Memberships(t.Context(), "familya", "my"); err != nil || len(other) > 0 {
					t.Fatalf("of another group: %v, %v", other, err)
				}
			}
		}
	}
	commitVersion(t, a, "row", 1, "")
	commitVersion(t, b, "row", 2, "")
	for _, by := range []*DB{a, a, b, a, b, b} {
		look(0, "")
		must(t, by.UpdateProfiles(t.Context(), in(profile.Limits{Only: []instrument.ClassID{"x"}})))
		look(1, "x")
		must(t, by.UpdateProfiles(t.Context(), in(profile.Limits{Only: []instrument.ClassID{"y"}})))
		look(1, "y")
		must(t, by.UpdateProfiles(t.Context(), func(w profile.Writer) error { return w.RemoveMembership("family", "amy") }))
	}
	look(0, "")
	if _, known := b.memory.result(search{selectMember + ` WHERE team = ? AND member = ?`, "family\x00amy"}); !known {
		t.Error("a membership is read each time")
	}
}
