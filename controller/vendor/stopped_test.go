package vendor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/protocol"
)

// mortal is a protocol whose code dies when a vendor's PAY is all but done.
type mortal struct{ protocol.Protocol }

func (m mortal) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	result, err := m.Protocol.DoOperation(ctx, s, c)
	if c.Operation == protocol.Pay && fault.ReasonOf(err) == "provider-unknown" {
		panic("the code dies")
	}
	return result, err
}

func dying(all []protocol.Bundle) {
	for _, b := range all {
		for n, p := range b.Protocols {
			if p.Info().ID == "card.pay" {
				b.Protocols[n] = mortal{p}
			}
		}
	}
}

// A PAY that was stopped while its card may be charged is not abandoned. Its operator's word ends
// it; then the provider is asked, and what it has charged is given back.
func TestAStoppedPaymentIsGivenUpAndGivenBack(t *testing.T) {
	c := newCastAt(t, func(h *banktest.House) string { return h.URL }, dying)
	shop := c.open(t)
	v := c.visit(t, shop)
	c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = true, true })
	op, err := v.OperationID("one")
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	paid := make(chan error, 1)
	go func() {
		_, err := client.New(v.Controller, v.me, nil).Pay(ctx, client.Payment{Peer: shop, Operation: op, Amount: amount(t, "CHF:4"), Instrument: v.card},
			func(context.Context, client.Bill) (bool, error) { return true, nil })
		paid <- err
	}()
	for {
		if _, err = c.Protocols().Await(ctx, op); fault.KindOf(err) != fault.NotFound {
			break
		}
	}
	if !errors.Is(err, fault.Stuck) {
		t.Fatalf("it is not stopped: %v", err)
	}
	if _, err := c.Protocols().Abandon(ctx, op); fault.ReasonOf(err) != "value-outside" {
		t.Errorf("it is abandoned without that word: %v", err)
	}
	left, err := c.Protocols().ForgoStopped(ctx, op)
	if err != nil || len(left) == 0 {
		t.Fatalf("%+v, %v", left, err)
	}
	if err := <-paid; fault.KindOf(err) != fault.Unknown {
		t.Errorf("its payer hears %v", err)
	}
	c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = false, false })
	c.cards.Settle()
	for range 2 {
		back, err := c.Refund(ctx, string(op))
		if err != nil || !back.Done || back.Amount != amount(t, "CHF:4") || c.cards.Refunds() != 1 {
			t.Errorf("%+v, %v; %d refunds", back, err, c.cards.Refunds())
		}
	}
}
