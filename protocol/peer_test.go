package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// haggle has messages both ways, in the middle and at the end: the initiator
// pays from its purse what the servicer asks for, in three rounds.
func haggle() script {
	return sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			paid := 0
			for range 3 {
				var price int
				if err := s.Send(ctx, s.Now().UnixNano()); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Recv(ctx, &price); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Update(ctx, add(c.Main(), -price)); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Send(ctx, price); err != nil {
					return protocol.Result{}, err
				}
				paid += price
			}
			var goodbye, sum int
			if err := errors.Join(s.Recv(ctx, &goodbye), s.Recv(ctx, &sum)); err != nil {
				return protocol.Result{}, err
			}
			if sum != paid || goodbye != 42 {
				return protocol.Result{}, fault.New(fault.Internal, "paid %d, counted %d, goodbye %d", paid, sum, goodbye)
			}
			return text(sum), nil
		},
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			total := 0
			for round := range 3 {
				var when int64
				var paid int
				if err := s.Recv(ctx, &when); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Send(ctx, round+1); err != nil {
					return protocol.Result{}, err
				}
				if err := s.Recv(ctx, &paid); err != nil {
					return protocol.Result{}, err
				}
				total += paid
			}
			if err := s.Update(ctx, create("purse", "", state{N: total})); err != nil {
				return protocol.Result{}, err
			}
			if err := s.Send(ctx, 42); err != nil {
				return protocol.Result{}, err
			}
			return protocol.ResultOf(total)
		},
	)
}

// earned is what the servicer's purses hold together.
func earned(t testing.TB, n *protocoltest.Node) (sum int) {
	t.Helper()
	list, err := n.Instruments.List(t.Context(), instrument.Filter{Class: "purse"})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		sum += number(t, n, i.ID)
	}
	return sum
}

// TestEveryFrameIsLost loses, doubles and refuses each frame of a conversation
// in turn: money moves exactly once.
func TestEveryFrameIsLost(t *testing.T) {
	run := func(t *testing.T, hook func(protocoltest.Frame) protocoltest.Fate) *protocoltest.Pair {
		pair := protocoltest.NewPair(t, bundles(haggle()), bundles(haggle()))
		id := pair.Initiator.Create(t, instance("purse", state{N: 100}))[0]
		pair.Wire.OnFrame(hook)
		got, err := pair.Execute(t.Context(), "test", call("DO", id))
		if err != nil || string(got.Value) != `"6"` {
			t.Fatalf("result %s, %v", got.Value, err)
		}
		if left, there := number(t, pair.Initiator, id), earned(t, pair.Servicer); left != 94 || there != 6 {
			t.Errorf("the initiator has %d, the servicer %d", left, there)
		}
		clean(t, pair.Initiator, pair.Servicer)
		return pair
	}
	var frames atomic.Int32
	run(t, func(protocoltest.Frame) protocoltest.Fate { frames.Add(1); return protocoltest.Deliver })
	if frames.Load() < 8 {
		t.Fatalf("only %d frames were seen", frames.Load())
	}
	for _, c := range []struct {
		name string
		fate protocoltest.Fate
	}{{"lost", protocoltest.Drop}, {"doubled", protocoltest.Twice}} {
		for n := range frames.Load() {
			t.Run(fmt.Sprintf("frame %d is %s", n+1, c.name), func(t *testing.T) {
				t.Parallel()
				run(t, breakAt(n+1, c.fate))
			})
		}
	}
}

// breakAt gives one frame a fate. A lost frame takes the connection with it.
func breakAt(n int32, fate protocoltest.Fate) func(protocoltest.Frame) protocoltest.Fate {
	var count atomic.Int32
	return func(protocoltest.Frame) protocoltest.Fate {
		if count.Add(1) == n {
			return fate
		}
		return protocoltest.Deliver
	}
}

// TestMessagesOvertakeTheRequest: what is said right behind the request may be
// heard before it.
func TestMessagesOvertakeTheRequest(t *testing.T) {
	code := sides(
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var sum int
			err := errors.Join(s.Send(ctx, 1), s.Recv(ctx, nil), s.Send(ctx, 2), s.Send(ctx, 3), s.Recv(ctx, &sum))
			return text(sum), err
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var a, b, c int
			err := errors.Join(s.Recv(ctx, &a), s.Send(ctx, 0), s.Recv(ctx, &b), s.Recv(ctx, &c))
			if err != nil {
				return protocol.Result{}, err
			}
			return protocol.ResultOf(a + b + c)
		},
	)
	n := protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(code)})
	wallet := comm.Peer{Name: "wallet", Role: comm.Client, Key: "KEY"}
	message := func(n uint64, v int) []comm.Message { return []comm.Message{{N: n, Body: raw(v)}} }
	n.Protocols.Hear(wallet, comm.Said{Op: string(opA), Msgs: message(3, 30)})
	n.Protocols.Hear(comm.Peer{Key: "MALLORY"}, comm.Said{Op: string(opA), Msgs: message(2, 99)})
	n.Protocols.Hear(wallet, comm.Said{Op: string(opA), Msgs: message(2, 20)})
	pair := protocoltest.Connect(n, n) // its replies go nowhere in particular
	got := n.Protocols.Serve(t.Context(), protocol.Execution{Protocol: "test", Peer: wallet, Link: pair.Wire.ToInitiator(), Call: call("DO")},
		comm.Execute{Op: string(opA), Msgs: message(1, 10)})
	if got.Fault != nil || string(got.Result) != "60" || got.Have != 3 {
		t.Errorf("got %+v", got)
	}
}

// TestDoubleEffect: the request is sent again after its answer was lost. The
// servicer's row makes the second one harmless; without a row it doubles.
func TestDoubleEffect(t *testing.T) {
	for _, c := range []struct {
		name string
		op   string
		want int
	}{{"with an operation row", "DO", 5}, {"control: without one the effect doubles", "KEYED", 10}} {
		t.Run(c.name, func(t *testing.T) {
			code := sides(
				func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
					var got int
					err := errors.Join(s.Send(ctx, 5), s.Recv(ctx, &got))
					return text(got), err
				},
				func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
					var n int
					if err := s.Recv(ctx, &n); err != nil {
						return protocol.Result{}, err
					}
					if err := s.Update(ctx, create("purse", "", state{N: n})); err != nil {
						return protocol.Result{}, err
					}
					return protocol.ResultOf(n)
				},
			)
			pair := protocoltest.NewPair(t, bundles(code), bundles(code))
			var answers atomic.Int32
			pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil && answers.Add(1) == 1 {
					return protocoltest.Drop
				}
				return protocoltest.Deliver
			})
			got, err := pair.Execute(t.Context(), "test", call(c.op))
			if err != nil || string(got.Value) != `"5"` {
				t.Fatalf("result %s, %v", got.Value, err)
			}
			if sum := earned(t, pair.Servicer); sum != c.want || answers.Load() != 2 {
				t.Errorf("the servicer has %d after %d answers, wanted %d", sum, answers.Load(), c.want)
			}
		})
	}
}

// TestDeadline is about time that is up.
func TestDeadline(t *testing.T) {
	talk := sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := s.Update(ctx, add(c.Main(), 1)); err != nil { // the intent
				return protocol.Result{}, err
			}
			if err := s.Recv(ctx, nil); err != nil {
				return protocol.Result{}, errors.Join(err, s.Update(ctx, add(c.Main(), -1))) // taken back
			}
			return text("done"), nil
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("done"), s.Recv(ctx, nil)
		},
	)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	stopped := protocoltest.Options{Bundles: bundles(talk), Clock: func() time.Time { return noon }}
	t.Run("the peer cannot be reached", func(t *testing.T) {
		pair := protocoltest.Connect(protocoltest.NewNode(t, stopped), protocoltest.NewNode(t, stopped))
		id := pair.Initiator.Create(t, instance("purse", state{}))[0]
		var attempts atomic.Int32
		pair.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate { attempts.Add(1); return protocoltest.Refuse })
		c := call("DO", id)
		c.Deadline = noon.Add(50 * time.Millisecond)
		_, err := settled(t, pair, c)
		wants(t, err, fault.Unavailable, "")
		if number(t, pair.Initiator, id) != 0 || attempts.Load() < 1 {
			t.Errorf("the purse has %d after %d attempts", number(t, pair.Initiator, id), attempts.Load())
		}
		clean(t, pair.Initiator)
		_, err = pair.ExecuteAs(t.Context(), opA, "test", c)
		wants(t, err, fault.Unavailable, "")
	})
	t.Run("while the request is in flight only the answer ends it", func(t *testing.T) {
		// The last attempt before the deadline hangs and then arrives: whoever was
		// told "nothing has happened" at the deadline would be wrong.
		pair := protocoltest.Connect(
			protocoltest.NewNode(t, stopped),
			protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(does(func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
				return text("too late, but done"), nil
			}))}),
		)
		id := pair.Initiator.Create(t, instance("purse", state{}))[0]
		hold := newGate()
		pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
			if f.Execute != nil {
				hold.pass()
			}
			return protocoltest.Deliver
		})
		c := call("DO", id)
		c.Deadline = noon.Add(time.Nanosecond) // not over when the request goes, and over at once
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-hold.reached
			cancel() // the caller goes; the operation does not
		}()
		_, err := pair.ExecuteAs(ctx, opA, "test", c)
		wants(t, err, fault.Unknown, "pending")
		close(hold.open)
		got, err := settled(t, pair, c)
		if err != nil || string(got.Value) != `"done"` || number(t, pair.Initiator, id) != 1 {
			t.Errorf("result %s, %v; the purse has %d", got.Value, err, number(t, pair.Initiator, id))
		}
	})
	t.Run("a request whose time is over is not sent", func(t *testing.T) {
		pair := protocoltest.NewPair(t, bundles(talk), bundles(talk))
		id := pair.Initiator.Create(t, instance("purse", state{}))[0]
		pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
			t.Errorf("%+v was sent", f)
			return protocoltest.Deliver
		})
		c := call("DO", id)
		c.Deadline = time.Now().Add(-time.Second)
		_, err := pair.Execute(t.Context(), "test", c)
		wants(t, err, fault.Timeout, "deadline")
		clean(t, pair.Initiator, pair.Servicer)
	})
	t.Run("a servicer that waits in vain", func(t *testing.T) {
		// The initiator has an hour, and at the servicer it is over.
		late := protocoltest.Options{Role: comm.Vendor, Bundles: bundles(talk), Clock: func() time.Time { return noon.Add(time.Hour) }}
		pair := protocoltest.Connect(protocoltest.NewNode(t, stopped), protocoltest.NewNode(t, late))
		id := pair.Initiator.Create(t, instance("purse", state{}))[0]
		c := call("DO", id)
		c.Deadline = noon.Add(time.Hour)
		_, err := settled(t, pair, c)
		wants(t, err, fault.Timeout, "deadline") // the servicer's word, for something was sent
		clean(t, pair.Initiator, pair.Servicer)
	})
}

// settled asks for the end of opA until it is there: a caller with a deadline may
// be let go before, where everything takes long.
func settled(t *testing.T, pair *protocoltest.Pair, c protocol.Call) (protocol.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		got, err := pair.ExecuteAs(ctx, opA, "test", c)
		if fault.ReasonOf(err) != "pending" || ctx.Err() != nil {
			return got, err
		}
	}
}

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
		{"an operation that is not there", serve(gary, opB, call("NO-SUCH")), "operation-unknown"},
	} {
		if c.got.Fault == nil || c.got.Fault.Reason != c.reason || c.got.Result != nil {
			t.Errorf("%s: got %+v", c.name, c.got)
		}
	}
}

// TestOffer: the host compares what changed hands with what the vendor signed,
// on either side and whatever the code says.
func TestOffer(t *testing.T) {
	price := instrument.Amount{Currency: "CHF", Value: 20}
	pays := func(a instrument.Amount) side {
		return func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if s.Side() == protocol.Initiator {
				if err := s.Recv(ctx, nil); err != nil {
					return protocol.Result{}, err
				}
			}
			err := s.Update(ctx, create("purse", "", state{N: int(a.Value)}))
			return protocol.Result{Value: raw("paid"), Amount: a}, err
		}
	}
	wrong := instrument.Amount{Currency: "CHF", Value: 21}
	for _, c := range []struct {
		name        string
		left, right instrument.Amount
		ok          bool
		kept        [2]int // what the two sides have kept
	}{
		{"as offered", price, price, true, [2]int{20, 20}},
		{"the servicer takes more", price, wrong, false, [2]int{0, 0}},
		{"the initiator gives more", wrong, price, false, [2]int{0, 20}},
		{"another currency", instrument.Amount{Currency: "EUR", Value: 20}, price, false, [2]int{0, 20}},
		{"nothing is said", instrument.Amount{}, price, false, [2]int{0, 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pair := protocoltest.NewPair(t, bundles(does(pays(c.left))), bundles(does(pays(c.right))))
			pay := call(protocol.Pay)
			pay.Offer = &instrument.OfferBody{ID: "1", Class: "purse", Terms: instrument.Terms{Price: price}}
			_, err := pair.Execute(t.Context(), "test", pay)
			if c.ok != (err == nil) {
				t.Errorf("the error is %v", err)
			}
			if !c.ok {
				wants(t, err, fault.Internal, "amount-differs-from-offer")
				if f := fault.From(err); strings.Contains(f.Message, " :0") || !strings.Contains(f.Hint, "author of test") {
					t.Errorf("a person reads %q, %q", f.Message, f.Hint)
				}
			}
			if got := [2]int{earned(t, pair.Initiator), earned(t, pair.Servicer)}; got != c.kept {
				t.Errorf("kept %v, wanted %v", got, c.kept)
			}
			clean(t, pair.Initiator, pair.Servicer)
		})
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
