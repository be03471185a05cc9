package controller_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// returning is punching that can be undone, by a REFUND that names what has paid.
type returning struct{ protocol.Protocol }

func (returning) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: protocol.Refund, Messages: true}}
}

func (returning) DoOperation(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
	if s.Side() == protocol.Servicer {
		return protocol.Result{Value: []byte(`{"returned":true}`)}, s.Recv(ctx, nil)
	}
	if err := s.Send(ctx, "please"); err != nil {
		return protocol.Result{}, err
	}
	return protocol.Result{Value: []byte(`{"returned":true}`)}, s.Recv(ctx, nil)
}

// refunding offers a class for a refund and for nothing else, as a shop offers cards
// for what costs something.
type refunding struct{ controllertest.Inspector }

func (r refunding) Offers(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	if inv[controller.InvoiceRefund] != "paid" {
		return instrument.Terms{}, nil, fault.New(fault.Unsupported, "nothing is sold here")
	}
	return r.Inspector.Offers(ctx, who, inv, class)
}

// diesAtARefund is a wallet that has a payment given back, and gives up when the vendor
// was asked.
func diesAtARefund(t *testing.T, from *controllertest.Party, shop comm.Peer, asked <-chan struct{}) instrument.OperationID {
	t.Helper()
	ticket := from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})
	s, err := from.InitiateSession(t.Context(), shop, controller.Login{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, instrument.Invoice{controller.InvoiceRefund: "paid"}); err != nil {
		t.Fatal(err)
	}
	const id = instrument.OperationID("00112233445566778899aabbccddeeff")
	ctx, die := context.WithCancel(t.Context())
	go func() { <-asked; die() }()
	_, err = s.Execute(ctx, controller.Transaction{
		ID: id, Principal: from.Me(t), Operation: protocol.Refund, Class: controllertest.ClassTicket, Instruments: []instrument.ID{ticket}, Args: map[string]string{"payment": "paid"},
	}, nil)
	if err == nil {
		t.Fatal("it has an answer")
	}
	return id
}

// A wallet was killed while it had a payment given back. The next process goes on,
// whether the vendor has got the request or not, though it offers the class of what
// was paid only where an invoice says what for.
func TestARefundGoesOnInTheNextProcess(t *testing.T) {
	for name, arrives := range map[string]bool{"the vendor has given it back": true, "the vendor has heard nothing": false} {
		t.Run(name, func(t *testing.T) {
			net := inproc.NewNetwork()
			tickets := controllertest.Tickets()
			tickets.Protocols = []protocol.Protocol{returning{tickets.Protocols[0]}}
			with := controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{tickets}}
			from := controllertest.New(t, net, with)
			var dead atomic.Bool
			asked := make(chan struct{}, 1)
			shop := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{tickets}}).
				ListenWith(t, func(h comm.Handler) comm.Handler {
					return between{h, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
						if dead.Load() {
							return next.Request(ctx, conn, comm.MethodExecute, params)
						}
						if arrives {
							_, _ = next.Request(ctx, conn, comm.MethodExecute, params)
						}
						asked <- struct{}{}
						<-ctx.Done() // no answer: whoever has asked is dead
						return nil, ctx.Err()
					}}
				}, refunding{})
			id := diesAtARefund(t, from, shop, asked)
			dead.Store(true)
			with.Beside, with.Runner, with.Gone = from, "next", func(runner string) bool { return runner == "test" }
			next := controllertest.New(t, net, with)
			if n, err := next.Resume(t.Context(), nil); n != 1 || err != nil {
				t.Fatalf("%d go on: %v", n, err)
			}
			result, err := next.Protocols().Await(t.Context(), id)
			if err != nil || string(result.Value) != `{"returned":true}` {
				t.Errorf("it ended with %s, %v", result.Value, err)
			}
		})
	}
}

// closes tells of each connection that ends.
type closes struct {
	comm.Handler
	ended chan<- comm.Conn
}

func (c closes) Closed(conn comm.Conn) {
	c.Handler.Closed(conn)
	c.ended <- conn
}

// An operation of an earlier life that its peer has not ended is asked about again and
// again. In between it holds no line: a line may carry one session at a time.
func TestWhatIsPendingHoldsNoLine(t *testing.T) {
	net := inproc.NewNetwork()
	tickets := []protocol.Bundle{controllertest.Tickets()}
	with := controllertest.Options{Role: comm.Client, Bundles: tickets}
	from := controllertest.New(t, net, with)
	var asked atomic.Int32
	first, ended := make(chan struct{}), make(chan comm.Conn, 100)
	over := make(chan comm.Conn, 100)
	shop := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets}).
		ListenWith(t, func(h comm.Handler) comm.Handler {
			return closes{between{h, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
				switch asked.Add(1) {
				case 1:
					close(first)
					<-ctx.Done() // no answer: whoever has asked is dead
					return nil, ctx.Err()
				case 2:
					over <- conn
					return comm.Executed{Fault: fault.New(fault.Unknown, "it was stopped").Because(protocol.ReasonPending)}, nil
				}
				over <- conn
				return next.Request(ctx, conn, comm.MethodExecute, params)
			}}, ended}
		}, controllertest.Inspector{Price: price})
	ticket := from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})
	s, err := from.InitiateSession(t.Context(), shop, controller.Login{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, nil); err != nil {
		t.Fatal(err)
	}
	const id = instrument.OperationID("00112233445566778899aabbccddeeff")
	ctx, die := context.WithCancel(t.Context())
	go func() { <-first; die() }()
	pay := controller.Transaction{ID: id, Principal: from.Me(t), Operation: protocol.Pay, Class: controllertest.ClassTicket, Instruments: []instrument.ID{ticket}}
	if _, err := s.Execute(ctx, pay, nil); err == nil {
		t.Fatal("it has an answer")
	}
	with.Beside, with.Runner, with.Gone = from, "next", func(runner string) bool { return runner == "test" }
	next := controllertest.New(t, net, with)
	if n, err := next.Resume(t.Context(), nil); n != 1 || err != nil {
		t.Fatalf("%d go on: %v", n, err)
	}
	if left := next.Protocols().Resuming(); len(left) > 1 || len(left) == 1 && (left[0].ID != id || left[0].Peer.Key != shop.Key) {
		t.Errorf("what goes on is %+v", left)
	}
	if _, err := next.Protocols().Await(t.Context(), id); err != nil {
		t.Error(err)
	}
	pending, last := <-over, <-over
	if pending == last {
		t.Fatal("it has held its line while it waited")
	}
	for conn := range ended {
		if conn == pending {
			return
		}
	}
}

// Nor does it hold one that is asked again because its peer does not take up the class
// now: somebody may be mending that over the same line.
func TestWhatDoesNotGoOnNowHoldsNoLine(t *testing.T) {
	net := inproc.NewNetwork()
	tickets := controllertest.Tickets()
	tickets.Protocols = []protocol.Protocol{returning{tickets.Protocols[0]}}
	with := controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{tickets}}
	from := controllertest.New(t, net, with)
	var selected, executed atomic.Int32
	first, over, ended := make(chan struct{}), make(chan comm.Conn, 100), make(chan comm.Conn, 100)
	shop := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{tickets}}).
		ListenWith(t, func(h comm.Handler) comm.Handler {
			executes := between{h, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
				if executed.Add(1) == 1 {
					close(first)
					<-ctx.Done() // no answer: whoever has asked is dead
					return nil, ctx.Err()
				}
				over <- conn
				return next.Request(ctx, conn, comm.MethodExecute, params)
			}}
			return closes{between{executes, comm.MethodSelect, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
				if selected.Add(1) == 2 {
					over <- conn
					return nil, fault.New(fault.Unsupported, "its plugin is not there now")
				}
				return next.Request(ctx, conn, comm.MethodSelect, params)
			}}, ended}
		}, refunding{})
	id := diesAtARefund(t, from, shop, first)
	with.Beside, with.Runner, with.Gone = from, "next", func(runner string) bool { return runner == "test" }
	next := controllertest.New(t, net, with)
	if n, err := next.Resume(t.Context(), nil); n != 1 || err != nil {
		t.Fatalf("%d go on: %v", n, err)
	}
	if _, err := next.Protocols().Await(t.Context(), id); err != nil {
		t.Error(err)
	}
	refused, last := <-over, <-over
	if refused == last {
		t.Fatal("it has held its line while it waited")
	}
	for conn := range ended {
		if conn == refused {
			return
		}
	}
}
