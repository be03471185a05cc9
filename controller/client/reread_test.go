package client_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// What goes on with the payments of an earlier life reads all of them, and comes to one after the
// other. Meanwhile a person has another instrument pay a part of one: by what was read before, it
// would be paid with the first instrument as well.
func TestAPartIsNotPaidByWhatWasReadBefore(t *testing.T) {
	m := openMarket(t)
	var armed atomic.Bool
	reached, free := make(chan struct{}), make(chan struct{})
	m.stops = func(p protocol.Point) {
		if p == protocol.PointBeforeRecord && armed.CompareAndSwap(true, false) {
			close(reached)
			<-free
		}
	}
	m.unknown.Store("green") // an older payment, at which the other one is held up
	_, err := m.PayTogether(t.Context(), client.Together{
		Peer: m.peer, Operation: m.operation(t, "older"), Amount: amount(t, "CHF:1"), Shares: []client.Share{{Instrument: m.voucher("green", 9)}},
	}, &chooser{})
	if fault.ReasonOf(err) != protocol.ReasonPending {
		t.Fatal(err)
	}
	m.unknown.Store("blue")
	if who := (&meddler{chooser: &chooser{}, first: func(client.Whole) { panic(died{}) }}); !m.dying(func() { _, _ = m.PayTogether(t.Context(), m.purchase("k"), who) }) {
		t.Fatal("it lives")
	}
	m.dearer.Store(true) // so that the first instrument is refused now
	rest := make(chan error, 1)
	got, err := m.PayTogether(t.Context(), m.purchase("k"), &meddler{chooser: &chooser{others: []instrument.ID{m.green}}, before: func() {
		armed.Store(true)
		go func() { rest <- m.ResumePayments(context.WithoutCancel(t.Context())) }()
		<-reached
		m.dearer.Store(false)
	}})
	if fault.ReasonOf(err) != protocol.ReasonPending || got.Parts[0].State != client.PartPaid || got.Parts[0].Instrument != m.green {
		t.Fatalf("%+v: %v", got.Parts, err)
	}
	m.unknown.Store("")
	close(free)
	check(t, <-rest)
	got, err = m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
	if has := m.has(); got.Status != client.PaymentPaid || err != nil || has != "ready used used; 3 taken" {
		t.Errorf("it is %s, %s: %v", got.Status, has, err)
	}
}

// Of two processes that go on with a payment at the same moment, one does. The one that has read it
// and is a moment later says that somebody else is at it.
func TestTwoProcessesGoOnWithAPayment(t *testing.T) {
	m := openMarket(t)
	m.unknown.Store("blue")
	got, err := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
	if fault.ReasonOf(err) != protocol.ReasonPending {
		t.Fatal(err)
	}
	m.unknown.Store("")
	other := m.beside(&atomic.Bool{})
	var meanwhile error
	var once atomic.Bool
	m.stops = func(p protocol.Point) {
		if p == protocol.PointBeforeRecord && once.CompareAndSwap(false, true) {
			_, meanwhile = other.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
		}
	}
	_, err = m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
	if meanwhile != nil || fault.ReasonOf(err) != "payment-taken" || m.has() != "used used ready; 2 taken" {
		t.Errorf("%s; the first: %v; the second: %v", m.has(), meanwhile, err)
	}
}
