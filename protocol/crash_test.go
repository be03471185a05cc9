package protocol_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestCrash is about code that dies: in process it panics.
func TestCrash(t *testing.T) {
	for _, c := range []struct {
		name    string
		durable bool // something is durable when it dies
		deaths  int
		kind    fault.Kind
		reason  fault.Reason
		fetched int
		number  int
		state   protocol.State
	}{
		{"before anything is durable: nothing has happened", false, 1, fault.Unavailable, "plugin-crashed", 0, 0, ""},
		{"later: it is run again", true, 1, 0, "", 1, 2, protocol.Ended},
		{"later and again: its operator is called", true, 2, fault.Stuck, "plugin-crashed", 1, 1, protocol.Stuck},
	} {
		t.Run(c.name, func(t *testing.T) {
			var srv server
			deaths := 0
			code := does(func(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
				if err := s.Update(ctx, add(call.Main(), 1)); err != nil {
					return protocol.Result{}, err
				}
				if c.durable {
					if _, err := s.Fetch(ctx, protocol.Request{Address: call.Main(), Method: "GET", Path: "/"}); err != nil {
						return protocol.Result{}, err
					}
				}
				if deaths < c.deaths {
					deaths++
					panic("the code dies")
				}
				return text("done"), s.Update(ctx, add(call.Main(), 1))
			})
			n := protocoltest.NewNode(t, protocoltest.Options{Fetch: srv.fetch, Bundles: bundles(code)})
			id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
			_, err := doAs(t, n, opA, call("DO", id))
			wants(t, err, c.kind, c.reason)
			if got := number(t, n, id); got != c.number || len(srv.seen()) != c.fetched {
				t.Errorf("the purse has %d after %d requests", got, len(srv.seen()))
			}
			rows := n.Operations(t)
			if c.state == "" && len(rows) != 0 || c.state != "" && (len(rows) != 1 || rows[0].State != c.state) {
				t.Errorf("rows: %+v", rows)
			}
			got, err := doAs(t, n, opA, call("DO", id)) // the same key is always fine
			switch c.state {
			case protocol.Stuck:
				wants(t, err, fault.Stuck, "")
				if _, err := do(t, n, call("DO", id)); fault.KindOf(err) != fault.Locked {
					t.Errorf("its instruments were let go: %v", err)
				}
			default:
				if err != nil || string(got.Value) != `"done"` || number(t, n, id) != 2 {
					t.Errorf("result %s, %v; the purse has %d", got.Value, err, number(t, n, id))
				}
				clean(t, n)
			}
		})
	}
}

// TestCodeOfAPeerThatAlwaysDies: one death may be an accident, and the peer is asked
// again. One that dies whenever it is asked holds nobody until their time is over.
func TestCodeOfAPeerThatAlwaysDies(t *testing.T) {
	for name, c := range map[string]struct {
		deaths, asked int
		as, reason    fault.Reason
	}{
		"twice":          {2, 3, protocol.ReasonCrashed, ""},
		"always":         {1000, 3, protocol.ReasonCrashed, protocol.ReasonCrashed},
		"always at rest": {1000, 6, protocol.ReasonResting, protocol.ReasonResting},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			code := sides(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
				if err := errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, 1)); err != nil {
					return protocol.Result{}, err
				}
				return text("done"), s.Recv(ctx, nil)
			}, func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
				if asked++; asked <= c.deaths {
					panic("the code dies")
				}
				return text("done"), s.Recv(ctx, nil)
			})
			pair := protocoltest.NewPair(t, bundles(code), bundles(code))
			pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil && f.Executed.Again {
					f.Executed.Fault.Reason = c.as
				}
				return protocoltest.Deliver
			})
			id := pair.Initiator.Create(t, instance("purse", state{}))[0]
			_, err := pair.ExecuteAs(within(t), opA, "test", call("DO", id))
			if fault.ReasonOf(err) != c.reason || asked != c.asked {
				t.Errorf("asked %d times: %v", asked, err)
			}
			clean(t, pair.Initiator)
		})
	}
}

// TestAStoppedOperationIsNoEnd: a servicer whose code died after something was durable
// may still do what it was asked for. Its peer does not take that for the end, also
// from its next life, and hears the end when the operator has seen to it.
func TestAStoppedOperationIsNoEnd(t *testing.T) {
	for name, reborn := range map[string]bool{"the same life": false, "the next one": true} {
		t.Run(name, func(t *testing.T) {
			deaths := 2
			code := sides(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
				if err := errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, 1), s.Recv(ctx, nil), s.Send(ctx, 2), s.Recv(ctx, nil)); err != nil {
					return protocol.Result{}, err
				}
				return text("done"), s.Update(ctx, add(c.Main(), 1))
			}, func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
				if err := errors.Join(s.Recv(ctx, nil), s.Update(ctx, create("purse", "", state{N: 7})), s.Send(ctx, 1), s.Recv(ctx, nil)); err != nil {
					return protocol.Result{}, err
				}
				if deaths--; deaths >= 0 {
					panic("the code dies")
				}
				return text("done"), nil
			})
			pair := protocoltest.NewPair(t, bundles(code), bundles(code))
			stopped := make(chan struct{}, 1000)
			pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil && f.Executed.Fault != nil && f.Executed.Fault.Reason == protocol.ReasonPending {
					stopped <- struct{}{}
				}
				return protocoltest.Deliver
			})
			id := pair.Initiator.Create(t, instance("purse", state{}))[0]
			ended := make(chan error, 1)
			go func() {
				_, err := pair.ExecuteAs(within(t), opA, "test", call("DO", id))
				ended <- err
			}()
			answered := func() {
				t.Helper()
				select {
				case <-stopped:
				case err := <-ended:
					t.Fatalf("a stopped operation has ended at its peer: %v", err)
				}
			}
			answered()
			if reborn {
				if err := pair.Servicer.Protocols.Close(within(t)); err != nil {
					t.Fatal(err)
				}
				pair.Reborn(protocol.Servicer, protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Before: pair.Servicer, Bundles: bundles(code)}))
				answered()
			}
			answered() // the first one is noted by now
			short, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := pair.Initiator.Protocols.Await(short, opA)
			if wants(t, err, fault.Unknown, protocol.ReasonPending); !strings.Contains(err.Error(), "its operator has to see to it") {
				t.Errorf("who waits is told %v", err)
			}
			if err := pair.Servicer.Protocols.Retry(t.Context(), opA); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil || number(t, pair.Initiator, id) != 2 || earned(t, pair.Servicer) != 7 {
				t.Errorf("%v; the purse has %d, the peer %d", err, number(t, pair.Initiator, id), earned(t, pair.Servicer))
			}
			clean(t, pair.Initiator)
		})
	}
}

// TestAnEndIsNotPending: code that passes on that something is pending has ended all
// the same. Whoever asked for it must not wait for another end.
func TestAnEndIsNotPending(t *testing.T) {
	code := sides(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := errors.Join(s.Update(ctx, add(c.Main(), 1)), s.Send(ctx, 1)); err != nil {
			return protocol.Result{}, err
		}
		return text("done"), s.Recv(ctx, nil)
	}, func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		if err := s.Recv(ctx, nil); err != nil {
			return protocol.Result{}, err
		}
		return protocol.Result{}, fault.New(fault.Unknown, "the provider has not decided").Because(protocol.ReasonPending)
	})
	pair := protocoltest.NewPair(t, bundles(code), bundles(code))
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	_, err := pair.ExecuteAs(within(t), opA, "test", call("DO", id))
	wants(t, err, fault.Unknown, protocol.ReasonUndecided)
	clean(t, pair.Initiator)
}

// TestClose: a party that goes away answers nothing that is not decided, and the
// next life ends what was begun.
func TestClose(t *testing.T) {
	arrived, over := newGate(), make(chan struct{})
	fetch := func(ctx context.Context, _ comm.Fetch) (comm.Fetched, error) {
		arrived.once.Do(func() { close(arrived.reached) })
		<-ctx.Done()
		return comm.Fetched{}, ctx.Err()
	}
	code := func(f side) []protocol.Bundle { return bundles(does(f)) }
	n := protocoltest.NewNode(t, protocoltest.Options{Fetch: fetch, Bundles: code(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
			return protocol.Result{}, err
		}
		_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/"})
		if fault.KindOf(err) != fault.Suspended {
			t.Errorf("the code was told %v", err)
		}
		if err := s.Update(ctx, add(c.Main(), 100)); fault.KindOf(err) != fault.Suspended { // its error path
			t.Errorf("the code was told %v", err)
		}
		return text("thrown away"), nil
	})})
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	go func() {
		defer close(over)
		_, err := doAs(t, n, opA, call("DO", id))
		wants(t, err, fault.Unknown, "pending")
	}()
	wait(t, arrived.reached, "the request is out")
	if err := n.Protocols.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait(t, over, "the caller is told")
	_, err := do(t, n, call("DO", id))
	wants(t, err, fault.Unavailable, "shutting-down")
	if rows := n.Operations(t); len(rows) != 1 || rows[0].State != protocol.Running {
		t.Fatalf("rows: %+v", rows)
	}

	next := protocoltest.NewNode(t, protocoltest.Options{Before: n, Bundles: code(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
			return protocol.Result{}, err
		}
		_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/"})
		if fault.KindOf(err) != fault.Suspended { // as the run is that asks too early
			wants(t, err, fault.Unknown, "answer-lost") // it may have arrived, and is not to be sent twice
		}
		return text("went on"), s.Update(ctx, add(c.Main(), 10))
	})})
	_, err = doAs(t, next, opA, call("DO", id))
	if fault.KindOf(err) != fault.Locked && fault.ReasonOf(err) != "pending" {
		t.Errorf("before it is resumed: %v", err)
	}
	if n, err := next.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Fatalf("resumed %d, %v", n, err)
	}
	if n, err := next.Protocols.Resume(t.Context()); n != 0 || err != nil {
		t.Errorf("resumed %d again, %v", n, err)
	}
	got, err := doAs(t, next, opA, call("DO", id))
	if err != nil || string(got.Value) != `"went on"` || number(t, next, id) != 11 {
		t.Errorf("%s, %v; the purse has %d", got.Value, err, number(t, next, id))
	}
	clean(t, next)
	records, err := next.Protocols.Records(t.Context(), protocol.Filter{})
	if err != nil || len(records) != 1 || records[0].State != protocol.Ended || len(records[0].ID) != 12 {
		t.Errorf("records: %+v, %v", records, err)
	}
}

// TestDatabaseFails: a commit that fails is never taken for success.
func TestDatabaseFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails int // which commit of the operation
		kind  fault.Kind
	}{{"at the end of a plain operation", 1, fault.Unknown}, {"before a request", 1, fault.Unknown}, {"after a request", 2, fault.Unknown}} {
		t.Run(c.name, func(t *testing.T) {
			var srv server
			commits, counting := 0, false
			o := protocoltest.Options{Fetch: srv.fetch, Store: store.Options{BeforeCommit: func(int) error {
				if counting {
					if commits++; commits == c.fails {
						return errors.New("the disk is full")
					}
				}
				return nil
			}}}
			o.Bundles = bundles(does(func(ctx context.Context, s protocol.Session, call protocol.Call) (protocol.Result, error) {
				if err := s.Update(ctx, add(call.Main(), 1)); err != nil {
					return protocol.Result{}, err
				}
				if strings.Contains(c.name, "request") {
					if _, err := s.Fetch(ctx, protocol.Request{Address: call.Main(), Method: "GET", Path: "/"}); err != nil {
						return protocol.Result{}, err
					}
				}
				return text("done"), nil
			}))
			n := protocoltest.NewNode(t, o)
			id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
			counting = true
			_, err := doAs(t, n, opA, call("DO", id))
			wants(t, err, c.kind, "")
			if want := c.fails - 1; len(srv.seen()) != want {
				t.Errorf("%d requests were sent, wanted %d", len(srv.seen()), want)
			}
		})
	}
}
