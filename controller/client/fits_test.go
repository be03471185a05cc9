package client

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

func TestAnOfferIsForWhatThePersonAgreedTo(t *testing.T) {
	reserve := taler.Reserve{WOPID: taler.WOPID{1}.ID(), ReservePub: taler.EddsaPublicKey{2}, Amount: instrument.Amount{Currency: "CHF", Value: 20}}
	status := taler.BankWithdrawalOperationStatus{CardFees: instrument.Amount{Currency: "CHF", Value: 1}}
	offer := func(change func(*instrument.OfferBody)) instrument.OfferBody {
		o := instrument.OfferBody{
			Terms:   instrument.Terms{Price: instrument.Amount{Currency: "CHF", Value: 21}},
			Invoice: instrument.Invoice{"reference": reserve.WOPID.Text(), "reserve": taler.KeyGroups(reserve.ReservePub)},
		}
		change(&o)
		return o
	}
	for _, row := range []struct {
		name   string
		change func(*instrument.OfferBody)
		reason fault.Reason
	}{
		{"amount and fees", func(*instrument.OfferBody) {}, ""},
		{"less", func(o *instrument.OfferBody) { o.Terms.Price.Value = 20 }, ""},
		{"more", func(o *instrument.OfferBody) { o.Terms.Price.Fraction = 1 }, "price-differs"},
		{"another currency", func(o *instrument.OfferBody) { o.Terms.Price.Currency = "EUR" }, "price-differs"},
		{"another withdrawal", func(o *instrument.OfferBody) { o.Invoice["reference"] = taler.WOPID{9}.Text() }, "offer-differs"},
		{"another wallet's", func(o *instrument.OfferBody) { o.Invoice["reserve"] = taler.KeyGroups(taler.EddsaPublicKey{9}) }, "wallet-differs"},
		{"no reserve in it", func(o *instrument.OfferBody) { delete(o.Invoice, "reserve") }, "wallet-differs"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := fault.ReasonOf(fits(offer(row.change), status, reserve)); got != row.reason {
				t.Errorf("reason %q", got)
			}
		})
	}
	none := func(*instrument.OfferBody) {}
	if status.Amount = reserve.Amount; fits(offer(none), status, reserve) != nil {
		t.Error("refused for the amount that was to come")
	}
	status.Amount.Value--
	if err := fits(offer(none), status, reserve); fault.ReasonOf(err) != "amount-differs" {
		t.Errorf("the bank would give less: %v", err)
	}
}
