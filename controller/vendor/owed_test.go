package vendor_test

import (
	"context"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// beside is a second process of the terminal, with a door of its own.
func (c *cast) beside(t *testing.T) (*vendor.Terminal, comm.Peer) {
	t.Helper()
	other := vendor.New(c.Controller, c.bank.Till(c.bank.Terminal), vendor.Config{Merchant: "Corner shop"})
	door, err := other.Listen(t.Context(), c.comm, comm.Address{Scheme: inproc.Scheme, Path: "other"})
	check(t, err)
	t.Cleanup(func() { _ = door.Close() })
	return other, comm.Peer{Name: "shop", Role: comm.Vendor, Key: c.key, Addresses: []string{door.Address().String()}}
}

// What one process of a terminal was paid is in the account for whoever asks another one, from
// before the first has booked it.
func TestWhatAnotherProcessWasPaidIsInTheAccount(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	other, door := c.beside(t)
	check(t, other.Settle(t.Context(), &vendor.Settling{}))
	for _, row := range []struct{ label, want string }{{"first", "CHF:20"}, {"second", "CHF:40"}} {
		check(t, v.payIn(v.number, row.label, "CHF:20"))
		if got := v.at(t, door).balance(); got != row.want {
			t.Errorf("the other process says %s, wanted %s", got, row.want)
		}
	}
}

// at is the same account in a session at another door.
func (v *visit) at(t *testing.T, door comm.Peer) *visit {
	t.Helper()
	there := *v
	var err error
	there.session, err = v.InitiateSession(t.Context(), door, controller.Login{})
	check(t, err)
	t.Cleanup(func() { _ = there.session.Close(context.WithoutCancel(t.Context())) })
	return &there
}

// An account is used in a new life before that has looked for what the life before was paid.
func TestTheFirstUseInALifeFindsWhatWasPaidBefore(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	check(t, v.payIn(v.number, "first", "CHF:20"))
	_, door := c.beside(t)
	there := v.at(t, door)
	check(t, there.pay("CHF:12"))
	if got := there.balance(); got != "CHF:8" || c.cards.Times() != 1 {
		t.Errorf("there is %s after %d charges", got, c.cards.Times())
	}
}

// alter changes a bit of what is sealed of an instrument.
func (c *cast) alter(t *testing.T, class instrument.ClassID, key, value string) {
	t.Helper()
	i, err := c.Instruments().Lookup(t.Context(), class, key, value)
	check(t, err)
	r, err := c.db.Row(t.Context(), i.ID)
	check(t, err)
	r.Sealed = slices.Clone(r.Sealed)
	r.Sealed[len(r.Sealed)-1] ^= 1
	check(t, c.db.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Update(r, r.Version, r.Lease) }))
}

// One record that was altered holds up nothing but itself, whatever it is of: in the life that sees
// it happen, and in the next.
func TestOneAlteredRecordHoldsUpNoOtherAccount(t *testing.T) {
	for name, row := range map[string]struct {
		class instrument.ClassID
		key   string
		value func(*visit) string
	}{
		"a payment into an account": {vendor.ClassCardPayment, "reference", func(v *visit) string { return "prepaid:" + v.number + ":first" }},
		"the account":               {vendor.ClassPrepaid, "account", func(v *visit) string { return v.number }},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCast(t)
			shop := c.open(t)
			v, other := c.visit(t, shop), c.visit(t, shop)
			check(t, checkBalance(v, "CHF:0"))
			check(t, v.payIn(v.number, "first", "CHF:20"))
			c.alter(t, row.class, row.key, row.value(v))
			check(t, other.payIn(other.number, "first", "CHF:5"))
			check(t, checkBalance(other, "CHF:5"))
			check(t, other.payIn(other.number, "second", "CHF:5"))
			next, door := c.beside(t)
			check(t, next.Settle(t.Context(), &vendor.Settling{}))
			check(t, checkBalance(other.at(t, door), "CHF:10"))
		})
	}
}

// Of a payment of unknown outcome that was altered nothing is found out, and of all others as before.
func TestAnAlteredPaymentOfUnknownOutcomeHoldsUpNoOther(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	v, other := c.visit(t, shop), c.visit(t, shop)
	c.cards.Decides(false)
	for _, v := range []*visit{v, other} {
		if err := v.payIn(v.number, "first", "CHF:7"); fault.KindOf(err) != fault.Unknown {
			t.Fatalf("got %v", err)
		}
	}
	c.alter(t, vendor.ClassCardPayment, "reference", "prepaid:"+v.number+":first")
	c.cards.Decides(true)
	check(t, c.Settle(t.Context(), &vendor.Settling{}))
	check(t, checkBalance(other, "CHF:7"))
}
