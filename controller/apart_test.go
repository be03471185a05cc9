package controller_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller"
)

// TestNobodyTakesAKnownName: a vendor that is called at its address says its name itself, and is not
// taken for the one that the person knows by it.
func TestNobodyTakesAKnownName(t *testing.T) {
	from, to := reception(t, 0, &shop{})
	says := func() string {
		t.Helper()
		s, err := from.InitiateSession(t.Context(), to, controller.Login{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close(t.Context()) }()
		return s.Peer().Name
	}
	own := says()
	if own == "" {
		t.Fatal("it has no name")
	}
	knows := func(key string) {
		t.Helper()
		if err := from.Book().PutPeer(t.Context(), comm.Peer{Name: own, Role: comm.Vendor, Key: key, Addresses: to.Addresses}); err != nil {
			t.Fatal(err)
		}
	}
	knows(to.Key)
	if got := says(); got != own {
		t.Errorf("the one that is known is called %q", got)
	}
	knows(from.Identity.KeyText())
	if got := says(); got != "another "+own {
		t.Errorf("somebody else is called %q", got)
	}
}
