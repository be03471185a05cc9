package protocol_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestRefusalsOfTheWay: an error that is not a loss ends an operation only if
// nothing can have arrived.
func TestRefusalsOfTheWay(t *testing.T) {
	ask := does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		var answer string
		err := s.Recv(ctx, &answer)
		return text(answer), err
	})
	denied := fault.New(fault.Denied, "the peer has another key now").Because("peer-key-changed")
	lost := fault.New(fault.Unavailable, "lost").Because("connection-lost")
	pending := fault.New(fault.Unknown, "goes on").Because("pending")
	for _, c := range []struct {
		name     string
		replies  []reply
		kind     fault.Kind
		attempts int
	}{
		{"refused at once", []reply{{err: denied}}, fault.Denied, 1},
		{"refused after a loss", []reply{{err: lost}, {err: denied}, {done: comm.Executed{Result: raw("yes")}}}, 0, 3},
		{"the peer lets us go", []reply{{done: comm.Executed{Fault: pending}}, {err: denied}, {done: comm.Executed{Result: raw("yes")}}}, 0, 3},
		{"refused after it could not be reached", []reply{{err: fault.New(fault.Unavailable, "down")}, {err: denied}}, fault.Denied, 2},
		{"the peer's own refusal", []reply{{done: comm.Executed{Fault: denied}}}, fault.Denied, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(ask)})
			link := &replies{list: c.replies}
			got, err := n.Protocols.Execute(t.Context(), protocol.Execution{
				Protocol: "test", Peer: comm.Peer{Key: "KEY", Role: comm.Vendor}, Link: link, Call: call("DO"),
			})
			wants(t, err, c.kind, "")
			if err == nil && string(got.Value) != `"yes"` {
				t.Errorf("result %s", got.Value)
			}
			if link.n != c.attempts {
				t.Errorf("%d attempts, wanted %d", link.n, c.attempts)
			}
			clean(t, n)
		})
	}
}

type reply struct {
	done comm.Executed
	err  error
}

// replies is a link that answers as a test has written down.
type replies struct {
	mu   sync.Mutex
	list []reply
	n    int
}

func (r *replies) Execute(context.Context, comm.Execute) (comm.Executed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	return r.list[r.n-1].done, r.list[r.n-1].err
}

func (*replies) Say(context.Context, comm.Said) error { return nil }

// TestServicerForgot: a request that goes on with what this side does not know
// begins nothing.
func TestServicerForgot(t *testing.T) {
	for _, c := range []struct {
		name string
		e    comm.Execute
	}{
		{"something was acknowledged", comm.Execute{Have: 1}},
		{"the first message is missing", comm.Execute{Msgs: []comm.Message{{N: 2, Body: raw(1)}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(does(func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
				t.Error("it was begun")
				return text("x"), nil
			}))})
			c.e.Op = string(opA)
			got := n.Protocols.Serve(t.Context(), protocol.Execution{Protocol: "test", Call: call("DO")}, c.e)
			if got.Fault == nil || got.Fault.Kind != fault.Stuck || got.Fault.Reason != "memory-lost" {
				t.Errorf("got %+v", got)
			}
			got = n.Protocols.Serve(t.Context(), protocol.Execution{Protocol: "test", Call: call("LOOK")}, c.e)
			if !fault.NothingHappened(got.Fault) {
				t.Errorf("of one that only reads: %+v", got)
			}
		})
	}
}

// TestServe is about requests that are not what they should be.
func TestServe(t *testing.T) {
	n := protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		return text("yours"), nil
	}))})
	gary, mallory := comm.Peer{Key: "GARY", Role: comm.Client}, comm.Peer{Key: "MALLORY", Role: comm.Client}
	serve := func(who comm.Peer, op instrument.OperationID, c protocol.Call) comm.Executed {
		return n.Protocols.Serve(t.Context(), protocol.Execution{Protocol: "test", Peer: who, Call: c}, comm.Execute{Op: string(op)})
	}
	if got := serve(gary, opA, call("DO")); got.Fault != nil {
		t.Fatal(got.Fault)
	}
	for _, c := range []struct {
		name   string
		got    comm.Executed
		reason fault.Reason
	}{
		{"another peer takes an id over", serve(mallory, opA, call("DO")), "key-reused"},
		{"another call", serve(gary, opA, call(protocol.Pay)), "key-reused"},
		{"an id that is none", serve(gary, "../../etc", call("DO")), "operation-id-malformed"},
		{"an id by which nobody could name it", serve(gary, "00112233445566778899AABBCCDDEEFF", call("DO")), "operation-id-malformed"},
		{"an operation that is not there", serve(gary, opB, call("NO-SUCH")), "operation-unknown"},
	} {
		if c.got.Fault == nil || c.got.Fault.Reason != c.reason || c.got.Result != nil {
			t.Errorf("%s: got %+v", c.name, c.got)
		}
	}
}

// TestTooMuchUnacknowledged bounds what a peer may leave unread.
func TestTooMuchUnacknowledged(t *testing.T) {
	for _, c := range []struct {
		name  string
		size  int
		count int
	}{{"64 messages", 1, 64}, {"384 KiB", 100 << 10, 3}} {
		t.Run(c.name, func(t *testing.T) {
			sent := 0
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
				sent = 0
				for range 70 {
					if err := s.Send(ctx, string(make([]byte, c.size/6))); err != nil { // each byte is written as six
						return protocol.Result{}, err
					}
					sent++
				}
				return text("all of them"), nil
			}))})
			_, err := n.Protocols.Execute(t.Context(), protocol.Execution{
				Protocol: "test", Peer: comm.Peer{Key: "KEY"}, Link: &replies{}, Call: call("DO"),
			})
			wants(t, err, fault.Conflict, "peer-too-slow")
			if sent != c.count {
				t.Errorf("%d were taken", sent)
			}
		})
	}
}

// TestAPeerDoesNotStopUs: a servicer that says of its code that it broke the
// rules has said nothing of ours. Our side ends, and lets its instruments go.
func TestAPeerDoesNotStopUs(t *testing.T) {
	for _, reason := range []fault.Reason{"steps-broken", "steps-diverged"} {
		t.Run(string(reason), func(t *testing.T) {
			code := sides(
				func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
					if err := errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, "hello")); err != nil {
						return protocol.Result{}, err
					}
					refused := s.Recv(ctx, nil)
					return protocol.Result{}, errors.Join(s.Update(ctx, add(c.Main(), -1)), refused)
				},
				func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
					return protocol.Result{}, fault.New(fault.Declined, "it says that we did wrong").Because(reason)
				},
			)
			pair := protocoltest.NewPair(t, bundles(code), bundles(code))
			id := pair.Initiator.Create(t, instance("purse", state{}))[0]
			_, err := pair.ExecuteAs(t.Context(), opA, "test", call("DO", id))
			wants(t, err, fault.Declined, reason)
			if rows := pair.Initiator.Operations(t); len(rows) != 1 || rows[0].State != protocol.Ended || number(t, pair.Initiator, id) != 0 {
				t.Errorf("rows %+v; the purse has %d", rows, number(t, pair.Initiator, id))
			}
			clean(t, pair.Initiator)
		})
	}
}
