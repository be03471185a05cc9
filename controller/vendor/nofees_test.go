package vendor_test

import (
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// A bank that takes no fees may say so of each withdrawal, or leave it out: it sells either way.
func TestABankMaySayThatItTakesNoFees(t *testing.T) {
	for name, says := range map[string]any{"nothing": nil, "none": "CHF:0"} {
		t.Run("it says "+name, func(t *testing.T) {
			c := newCastFor(t, instrument.Amount{}, func(h *banktest.House) string {
				return retold(t, h.URL, func(_ *http.Request, document map[string]any) {
					if document["wire_types"] == nil {
						return
					}
					delete(document, "card_fees")
					if says != nil {
						document["card_fees"] = says
					}
				})
			})
			person := customer{on: c.selects(t, newPurse(t, 1))}
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
			if err != nil || w.Status != taler.TerminalConfirmed || w.Fees.String() != "CHF:0" {
				t.Errorf("it is %s for %s and %s, with %v", w.Status, w.Total, w.Fees, err)
			}
		})
	}
}
