package vendor_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// TestWhatTheBankCannotAbortEndsHere, where nothing was charged: it has no such
// withdrawal, or has it as paid, or knows no abort. While it only may be paid it goes on.
func TestWhatTheBankCannotAbortEndsHere(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		code   string
		state  taler.State
		late   bool // a card was charged, and the answer is missing
		ends   bool
	}{
		{"unknown", http.StatusNotFound, `{"code":5107}`, taler.StateSelected, false, true},
		{"paid", http.StatusConflict, `{"code":5116}`, taler.StateConfirmed, false, true},
		{"being paid", http.StatusConflict, `{"code":5116}`, taler.StateSelected, false, false},
		{"away", http.StatusForbidden, `{"code":9999}`, taler.StateSelected, false, false},
		{"there is no abort", http.StatusNotFound, `{"code":21}`, taler.StateSelected, false, true},
		{"there is no such method", http.StatusMethodNotAllowed, ``, taler.StateSelected, false, true},
		{"there is no abort, and perhaps charged", http.StatusNotFound, `{"code":21}`, taler.StateSelected, true, false},
		{"there is nothing any more", http.StatusNotFound, `{"code":21}`, "", false, false},
		{"unknown, and perhaps charged", http.StatusNotFound, `{"code":5107}`, taler.StateSelected, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var aborts atomic.Bool
			c := newCastAt(t, func(h *banktest.House) string {
				return served(t, h.URL, func(_ *http.Request, document map[string]any) {
					if aborts.Load() && document["wire_types"] != nil {
						document["status"] = string(row.state)
					}
				}, func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method != http.MethodDelete && !strings.HasSuffix(r.URL.Path, "/abort") && (row.state != "" || !aborts.Load()) {
						return false
					}
					aborts.Store(true)
					w.WriteHeader(row.status)
					_, err := w.Write([]byte(row.code))
					return err == nil
				})
			})
			c.cards.Be(func(m *banktest.Mood) { m.Late, m.Queued = row.late, row.late })
			selects := c.selects(t, newPurse(t, 1))
			ctx, cut := context.WithCancel(t.Context())
			defer cut()
			at := map[bool]string{false: vendor.EventSelected, true: vendor.EventUnknown}[row.late]
			person := customer{on: func(e vendor.Event) {
				if selects(e); e.Event == at {
					cut()
				}
			}}
			w, err := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
			if w.Status != taler.TerminalSelected && w.Status != taler.TerminalPending {
				t.Fatalf("it is %s: %v", w.Status, err)
			}
			err = c.Abort(t.Context(), &w, "nobody is there")
			if now, found := c.Find(t.Context(), w.WOPID); found != nil || (err == nil) != row.ends || (now.Status == taler.TerminalAborted) != row.ends {
				t.Errorf("it is %s: %v", now.Status, err)
			}
		})
	}
}

// TestAWithdrawalThatIsPaidElsewhereEnds: nothing was charged for it here, and nobody
// is asked for ever to give it up.
func TestAWithdrawalThatIsPaidElsewhereEnds(t *testing.T) {
	c := newCastAt(t, func(h *banktest.House) string {
		return served(t, h.URL, func(_ *http.Request, document map[string]any) {
			if document["status"] == string(taler.StateSelected) {
				document["status"] = string(taler.StateConfirmed)
			}
		}, func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodDelete {
				return false
			}
			w.WriteHeader(http.StatusConflict)
			_, err := w.Write([]byte(`{"code":5116}`))
			return err == nil
		})
	})
	person := customer{on: c.selects(t, newPurse(t, 1))}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
	if fault.KindOf(err) != fault.Declined || w.Status != taler.TerminalAborted || c.cards.Times() != 0 {
		t.Errorf("it is %s, charged %d times: %v", w.Status, c.cards.Times(), err)
	}
}
