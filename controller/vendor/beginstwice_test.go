package vendor_test

import (
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
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
			Beside: beside, Runner: runner, At: at,
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
