package protocol_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
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

// TestCodeBreaksRules is about code that does what it must not.
func TestCodeBreaksRules(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   side
		kind   fault.Kind
		reason fault.Reason
	}{
		{"a session call inside an Update", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("x"), s.Update(ctx, func(instrument.Tx) error { return s.Send(ctx, 1) })
		}, fault.Internal, "session-misused"},
		{"an Update inside an Update", func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return text("x"), s.Update(ctx, func(instrument.Tx) error { return s.Update(ctx, add(c.Main(), 1)) })
		}, fault.Internal, "session-misused"},
		{"a second goroutine", func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			told := make(chan error)
			err := s.Update(ctx, func(instrument.Tx) error {
				go func() { told <- s.Recv(ctx, nil) }()
				return <-told
			})
			return text("x"), err
		}, fault.Internal, "session-misused"},
		{"a Tx after its Update", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var kept instrument.Tx
			if err := s.Update(ctx, func(tx instrument.Tx) error { kept = tx; return nil }); err != nil {
				return protocol.Result{}, err
			}
			_, err := kept.Get("00000000000000000000000000")
			return text("x"), err
		}, fault.Internal, "session-misused"},
		{"a Put over a version that was not read", func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			return text("x"), s.Update(ctx, func(tx instrument.Tx) error {
				i, err := tx.Get(c.Main())
				i.Version++
				return errors.Join(err, tx.Put(i))
			})
		}, fault.Internal, ""},
		{"too many steps", func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			for {
				if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
					return protocol.Result{}, err
				}
			}
		}, fault.Internal, "too-many-steps"},
		{"a result that is too large", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return text(strings.Repeat("x", 400<<10)), nil
		}, fault.Internal, "result-too-large"},
		{"a result that is not JSON", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return protocol.Result{Value: []byte("{")}, nil
		}, fault.Internal, "result-malformed"},
		{"a goroutine that is taken away", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			runtime.Goexit()
			return protocol.Result{}, nil
		}, fault.Internal, "steps-broken"},
		{"a word that never leaves the process", func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, fault.New(fault.Suspended, "I suspend myself")
		}, fault.Internal, ""},
		{"a question to nobody", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			_, err := s.Ask(ctx, protocol.Prompt{Text: "?"})
			return protocol.Result{}, err
		}, fault.Unsupported, "no-person"},
		{"a message to nobody", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, s.Send(ctx, 1)
		}, fault.Unsupported, "no-peer"},
		{"a message from nobody", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, s.Recv(ctx, nil)
		}, fault.Unsupported, "no-peer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(does(c.code)), Unchecked: true})
			id := n.Create(t, instance("purse", state{}))[0]
			_, err := do(t, n, call("DO", id))
			if err == nil {
				t.Fatal("it was let through")
			}
			wants(t, err, c.kind, c.reason)
			if number(t, n, id) != 0 {
				t.Errorf("it left %d", number(t, n, id))
			}
			clean(t, n)
		})
	}
}

// stepper is a protocol whose code hands over steps by itself, like a plugin
// that is defective or hostile.
type stepper struct {
	script
	run func(ctx context.Context, b protocol.Begin, d protocol.Door) error
}

func (s stepper) RunSteps(ctx context.Context, b protocol.Begin, d protocol.Door) error {
	return s.run(ctx, b, d)
}

func TestHostileSteps(t *testing.T) {
	result := protocol.Step{N: 1, Kind: protocol.StepResult, Result: &protocol.Result{}}
	one := func(steps ...protocol.Step) func(context.Context, protocol.Begin, protocol.Door) error {
		return func(ctx context.Context, _ protocol.Begin, d protocol.Door) error {
			_, err := d.Exchange(ctx, steps)
			return err
		}
	}
	for _, c := range []struct {
		name   string
		run    func(context.Context, protocol.Begin, protocol.Door) error
		reason fault.Reason
	}{
		{"no steps", one(), "steps-broken"},
		{"a number left out", one(protocol.Step{N: 2, Kind: protocol.StepRecv}), "steps-broken"},
		{"a result in the middle", one(result, protocol.Step{N: 2, Kind: protocol.StepRecv}), "steps-broken"},
		{"nothing that asks", one(protocol.Step{N: 1, Kind: protocol.StepUpdate}), "steps-broken"},
		{"an unknown kind that asks", one(protocol.Step{N: 1, Kind: 99}), "steps-broken"},
		{"an unknown kind that rides", one(protocol.Step{N: 1, Kind: 0}, protocol.Step{N: 2, Kind: protocol.StepResult}), "steps-broken"},
		{"a request without content", one(protocol.Step{N: 1, Kind: protocol.StepFetch}), "steps-broken"},
		{"an end without a result", func(context.Context, protocol.Begin, protocol.Door) error { return nil }, "steps-broken"},
		{"a step after the end", func(ctx context.Context, _ protocol.Begin, d protocol.Door) error {
			if _, err := d.Exchange(ctx, []protocol.Step{result}); err != nil {
				return err
			}
			if _, err := d.Exchange(ctx, []protocol.Step{{N: 2, Kind: protocol.StepRecv}}); fault.ReasonOf(err) != "steps-broken" {
				t.Errorf("a step after the end was answered: %v", err)
			}
			return nil
		}, ""},
		{"other steps after a rewind", func(ctx context.Context, b protocol.Begin, d protocol.Door) error {
			update := func(n int) protocol.Step {
				i := b.Leased[0].Clone()
				if err := i.Encode(state{N: n}); err != nil {
					return protocol.Step{}
				}
				return protocol.Step{N: 1, Kind: protocol.StepUpdate, Writes: []instrument.Instance{i}}
			}
			fetch := protocol.Step{N: 2, Kind: protocol.StepFetch, Fetch: &protocol.Request{Address: b.Leased[0].ID, Path: "/"}}
			if _, err := d.Exchange(ctx, []protocol.Step{update(1), fetch}); err != nil { // durable now
				return err
			}
			bad := protocol.Step{N: 3, Kind: protocol.StepUpdate, Writes: []instrument.Instance{{Class: "foreign"}}}
			a, err := d.Exchange(ctx, []protocol.Step{bad, {N: 4, Kind: protocol.StepResult}})
			if err != nil || a.Rewind == nil {
				return fmt.Errorf("no rewind: %+v, %v", a, err)
			}
			_, err = d.Exchange(ctx, []protocol.Step{update(2), fetch})
			return err
		}, "steps-broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var srv server
			var log bytes.Buffer
			n := protocoltest.NewNode(t, protocoltest.Options{
				Fetch: srv.fetch, Bundles: bundles(stepper{run: c.run}), Log: slog.New(slog.NewTextHandler(&log, nil)),
			})
			id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
			_, err := do(t, n, call("DO", id))
			if got := fault.ReasonOf(err); got != c.reason {
				t.Errorf("the error is %v (%q), wanted %q", err, got, c.reason)
			}
			if len(srv.seen()) > 1 {
				t.Error("something was sent twice")
			}
		})
	}
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
