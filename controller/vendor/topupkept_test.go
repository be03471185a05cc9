package vendor_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// What was paid into an account is not given back to the card, neither by the payer nor by the vendor,
// and neither is sent to the other for it.
func TestWhatIsInAnAccountStaysThere(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	check(t, v.payIn(v.number, "first", "CHF:20"))
	all, err := c.Protocols().Records(t.Context(), protocol.Filter{Side: protocol.Servicer, Limit: 1})
	check(t, err)
	op, err := c.Protocols().Named(t.Context(), string(all[0].ID))
	check(t, err)
	id := string(op)
	_, byVendor := c.Refund(t.Context(), id)
	byPayer := v.do(vendor.ClassCard, instrument.Invoice{"refund": id}, protocol.Refund, map[string]string{"payment": id}, v.card)
	for who, err := range map[string]error{"the vendor": byVendor, "the payer": byPayer} {
		if f := fault.From(err); err == nil || f.Reason != "refund-not-granted" || f.Hint != "pay from the account: a payment that was made from it can be given back to it" {
			t.Errorf("%s is told %v", who, err)
		}
	}
	check(t, checkBalance(v, "CHF:20"))
}
