package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// The vendor was paid, and its answer was lost. Whatever it would say to a new
// payment now, this one has been made.
func TestAPaymentWhoseAnswerWasLostIsNotRefusedLater(t *testing.T) {
	for name, change := range map[string]func(s *shop, late *atomic.Bool){
		"the sale is over":         func(s *shop, _ *atomic.Bool) { s.closed.Store(true) },
		"the offer has expired":    func(_ *shop, late *atomic.Bool) { late.Store(true) },
		"nothing else has changed": func(*shop, *atomic.Bool) {},
	} {
		t.Run(name, func(t *testing.T) {
			var late atomic.Bool
			var asked atomic.Int32
			s := &shop{}
			clock := func() time.Time {
				if late.Load() {
					return time.Now().Add(time.Hour)
				}
				return time.Now()
			}
			p := newShop(t, s, clock, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
				out, err := next.Request(ctx, conn, comm.MethodExecute, params)
				if asked.Add(1) == 1 {
					change(s, &late)
					_ = conn.Close()
				}
				return out, err
			})
			result, err := p.pay(t, p.negotiated(t), "")
			if err != nil || result.Amount != price {
				t.Errorf("result = %+v, %v", result, err)
			}
			if got := p.from.View(t, p.ticket).Status; got != "punched" {
				t.Errorf("the ticket is %s here, and the vendor has punched it", got)
			}
			if n := asked.Load(); n != 2 {
				t.Errorf("the vendor was asked %d times", n)
			}
		})
	}
}

// The payer's request was on its way longer than the payer has waited for it.
func TestNothingBeginsAfterThePayersTime(t *testing.T) {
	var late atomic.Bool
	clock := func() time.Time {
		if late.Load() {
			return time.Now().Add(2 * time.Minute) // the offer still holds
		}
		return time.Now()
	}
	p := newShop(t, &shop{}, clock, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
		late.Store(true)
		return next.Request(ctx, conn, comm.MethodExecute, params)
	})
	_, err := p.pay(t, p.negotiated(t), "")
	wantReason(t, err, "deadline-over")
	if got := p.from.View(t, p.ticket).Status; got != "valid" {
		t.Errorf("the ticket is %s", got)
	}
	if _, err := p.to.Instruments().Find(t.Context(), controllertest.ClassTicket, "number", "7"); !errors.Is(err, fault.NotFound) {
		t.Errorf("the vendor has taken it: %v", err)
	}
}

// Nobody gets another peer's outcome by its id, and nobody gets one by asking
// for something else.
func TestWhatIsResumedIsTheSame(t *testing.T) {
	s := &shop{}
	p := newShop(t, s, time.Now, "", nil)
	const id = "00112233445566778899aabbccddeeff"
	if _, err := p.pay(t, p.negotiated(t), id); err != nil {
		t.Fatal(err)
	}
	s.closed.Store(true)
	if _, err := p.to.Protocols().Begun(t.Context(), p.from.Identity.KeyText(), id); err != nil {
		t.Errorf("its own peer: %v", err)
	}
	for _, other := range []string{"", "SOMEBODY"} {
		if _, err := p.to.Protocols().Begun(t.Context(), other, id); !errors.Is(err, fault.NotFound) {
			t.Errorf("the peer %q gets %v", other, err)
		}
	}
	if _, err := p.from.Protocols().Begun(t.Context(), p.to.Identity.KeyText(), id); !errors.Is(err, fault.NotFound) {
		t.Errorf("an operation of our own was begun by a peer: %v", err)
	}
}

// An account that ends takes its sessions along.
func TestASessionEndsWithItsAccount(t *testing.T) {
	for name, end := range map[string]func(*controllertest.Party, instrument.PrincipalID) error{
		"disabled": func(p *controllertest.Party, id instrument.PrincipalID) error {
			return p.Profiles().Disable(context.Background(), id)
		},
		"another token": func(p *controllertest.Party, id instrument.PrincipalID) error {
			_, err := p.Profiles().Rotate(context.Background(), id)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shop{}
			p := newShop(t, s, time.Now, "", nil)
			account := profile.Principal{ID: "till", Kind: profile.Terminal, Name: "till", Login: "till"}
			if _, err := p.to.Profiles().Add(t.Context(), account); err != nil {
				t.Fatal(err)
			}
			s.admit = func(ctx context.Context) (profile.Principal, error) { return p.to.Profiles().Principal(ctx, "till") }
			session := p.negotiated(t)
			if err := end(p.to, "till"); err != nil {
				t.Fatal(err)
			}
			_, err := p.pay(t, session, "")
			wantReason(t, err, "credentials")
			if got := p.from.View(t, p.ticket).Status; got != "valid" {
				t.Errorf("the ticket is %s", got)
			}
		})
	}
}

func TestAPaymentWithoutAnOfferIsRefused(t *testing.T) {
	p := newShop(t, &shop{}, time.Now, "", nil)
	conn := p.from.Dial(t, p.peer)
	for _, step := range []struct {
		method string
		params any
	}{
		{comm.MethodInitiate, comm.Initiate{Role: comm.Client, PNP: p.from.Self().PNP}},
		{comm.MethodClasses, comm.Classes{}},
		{comm.MethodSelect, comm.Select{Class: string(controllertest.ClassTicket), Protocol: controllertest.ProtocolPunch}},
	} {
		if err := conn.Call(t.Context(), step.method, step.params, nil); err != nil {
			t.Fatal(err)
		}
	}
	err := conn.Call(t.Context(), comm.MethodExecute, comm.Execute{
		Op:   "00112233445566778899aabbccddeeff",
		Call: comm.Call{Protocol: controllertest.ProtocolPunch, Operation: protocol.Pay, Class: string(controllertest.ClassTicket)},
		Msgs: []comm.Message{{N: 1, Body: json.RawMessage(`{"Number":"7"}`)}},
	}, nil)
	wantReason(t, err, "payer-signature")
}

// A vendor that does not sign for what it took has left the outcome open: it is
// no refusal after which the same money may be used again.
func TestAReceiptWithoutItsSignatureIsNoRefusal(t *testing.T) {
	p := newShop(t, &shop{}, time.Now, comm.MethodExecute, answering(func(e *comm.Executed) { e.Receipt = nil }))
	_, err := p.pay(t, p.negotiated(t), "")
	wantReason(t, err, "receipt-signature")
	if !errors.Is(err, fault.Unknown) {
		t.Errorf("the outcome is %v", fault.KindOf(err))
	}
}

func TestWhatAPeerFailsWithIsMadeFit(t *testing.T) {
	for name, row := range map[string]struct{ said, want fault.Fault }{
		"a word of the host's own": {
			fault.Fault{Kind: fault.Suspended, Message: "gone"}, fault.Fault{Kind: fault.Unavailable, Message: "gone"},
		},
		"texts for a terminal": {
			fault.Fault{Kind: fault.Declined, Reason: "No Way\x1b", Message: "no\x1b[2Jway\n", Hint: "\u202eback"},
			fault.Fault{Kind: fault.Declined, Message: "no[2Jway ", Hint: "back"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newShop(t, &shop{}, time.Now, comm.MethodExecute, answering(func(e *comm.Executed) { e.Result, e.Fault = nil, &row.said }))
			_, err := p.pay(t, p.negotiated(t), "")
			if got := fault.From(err); got == nil || got.Kind != row.want.Kind || got.Reason != row.want.Reason || got.Message != row.want.Message || got.Hint != row.want.Hint {
				t.Errorf("got %#v", got)
			}
			if got := p.from.View(t, p.ticket).Status; got != "valid" {
				t.Errorf("the ticket is %s after its refusal", got)
			}
		})
	}
}

// A connection that is taken up again without the selection would have the peer
// refuse what it has begun.
func TestAConnectionWithoutItsSelectionIsNotUsed(t *testing.T) {
	var selected, asked atomic.Int32
	s := &shop{}
	p := newShop(t, s, time.Now, "", nil)
	p.peer = p.to.ListenWith(t, func(h comm.Handler) comm.Handler {
		return between{between{h, comm.MethodSelect, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
			if selected.Add(1) == 2 {
				return nil, fault.New(fault.Unavailable, "not now").Because("busy")
			}
			return next.Request(ctx, conn, comm.MethodSelect, params)
		}}, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
			if asked.Add(1) == 1 {
				_ = conn.Close()
				return nil, io.ErrUnexpectedEOF
			}
			return next.Request(ctx, conn, comm.MethodExecute, params)
		}}
	}, s)
	if result, err := p.pay(t, p.negotiated(t), ""); err != nil || result.Amount != price {
		t.Errorf("result = %+v, %v", result, err)
	}
	if n := selected.Load(); n != 3 {
		t.Errorf("selected %d times", n)
	}
}

// Who has hung up while the operation ran is no reason to say that it has ended.
func TestTheRoleIsToldTheEndAndNotTheLossOfAConnection(t *testing.T) {
	var asked atomic.Int32
	s := &shop{}
	p := newShop(t, s, time.Now, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
		if asked.Add(1) > 1 {
			return next.Request(ctx, conn, comm.MethodExecute, params)
		}
		var e comm.Execute
		if err := json.Unmarshal(params, &e); err != nil {
			return nil, err
		}
		e.Msgs = nil // the operation begins, and waits for its message
		cut, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		out, err := next.Request(gone, conn, comm.MethodExecute, cut)
		if heard := s.heard(); len(heard) > 0 {
			t.Errorf("told %v while the operation runs", heard)
		}
		_ = conn.Close()
		return out, err
	})
	if _, err := p.pay(t, p.negotiated(t), ""); err != nil {
		t.Fatal(err)
	}
	if heard := s.heard(); len(heard) != 1 || heard[0] != nil {
		t.Errorf("told %v", heard)
	}
}

// Who closes a session while a payment is open still learns its outcome, and
// leaves no connection behind.
func TestAClosedSessionTakesNoStepAndLeavesNoConnection(t *testing.T) {
	var asked atomic.Int32
	begun, last := make(chan struct{}), make(chan comm.Conn, 1)
	p := newShop(t, &shop{}, time.Now, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
		if asked.Add(1) == 1 {
			close(begun)
			<-ctx.Done() // the session is closed
			return nil, ctx.Err()
		}
		last <- conn
		return next.Request(ctx, conn, comm.MethodExecute, params)
	})
	s := p.negotiated(t)
	paid := make(chan error, 1)
	go func() {
		_, err := p.pay(t, s, "")
		paid <- err
	}()
	<-begun
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-paid; err != nil {
		t.Errorf("the payment: %v", err)
	}
	select {
	case <-(<-last).(interface{ Done() <-chan struct{} }).Done():
	case <-t.Context().Done():
	}
	_, err := s.InstrumentClasses(t.Context(), nil)
	wantReason(t, err, "session-closed")
	_, err = p.pay(t, s, "")
	wantReason(t, err, "session-closed")
}

// What was stored of a payment's end is told with the next payment, also when the
// two negotiate in between.
func TestEndsAreToldAfterANegotiation(t *testing.T) {
	p := newShop(t, &shop{}, time.Now, "", nil)
	s := p.negotiated(t)
	for _, number := range []string{"8", "9"} {
		if _, err := p.pay(t, s, ""); err != nil {
			t.Fatal(err)
		}
		p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": number}})
		if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, nil); err != nil {
			t.Fatal(err)
		}
	}
	open, err := p.to.Protocols().Unheard(t.Context(), p.from.Self())
	if err != nil || len(open) != 1 {
		t.Errorf("the vendor has not heard of the ends of %v, %v", open, err)
	}
}
