package vendor_test

import (
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// overtaken is a shop of two processes. What is given to meanwhile happens at the second one
// when the first is about to write the record of a payment, and has not found one.
func overtaken(t *testing.T) (first, second *stall, meanwhile func(func())) {
	t.Helper()
	var mu sync.Mutex
	var next func()
	at := func(p protocol.Point) {
		if p != protocol.PointBeforeRecord {
			return
		}
		mu.Lock()
		f := next
		next = nil
		mu.Unlock()
		if f != nil {
			f()
		}
	}
	net := inproc.NewNetwork()
	amy := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	serve := func(beside *controllertest.Party, runner string, at func(protocol.Point)) *stall {
		till := controllertest.New(t, net, controllertest.Options{
			Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{vendor.Payments(), stamps(comm.Vendor)},
			Beside: beside, Runner: runner, Gone: func(string) bool { return false }, At: at,
		})
		s := &stall{t: t, till: till, amy: amy, operation: map[string]instrument.OperationID{}, Terminal: vendor.New(till.Controller, nil, vendor.Config{Merchant: "Corner shop"})}
		s.peer = till.Listen(t, s.Servicing())
		return s
	}
	first = serve(nil, "first", at)
	second = serve(first.till, "second", nil)
	second.next = 1000
	return first, second, func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		next = f
	}
}

// Two parts begin one payment at the same time, at two doors: both are parts of it.
func TestTwoPartsBeginOnePayment(t *testing.T) {
	first, second, meanwhile := overtaken(t)
	meanwhile(func() { check(t, second.pay(second.amy, "lunch", "2", "CHF:2")) })
	if err := first.pay(first.amy, "lunch", "1", "CHF:1"); err != nil {
		t.Fatalf("the one that was a moment later: %v", err)
	}
	p, err := first.Payment(t.Context(), first.amy.Identity.KeyText(), "lunch")
	if err != nil || p.Status != vendor.PaymentPaid || len(p.Parts) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
}

// Two people of the shop give the same purchase back at the same time: both hear that it is
// granted, and the payer has it once.
func TestTwoGrantsOfOnePurchase(t *testing.T) {
	first, second, meanwhile := overtaken(t)
	check(t, first.pay(first.amy, "", "a", "CHF:1"))
	op := string(first.operation["a"])
	meanwhile(func() {
		_, err := second.Refund(t.Context(), op)
		check(t, err)
	})
	if _, err := first.Refund(t.Context(), op); err != nil {
		t.Fatalf("the one that was a moment later: %v", err)
	}
	check(t, first.refund(first.amy, "a"))
	all, err := first.AllPayments(t.Context())
	if err != nil || len(all) != 1 || all[0].Refunded != amount(t, "CHF:1") {
		t.Errorf("%+v, %v", all, err)
	}
}

// An operation that failed is asked for again in the moment in which its part is let go: the part is
// its own again, and no other operation pays it beside.
func TestAPartThatIsLetGoMeanwhileIsClaimedAgain(t *testing.T) {
	first, second, meanwhile := overtaken(t)
	payer, lunch := first.amy.Identity.KeyText(), partOf("lunch", "1", "CHF:3", "CHF:1")
	op, err := first.amy.OperationID("a")
	check(t, err)
	other, err := first.amy.OperationID("b")
	check(t, err)
	check(t, first.Claim(t.Context(), payer, lunch, op))
	meanwhile(func() { first.LetGo(t.Context(), payer, "lunch", op) })
	check(t, first.Claim(t.Context(), payer, lunch, op))
	for name, door := range map[string]*stall{"the same process": first, "another process": second} {
		if err := door.Claim(t.Context(), payer, lunch, other); fault.ReasonOf(err) != "part-paying" {
			t.Errorf("%s takes it as well: %v", name, err)
		}
	}
}
