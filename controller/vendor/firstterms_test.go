package vendor_test

import (
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// outrun is a class with which somebody else is faster: before is run when the first instance is
// created, and not there yet.
type outrun struct {
	instrument.Class
	before func()
}

func (o outrun) Info() instrument.Info {
	info := o.Class.Info()
	info.Checks = true
	return info
}

func (o outrun) Check(before, after *instrument.Instance) error {
	if before == nil {
		o.before()
	}
	if !o.Class.Info().Checks {
		return nil
	}
	return o.Class.Check(before, after)
}

// Two customers are the first of a terminal, at once: each is shown the exchange's terms of service.
func TestTheFirstCustomersSeeTheTerms(t *testing.T) {
	var c *cast
	comes := func(uid string) {
		person := customer{refuses: true}
		_, _ = c.Withdraw(t.Context(), vendor.Order{RequestUID: uid, Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
		if person.quote.Terms.Version != "terms-1" {
			t.Errorf("customer %s is shown %+v", uid, person.quote.Terms)
		}
	}
	var outran atomic.Bool
	second := func() {
		if !outran.Swap(true) {
			comes("two")
		}
	}
	c = newCastAt(t, func(h *banktest.House) string { return h.URL }, func(all []protocol.Bundle) {
		for _, b := range all {
			for n, class := range b.Classes {
				if class.Info().ID == vendor.ClassExchange {
					b.Classes[n] = outrun{class, second}
				}
			}
		}
	})
	comes("one")
}
