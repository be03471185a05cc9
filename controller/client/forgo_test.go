package client_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// withheld is a payment that is to come back and does not, for the shop keeps it.
func (m *market) withheld() string {
	m.t.Helper()
	m.refuses.Store("blue")
	m.keeps.Store(true)
	got, err := m.PayTogether(m.t.Context(), m.purchase("k"), &chooser{})
	if got.Status != client.PaymentRefunding {
		m.t.Fatalf("it is %s: %v", got.Status, err)
	}
	return string(got.Operation)
}

// forgone expects how a payment has ended that was given up, and that it stays so.
func (m *market) forgone(name, status, has string) {
	m.t.Helper()
	got, err := m.ForgoPayment(m.t.Context(), name)
	if err != nil || got.Status != status || m.has() != has {
		m.t.Errorf("it is %s, %s: %v", got.Status, m.has(), err)
	}
	if _, err := m.ForgoPayment(m.t.Context(), name); fault.ReasonOf(err) != "payment-not-refunding" {
		m.t.Errorf("a second time: %v", err)
	}
	m.keeps.Store(false)
	reason := map[string]fault.Reason{client.PaymentForgone: "payment-forgone", client.PaymentRefunded: "payment-given-back"}[status]
	if again, err := m.ResumePayment(m.t.Context(), name, client.Nobody{}); again.Status != status || fault.ReasonOf(err) != reason || m.has() != has {
		m.t.Errorf("resumed it is %s, %s: %v", again.Status, m.has(), err)
	}
	if _, err := m.AbandonPayment(m.t.Context(), name); fault.ReasonOf(err) != "operation-ended" {
		m.t.Errorf("abandoned: %v", err)
	}
}

// What does not come back ends by the payer's word, and by nothing else.
func TestWhatDoesNotComeBackIsGivenUp(t *testing.T) {
	m := openMarket(t)
	name := m.withheld()
	if _, err := m.AbandonPayment(t.Context(), name); fault.ReasonOf(err) != "value-outside" {
		t.Errorf("abandoned without that word: %v", err)
	}
	m.forgone(name, client.PaymentForgone, "used ready ready; 1 taken")
}

// A payment that the wallet has on record, and of which nothing had begun when it died, is
// abandoned: nobody has to pay first to have it end.
func TestAPaymentThatNeverBeganIsAbandoned(t *testing.T) {
	m := openMarket(t)
	m.dies.Store(2) // when the record is there
	if !m.dying(func() { _, _ = m.PayTogether(t.Context(), m.purchase("k"), &chooser{}) }) {
		t.Fatal("it lives")
	}
	name := string(m.operation(t, "k"))
	got, err := m.AbandonPayment(t.Context(), name)
	if err != nil || got.Status != client.PaymentAborted || got.Reason != "abandoned" {
		t.Errorf("it is %s: %v", got.Status, err)
	}
	got, err = m.ResumePayment(t.Context(), name, client.Nobody{})
	if got.Status != client.PaymentAborted || fault.ReasonOf(err) != "payment-aborted" || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("resumed it is %s, %s: %v", got.Status, m.has(), err)
	}
}

// A part whose instrument another operation holds has not begun: with nothing else paid, the
// payment is abandoned, and does not pay when the instrument is free. What was paid before
// keeps it from that.
func TestAPaymentWhoseInstrumentIsInUseIsAbandoned(t *testing.T) {
	for _, row := range []struct {
		name   string
		held   func(*market) instrument.ID
		reason fault.Reason
		has    string
	}{
		{"the first part", func(m *market) instrument.ID { return m.red }, "", "ready ready ready; 0 taken"},
		{"the second part", func(m *market) instrument.ID { return m.blue }, "value-outside", "used used ready; 2 taken"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := openMarket(t)
			holds := func(do func(instrument.Writer) error) { check(t, m.party.Store.UpdateInstruments(t.Context(), do)) }
			holds(func(w instrument.Writer) error { return w.Lease(row.held(m), 1, "another") })
			got, err := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
			if got.Status != client.PaymentOpen || fault.ReasonOf(err) != "pending" {
				t.Fatalf("it is %s: %v", got.Status, err)
			}
			if _, err = m.AbandonPayment(t.Context(), string(got.Operation)); fault.ReasonOf(err) != row.reason {
				t.Errorf("abandoned: %v", err)
			}
			holds(func(w instrument.Writer) error { return w.Release("another") })
			_, _ = m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
			if m.has() != row.has {
				t.Errorf("then %s", m.has())
			}
		})
	}
}

// It is asked for once more, and comes back if it can.
func TestWhatComesBackIsNotGivenUp(t *testing.T) {
	m := openMarket(t)
	name := m.withheld()
	m.keeps.Store(false)
	m.forgone(name, client.PaymentRefunded, "ready ready ready; 0 taken")
}

// An earlier version let pay a part with what never comes back, and left the wallet
// to ask for it for ever.
func TestAPaymentOfAnEarlierVersionEnds(t *testing.T) {
	m := openMarket(t)
	grey, op := m.voucher("grey", 4), m.operation(t, "grey")
	_, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: op, Amount: amount(t, "CHF:4"), Instrument: grey}, agreed)
	check(t, err)
	name := string(m.operation(t, "whole"))
	as := func(state, first, second string) []byte {
		return fmt.Appendf(nil, `{"operation":%q,"peer":{"name":"shop","role":"vendor","key":%q,"addresses":[%q]},"total":"CHF:10","begun":"2026-01-01T00:00:00Z","parts":[
			{"instrument":%q,"class":"grey","amount":"CHF:4","price":"CHF:4","state":%q,"protocol":"grey.spend","choice":0,"tries":1,"operation":%q},
			{"instrument":%q,"class":"blue","amount":"CHF:6","price":"CHF:6","state":%q,"choice":0,"tries":1}]}`,
			name, m.peer.Key, m.peer.Addresses[0], grey, first, op, m.blue, second)
	}
	id := m.party.Create(t, instrument.Instance{
		Class: controller.ClassPayment, Owner: m.party.Me(t).ID, Status: client.PaymentOpen, Keys: map[string]string{"operation": name}, State: as("open", "paid", "waiting"),
	})
	check(t, m.party.Instruments().Update(t.Context(), func(tx *instrument.Draft) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		i.Status, i.State = client.PaymentRefunding, as("refunding", "paid", "failed")
		return tx.Put(i)
	}))
	if got, err := m.ResumePayment(t.Context(), name, client.Nobody{}); got.Status != client.PaymentRefunding || fault.ReasonOf(err) != "pending" {
		t.Fatalf("it is %s: %v", got.Status, err)
	}
	m.forgone(name, client.PaymentForgone, "ready ready ready; 0 taken")
}

// A refund that has begun may have come through: nobody gives that up.
func TestARefundUnderWayIsNotGivenUp(t *testing.T) {
	m := openMarket(t)
	name := m.withheld()
	ctx, leave := context.WithCancel(t.Context())
	free := make(chan struct{})
	var records, stopped atomic.Int64
	m.stops = func(p protocol.Point) {
		switch {
		case p == protocol.PointAfterRecord:
			records.Add(1)
		case p == protocol.PointBegin && records.Load() == 2 && stopped.Add(1) == 1: // it is ours, and the refund is on record
			leave()
			<-free
		}
	}
	got, err := m.ForgoPayment(ctx, name)
	if !errors.Is(err, fault.Unknown) || got.Status != client.PaymentRefunding || got.Parts[0].State != client.PartRefunding {
		t.Errorf("it is %s, its part %s: %v", got.Status, got.Parts[0].State, err)
	}
	m.keeps.Store(false)
	close(free)
	m.forgone(name, client.PaymentRefunded, "ready ready ready; 0 taken")
}

// Whoever ends the command before it has asked has not heard that nothing comes back.
func TestNothingIsGivenUpThatWasNotAskedFor(t *testing.T) {
	m := openMarket(t)
	name := m.withheld()
	ctx, leave := context.WithCancel(t.Context())
	m.stops = func(p protocol.Point) {
		if p == protocol.PointAfterRecord { // it is ours
			leave()
		}
	}
	got, err := m.ForgoPayment(ctx, name)
	if !errors.Is(err, fault.Unknown) || got.Status != client.PaymentRefunding || got.Parts[0].State != client.PartPaid {
		t.Errorf("it is %s, its part %s: %v", got.Status, got.Parts[0].State, err)
	}
	m.stops = nil
	m.keeps.Store(false)
	m.forgone(name, client.PaymentRefunded, "ready ready ready; 0 taken")
}

// A vendor that vanishes when a refund has begun never says how it ended. The payer's
// word ends it for the wallet: its instrument is free, and what came back without a
// word is asked for again.
func TestARefundThatNobodyAnswersIsGivenUp(t *testing.T) {
	m := openMarket(t)
	name := m.withheld()
	gone := make(chan struct{})
	m.absent.Store(gone)
	ctx, leave := context.WithCancel(t.Context())
	var records atomic.Int64
	m.stops = func(p protocol.Point) {
		switch {
		case p == protocol.PointAfterRecord:
			records.Add(1)
		case p == protocol.PointBeforeSend && records.Load() >= 2: // the refund is on record, and out
			leave()
		}
	}
	got, err := m.ForgoPayment(ctx, name)
	if !errors.Is(err, fault.Unknown) || got.Status != client.PaymentRefunding || got.Parts[0].State != client.PartRefunding {
		t.Fatalf("it is %s, its part %s: %v", got.Status, got.Parts[0].State, err)
	}
	got, err = m.ForgoPayment(t.Context(), name)
	if err != nil || got.Status != client.PaymentForgone || got.Parts[0].State != client.PartForgone {
		t.Fatalf("it is %s, its part %s: %v", got.Status, got.Parts[0].State, err)
	}
	m.keeps.Store(false)
	m.absent.Store((chan struct{})(nil))
	close(gone)
	check(t, m.party.Book().PutPeer(t.Context(), m.peer))
	paid, err := m.party.Protocols().Named(t.Context(), string(got.Parts[0].Operation))
	check(t, err)
	if _, err := m.RefundOperation(t.Context(), paid); err != nil || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("asked for again: %s, %v", m.has(), err)
	}
}

// A refund that was on record and never began, for the wallet died, holds nobody: if the vendor
// cannot be asked any more, the payer's word ends the payment, and it can be asked for again.
func TestARefundThatNeverBeganIsGivenUp(t *testing.T) {
	m := openMarket(t)
	name := m.withheld()
	m.dies.Store(m.passed.Load() + 4) // the payment is ours, and its refund is on record
	if !m.dying(func() { _, _ = m.ForgoPayment(t.Context(), name) }) {
		t.Fatal("it lives")
	}
	m.dies.Store(0)
	var closed atomic.Bool
	closed.Store(true)
	m.till.Intercept(func(context.Context, controller.Intercepted) error {
		if closed.Load() {
			return fault.New(fault.Denied, "the shop is closed").Because("shop-closed")
		}
		return nil
	})
	if got, err := m.FindPayment(t.Context(), name); err != nil || got.Parts[0].State != client.PartRefunding {
		t.Fatalf("its part is %s: %v", got.Parts[0].State, err)
	}
	got, err := m.ForgoPayment(t.Context(), name)
	if err != nil || got.Status != client.PaymentForgone || got.Parts[0].State != client.PartForgone {
		t.Fatalf("it is %s, its part %s: %v", got.Status, got.Parts[0].State, err)
	}
	closed.Store(false)
	m.keeps.Store(false)
	check(t, m.party.Book().PutPeer(t.Context(), m.peer))
	paid, err := m.party.Protocols().Named(t.Context(), string(got.Parts[0].Operation))
	check(t, err)
	if _, err := m.RefundOperation(t.Context(), paid); err != nil || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("asked for again: %s, %v", m.has(), err)
	}
}
