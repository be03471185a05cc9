package vendor_test

import (
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

// TestNoCardIsChargedForSomethingElse than what the customer has agreed to, whatever
// the bank says and whenever it begins to.
func TestNoCardIsChargedForSomethingElse(t *testing.T) {
	is := func(document map[string]any, state taler.State) bool { return document["status"] == string(state) }
	for _, row := range []struct {
		name   string
		change func(document map[string]any)
		reason string
		events []string
	}{
		{"another amount from the start", func(d map[string]any) { d["amount"] = "CHF:5" }, "CHF:5 and not CHF:20", []string{"setup", "aborted"}},
		{"another amount when a wallet has it", func(d map[string]any) {
			if is(d, taler.StateSelected) {
				d["amount"] = "CHF:5"
			}
		}, "CHF:5 and not CHF:20", []string{"setup", "aborted"}},
		{"other fees when a wallet has it", func(d map[string]any) {
			if is(d, taler.StateSelected) {
				d["card_fees"] = "CHF:2"
			}
		}, "CHF:2 and not CHF:0.5", []string{"setup", "aborted"}},
		{"paid when a wallet has it", func(d map[string]any) {
			if is(d, taler.StateSelected) {
				d["status"] = string(taler.StateConfirmed)
			}
		}, "paid already", []string{"setup", "aborted"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCastAt(t, func(h *banktest.House) string {
				return retold(t, h.URL, func(_ *http.Request, document map[string]any) {
					if document["wire_types"] != nil {
						row.change(document)
					}
				})
			})
			person := customer{on: c.selects(t, newPurse(t, 1))}
			_, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
			if fault.KindOf(err) != fault.Declined || !strings.Contains(fault.From(err).Message, row.reason) || !slices.Equal(person.events, row.events) {
				t.Errorf("error %v, events %v", err, person.events)
			}
			if c.cards.times() != 0 {
				t.Errorf("the card was charged %d times", c.cards.times())
			}
		})
	}
}

// TestAStalePendingIsNoConfirmation: a bank may answer from a copy that lags behind.
func TestAStalePendingIsNoConfirmation(t *testing.T) {
	var asked atomic.Int32
	c := newCastAt(t, func(h *banktest.House) string {
		return retold(t, h.URL, func(r *http.Request, document map[string]any) {
			if r.URL.Query().Get("old_state") == string(taler.StateSelected) && asked.Add(1) == 1 {
				document["status"] = string(taler.StatePending)
			}
		})
	})
	person := customer{on: c.selects(t, newPurse(t, 1))}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
	if err != nil || w.Status != taler.TerminalConfirmed || asked.Load() < 2 {
		t.Errorf("it is %s after %d answers: %v", w.Status, asked.Load(), err)
	}
}

// TestWhoHasChargedIsToldToGoOn, not that nothing was changed.
func TestWhoHasChargedIsToldToGoOn(t *testing.T) {
	var refused atomic.Int32
	c := newCastAt(t, func(h *banktest.House) string {
		return refusing(t, h.URL, http.StatusConflict, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/check") && refused.Add(1) == 1 })
	})
	person := customer{on: c.selects(t, newPurse(t, 1))}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
	if hint := fault.From(err).Hint; fault.KindOf(err) != fault.Conflict || !strings.Contains(hint, "the card was charged") || !strings.Contains(hint, "`terminal resume "+w.Short()+"`") {
		t.Errorf("%v, advised: %s", err, hint)
	}
	w, err = c.Resume(t.Context(), w.WOPID, "", &person)
	if err != nil || w.Status != taler.TerminalConfirmed || c.cards.times() != 1 {
		t.Errorf("it is %s, charged %d times: %v", w.Status, c.cards.times(), err)
	}
}

// refusing is a bank that answers some requests with a status and no word that is
// known here.
func refusing(t *testing.T, bank string, status int, some func(*http.Request) bool) string {
	t.Helper()
	return served(t, bank, nil, func(w http.ResponseWriter, r *http.Request) bool {
		if !some(r) {
			return false
		}
		w.WriteHeader(status)
		_, err := w.Write([]byte(`{"code":9999}`))
		return err == nil
	})
}
