package wallet

import (
	"testing"

	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// What comes back of a payment is what was paid of it, and no part that was refused.
func TestWhatHasMovedIsSaid(t *testing.T) {
	part := func(amount, class, state string) client.WholePart {
		a, err := instrument.ParseAmount(amount)
		if err != nil {
			t.Fatal(err)
		}
		return client.WholePart{Amount: a, Class: instrument.ClassID(class), State: state}
	}
	total, err := instrument.ParseAmount("CHF:12")
	if err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]client.Whole{
		"Paid CHF:12: CHF:5 with coupon and CHF:7 with card": {Status: client.PaymentPaid, Parts: []client.WholePart{
			part("CHF:5", "coupon", client.PartPaid), part("CHF:7", "card", client.PartPaid),
		}},
		"Refunded CHF:5 of CHF:12: CHF:5 with coupon": {Status: client.PaymentRefunded, Parts: []client.WholePart{
			part("CHF:5", "coupon", client.PartRefunded), part("CHF:7", "card", client.PartFailed),
		}},
		"Aborted CHF:12: nothing was paid": {Status: client.PaymentAborted, Parts: []client.WholePart{
			part("CHF:5", "coupon", client.PartFailed), part("CHF:7", "card", client.PartWaiting),
		}},
	} {
		if p.Total = total; moved(p) != want {
			t.Errorf("got %q, want %q", moved(p), want)
		}
	}
}
