package bank_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestMadeUpNoticesKeepNobodyWaiting: while the provider is slow to say once more that it does not
// know a payment, it is asked about others.
func TestMadeUpNoticesKeepNobodyWaiting(t *testing.T) {
	asking := hasty
	asking.AtOnce = 1
	h := open(t, banktest.Options{Asking: asking})
	var hanging, meanwhile atomic.Int64
	h.Provider.Meddle = func(w http.ResponseWriter, r *http.Request, honest http.HandlerFunc) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/nobody"):
			hanging.Add(1)
			defer hanging.Add(-1)
		case strings.HasSuffix(r.URL.Path, "/tx"):
			meanwhile.Store(hanging.Load())
		}
		honest(w, r)
	}
	madeUp := selected(t, h, "made up", key(1))
	check(t, notice(h, t, madeUp, "nobody"))
	unfound(t, h, madeUp, "nobody")
	release := h.Provider.Hold("nobody")
	t.Cleanup(release)
	if err := h.Provider.WaitAsked(withTimeout(t), "nobody", h.Provider.Asked("nobody")+1); err != nil {
		t.Fatal(err)
	}
	id := selected(t, h, "u", key(2))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "tx")
	if w := decision(t, h, id); w.State != taler.StateConfirmed || meanwhile.Load() != 1 {
		t.Errorf("it became %s, when %d other questions had no answer yet", w.State, meanwhile.Load())
	}
}
