package wallet

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/profile"
)

// TestWhoIsRemovedIsSaidToBe: that their payments cannot be counted afterwards is a
// word on the side, and no failure of the removal.
func TestWhoIsRemovedIsSaidToBe(t *testing.T) {
	db, err := store.OpenMemory(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil { // it answers no more
		t.Fatal(err)
	}
	var said strings.Builder
	w := &wallet{house: &house.House{Store: db}, env: &cli.Env{Err: &said}}
	w.tellUnfinished(t.Context(), profile.Principal{ID: "p", Name: "amy"})
	if !strings.HasPrefix(said.String(), `"amy" is removed, but whether`) {
		t.Errorf("it says %q", said.String())
	}
	for n, want := range map[int]string{0: "", 1: `"amy" leaves 1 payment not finished`, 2: `"amy" leaves 2 payments`} {
		if got := leaves("amy", n, nil); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("of %d it says %q", n, got)
		}
	}
	if got := leaves("amy", 0, fault.New(fault.Unavailable, "the disk is gone")); !strings.Contains(got, "the disk is gone") {
		t.Errorf("it says %q", got)
	}
}
