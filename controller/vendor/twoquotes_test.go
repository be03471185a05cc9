package vendor_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// absent is a screen with nobody in front of it.
type absent struct{ customer }

func (*absent) Accept(context.Context, vendor.Quote) (bool, error) {
	return false, fault.New(fault.Unknown, "nobody is here")
}

// dearer is a bank that takes other fees as long as it is told so. before sees each
// request first.
func dearer(t *testing.T, told *atomic.Bool, before func(*http.Request)) *cast {
	t.Helper()
	return newCastAt(t, func(h *banktest.House) string {
		return served(t, h.URL, func(_ *http.Request, document map[string]any) {
			if document["wire_types"] != nil && told.Load() {
				document["card_fees"] = "CHF:5"
			}
		}, func(_ http.ResponseWriter, r *http.Request) bool {
			before(r)
			return false
		})
	})
}

// TestWhatWasShownIsAccepted, also if another process has asked the bank meanwhile what
// it costs and put that on record.
func TestWhatWasShownIsAccepted(t *testing.T) {
	var told atomic.Bool
	c := dearer(t, &told, func(*http.Request) {})
	want := vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}
	selects := c.selects(t, newPurse(t, 1))
	person := customer{on: func(e vendor.Event) {
		if e.Event == vendor.EventSetup {
			told.Store(true)
			w, err := c.Withdraw(t.Context(), want, &absent{})
			if told.Store(false); fault.KindOf(err) != fault.Unknown || w.Total.String() != "CHF:25" {
				t.Errorf("the other process has %s: %v", w.Total, err)
			}
		}
		selects(e)
	}}
	w, err := c.Withdraw(t.Context(), want, &person)
	if err != nil || w.Total.String() != "CHF:20.5" || person.quote.Total != w.Total || c.cards.Times() != 1 {
		t.Errorf("it is %s, of %s, the customer saw %s: %v", w.Status, w.Total, person.quote.Total, err)
	}
}

// TestWhatWasAcceptedMeanwhileStays: who has asked the bank what it costs before another
// process was told that the customer accepts changes nothing of it.
func TestWhatWasAcceptedMeanwhileStays(t *testing.T) {
	var told, armed atomic.Bool
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	want := vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}
	var c *cast
	c = dearer(t, &told, func(r *http.Request) {
		if r.URL.Query().Get("old_state") != "" { // the other one waits for a wallet
			cut()
		}
		if status(r) && armed.CompareAndSwap(true, false) {
			if w, err := c.Withdraw(ctx, want, &customer{}); w.Terms.AcceptedAt == 0 {
				t.Errorf("it was not accepted: %v", err)
			}
			told.Store(true)
		}
	})
	if _, err := c.Withdraw(t.Context(), want, &absent{}); fault.KindOf(err) != fault.Unknown {
		t.Fatal(err)
	}
	armed.Store(true)
	w, err := c.Withdraw(t.Context(), want, &customer{on: c.selects(t, newPurse(t, 1))})
	if fault.KindOf(err) != fault.Declined || w.Total.String() != "CHF:20.5" || w.Status != taler.TerminalAborted || c.cards.Times() != 0 {
		t.Errorf("it is %s, of %s, charged %d times: %v", w.Status, w.Total, c.cards.Times(), err)
	}
}
