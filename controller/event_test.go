package controller_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// seen collects the events behind a cursor until there are n of them.
func seen(t *testing.T, p *controllertest.Party, cursor instrument.Seq, n int) []controller.Event {
	t.Helper()
	enough := errors.New("enough")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out []controller.Event
	err := p.Observe(ctx, cursor, func(_ context.Context, e controller.Event) error {
		if out = append(out, e); len(out) == n {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatalf("%d events, %v", len(out), err)
	}
	return out
}

func TestAnApplicationIsToldOfEachTransactionOnce(t *testing.T) {
	p := newPair(t, comm.Client, comm.Vendor)
	s := p.session(t)
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, instrument.Invoice{"what": "chocolate"}); err != nil {
		t.Fatal(err)
	}
	told := make(chan controller.Event, 1)
	stop := errors.New("that is all")
	ended := make(chan error, 1)
	go func() { // before anything has happened
		ended <- p.to.Observe(t.Context(), 0, func(_ context.Context, e controller.Event) error { told <- e; return stop })
	}()
	if _, err := p.pay(t, s, ""); err != nil {
		t.Fatal(err)
	}
	first := <-told
	if err := <-ended; !errors.Is(err, stop) {
		t.Errorf("the observation ended with %v", err)
	}
	if first.Seq != 1 || first.Name != protocol.Pay || first.Side != protocol.Servicer || first.Amount != price ||
		first.Invoice["what"] != "chocolate" || first.Class != controllertest.ClassTicket || first.Peer != p.from.Identity.KeyText() || first.Fault != nil || first.Time.IsZero() {
		t.Errorf("the vendor's application was told %+v", first)
	}
	mine := seen(t, p.from, 0, 1)[0]
	if mine.Operation != first.Operation || mine.Side != protocol.Initiator || mine.Instrument != p.ticket || mine.Class != controllertest.ClassTicket {
		t.Errorf("the wallet's application was told %+v", mine)
	}

	// One that was down goes on behind its cursor; what failed is told as well.
	other := p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "8"}})
	p.to.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "taken", Keys: map[string]string{"number": "8"}})
	_, err := s.Execute(t.Context(), controller.Transaction{
		Principal: p.from.Me(t), Operation: protocol.Pay, Class: controllertest.ClassTicket, Instruments: []instrument.ID{other},
	}, nil)
	if fault.ReasonOf(err) != "ticket-used" {
		t.Fatal(err)
	}
	failed := seen(t, p.from, mine.Seq, 1)[0]
	if failed.Seq != 2 || failed.Fault == nil || failed.Fault.Reason != "ticket-used" || !failed.Amount.IsZero() {
		t.Errorf("of the failure it was told %+v", failed)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.from.Observe(done, 0, nil); err != nil {
		t.Errorf("an observer that goes away: %v", err)
	}
}
