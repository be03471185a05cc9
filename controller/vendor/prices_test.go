package vendor_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestPricesByClass(t *testing.T) {
	for _, row := range []struct {
		rule, amount, price, text string
		reason                    fault.Reason
	}{
		{"stamp=+2%", "CHF:20", "CHF:20.4", "CHF:0.4 (2 %) more than CHF:20", ""},
		{"stamp=+1.5%", "CHF:0.99", "CHF:1.01", "CHF:0.02 (1.5 %) more than CHF:0.99", ""}, // rounded up
		{"stamp=+1.5%", "JPY:1001", "JPY:1017", "JPY:16 (1.5 %) more than JPY:1001", ""},   // to what people can pay
		{"stamp=-5%", "CHF:20", "CHF:19", "CHF:1 (5 %) less than CHF:20", ""},
		{"stamp=+CHF:0.50", "CHF:20", "CHF:20.5", "CHF:0.5 more than CHF:20", ""},
		{"stamp=-CHF:0.50", "CHF:20", "CHF:19.5", "CHF:0.5 less than CHF:20", ""},
		{"coupon=-CHF:0.50", "CHF:20", "CHF:20", "", ""},
		{"stamp=+2%", "", "", "", ""}, // nothing is bought yet
		{"stamp=no", "CHF:20", "", "", "class-not-offered"},
		{"stamp=no", "", "", "", "class-not-offered"},
		{"stamp=+CHF:0.50", "EUR:20", "", "", "class-not-offered"},
		{"stamp=-CHF:20", "CHF:20", "", "", "class-not-offered"}, // nothing is paid for nothing
		{"stamp=-CHF:21", "CHF:20", "", "", "class-not-offered"},
		{"stamp=+2%", "CHF:4503599627370496", "", "", "class-not-offered"},
	} {
		t.Run(row.rule+" of "+row.amount, func(t *testing.T) {
			prices, err := vendor.ParsePrices([]string{row.rule})
			check(t, err)
			var asked, want instrument.Terms
			if row.amount != "" {
				asked.Price = amount(t, row.amount)
			}
			if row.price != "" {
				want = instrument.Terms{Price: amount(t, row.price), Text: row.text}
			}
			got, err := prices.Of("stamp", asked)
			if fault.ReasonOf(err) != row.reason || err == nil && got != want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestRulesThatCannotBeMeant(t *testing.T) {
	for _, rules := range [][]string{
		{""},
		{"stamp"},
		{"stamp="},
		{"=+2%"},
		{"stamp=2%"},
		{"stamp=+2"},
		{"stamp=+0%"},
		{"stamp=+101%"},
		{"stamp=+CHF:0"},
		{"stamp=--CHF:1"},
		{"stamp=yes"},
		{"stamp=+2%", "stamp=no"},
	} {
		if _, err := vendor.ParsePrices(rules); fault.ReasonOf(err) != "price-malformed" {
			t.Errorf("%q: %v", rules, err)
		}
	}
}

// The price of a class is in the offer that its payer sees and pays. A class that has
// one is no part of a payment, whose parts make up what all classes cost.
func TestAPurchaseCostsWhatItsClassDoes(t *testing.T) {
	net := inproc.NewNetwork()
	till := controllertest.New(t, net, controllertest.Options{
		Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{vendor.Payments(), stamps(comm.Vendor)},
	})
	prices, err := vendor.ParsePrices([]string{"stamp=+2%"})
	check(t, err)
	shop := till.Listen(t, vendor.New(till.Controller, nil, vendor.Config{Merchant: "Corner shop", Prices: prices}).Servicing())
	amy := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	amy.Create(t, instrument.Instance{Class: "stamp", Status: "ready", State: []byte("1")})

	var seen client.Bill
	op, err := amy.OperationID("purchase")
	check(t, err)
	paid, err := client.New(amy.Controller, amy.Me(t), nil).Pay(t.Context(), client.Payment{Peer: shop, Operation: op, Amount: amount(t, "CHF:20")},
		func(_ context.Context, b client.Bill) (bool, error) { seen = b; return true, nil })
	if err != nil || paid.Price != amount(t, "CHF:20.4") || seen.Terms != (instrument.Terms{Price: paid.Price, Text: "CHF:0.4 (2 %) more than CHF:20"}) {
		t.Errorf("%+v paid, %+v was shown, %v", paid, seen.Terms, err)
	}

	s, err := amy.InitiateSession(t.Context(), shop, controller.Login{})
	check(t, err)
	defer func() { check(t, s.Close(t.Context())) }()
	if offered, err := s.InstrumentClasses(t.Context(), partOf("p", "1", "CHF:20", "CHF:20")); fault.ReasonOf(err) != "no-common-class" {
		t.Errorf("as the only part of a payment: %+v, %v", offered, err)
	}
}
