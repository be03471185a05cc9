package vendor_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// status reports whether a request asks where a withdrawal stands.
func status(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/withdrawals/")
}

// TestABankThatFailsAfterSetupIsAskedAgain: the withdrawal is there, and only what it
// costs is not known yet.
func TestABankThatFailsAfterSetupIsAskedAgain(t *testing.T) {
	for name, code := range map[string]int{"it is busy": http.StatusServiceUnavailable, "its database is": http.StatusInternalServerError, "a proxy is alone": http.StatusBadGateway} {
		t.Run(name, func(t *testing.T) {
			var failed atomic.Int32
			c := newCastAt(t, func(h *banktest.House) string {
				return refusing(t, h.URL, code, func(r *http.Request) bool { return status(r) && failed.Add(1) <= 2 })
			})
			person := customer{on: c.selects(t, newPurse(t, 1))}
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
			if err != nil || w.Status != taler.TerminalConfirmed || failed.Load() < 3 || person.quote.Total.String() != "CHF:20.5" {
				t.Errorf("it is %s after %d requests, for %s: %v", w.Status, failed.Load(), person.quote.Total, err)
			}
		})
	}
}

// TestABankThatBreaksIsToldAgain: what became of a set-up or a notice that met a busy
// database nobody knows, and the card is charged before the notice. It was the end of both.
func TestABankThatBreaksIsToldAgain(t *testing.T) {
	for name, path := range map[string]string{"set-up": "/withdrawals", "notice": "/check"} {
		t.Run(name, func(t *testing.T) {
			var failed atomic.Int32
			c := newCastAt(t, func(h *banktest.House) string {
				return refusing(t, h.URL, http.StatusInternalServerError, func(r *http.Request) bool {
					return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, path) && failed.Add(1) <= 2
				})
			})
			person := customer{on: c.selects(t, newPurse(t, 1))}
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
			if err != nil || w.Status != taler.TerminalConfirmed || failed.Load() != 3 {
				t.Errorf("it is %s after %d requests: %v", w.Status, failed.Load(), err)
			}
		})
	}
}

// TestNothingIsAcceptedThatHasNoPrice: who goes on with a withdrawal of which the bank
// has not said yet what it costs is asked when it has.
func TestNothingIsAcceptedThatHasNoPrice(t *testing.T) {
	var refused atomic.Bool
	c := newCastAt(t, func(h *banktest.House) string {
		return refusing(t, h.URL, http.StatusConflict, func(r *http.Request) bool { return status(r) && !refused.Swap(true) })
	})
	want := vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}
	w, err := c.Withdraw(t.Context(), want, &customer{})
	if fault.KindOf(err) != fault.Conflict || w.Status != taler.TerminalPending || w.URI != "" {
		t.Fatalf("it is %s at %q: %v", w.Status, w.URI, err)
	}
	person := customer{on: c.selects(t, newPurse(t, 1))}
	w, err = c.Resume(t.Context(), w.WOPID, "approved", &person)
	if err != nil || person.quote.Total.String() != "CHF:20.5" || w.Total.String() != "CHF:20.5" || w.Status != taler.TerminalConfirmed {
		t.Errorf("it is %s, the customer saw %s of %s: %v", w.Status, person.quote.Total, w.Total, err)
	}
}

// TestWhatIsAcceptedStays: the same request again is the same withdrawal, at what the
// customer has accepted.
func TestWhatIsAcceptedStays(t *testing.T) {
	var dearer atomic.Bool
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	c := newCastAt(t, func(h *banktest.House) string {
		return served(t, h.URL, func(_ *http.Request, document map[string]any) {
			if document["wire_types"] != nil && dearer.Load() {
				document["card_fees"] = "CHF:5"
			}
		}, func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Query().Get("old_state") != "" { // it waits for a wallet
				cut()
			}
			return false
		})
	})
	want := vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}
	w, err := c.Withdraw(ctx, want, &customer{})
	if fault.KindOf(err) != fault.Unknown || w.Terms.AcceptedAt == 0 {
		t.Fatalf("accepted at %d: %v", w.Terms.AcceptedAt, err)
	}
	dearer.Store(true)
	again := customer{on: c.selects(t, newPurse(t, 1))}
	w, err = c.Withdraw(t.Context(), want, &again)
	if fault.KindOf(err) != fault.Declined || c.cards.Times() != 0 || w.Total.String() != "CHF:20.5" || !slices.Equal(again.events, []string{"setup", "aborted"}) {
		t.Errorf("charged %d times, of %s, events %v: %v", c.cards.Times(), w.Total, again.events, err)
	}
}
