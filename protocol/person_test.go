package protocol_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

var sure = protocol.Prompt{Text: "Sure?", Choices: []string{"yes", "no"}}

// asks is a talk in the middle of which a person is asked, by one side.
func asks(who protocol.Side) script {
	ask := func(ctx context.Context, s protocol.Session, c protocol.Call) (string, error) {
		if s.Side() != who {
			return "", nil
		}
		return s.Ask(ctx, sure)
	}
	return sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
				return protocol.Result{}, err
			}
			if err := s.Send(ctx, "hello"); err != nil {
				return protocol.Result{}, err
			}
			said, err := ask(ctx, s, c)
			if err != nil {
				said = string(fault.ReasonOf(err)) // the peer hears of it, whatever it is
			}
			if err := s.Send(ctx, said); err != nil {
				return protocol.Result{}, err
			}
			var end string
			err = s.Recv(ctx, &end)
			return text(end), err
		},
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			var said string
			if err := s.Recv(ctx, &said); err != nil {
				return protocol.Result{}, err
			}
			if _, err := ask(ctx, s, c); err != nil {
				return protocol.Result{}, err
			}
			if err := s.Recv(ctx, &said); err != nil {
				return protocol.Result{}, err
			}
			return text("heard " + said), nil
		},
	)
}

func asked(t *testing.T, code script, initiator, servicer protocol.Asker) *protocoltest.Pair {
	t.Helper()
	return protocoltest.Connect(
		protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code), Ask: initiator}),
		protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(code), Ask: servicer}),
	)
}

// TestAPersonAnswers what code asks in the middle, and is told whose code it is.
func TestAPersonAnswers(t *testing.T) {
	var heard []protocol.Question
	person := func(_ context.Context, q protocol.Question) (string, error) {
		heard = append(heard, q)
		return "yes", nil
	}
	pair := asked(t, asks(protocol.Initiator), person, nil)
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	got, err := settled(t, pair, call("DO", id))
	if err != nil || string(got.Value) != `"heard yes"` {
		t.Errorf("%s, %v", got.Value, err)
	}
	if want := (protocol.Question{Prompt: sure, Protocol: "test", Name: "DO", Peer: pair.Servicer.Self}); len(heard) != 1 || !reflect.DeepEqual(heard[0], want) {
		t.Errorf("the person heard %+v", heard)
	}
}

// TestNobodyIsThere: the code is told so, and goes on. Who services a peer is no
// person that the peer may have asked.
func TestNobodyIsThere(t *testing.T) {
	pair := asked(t, asks(protocol.Initiator), nil, nil)
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	got, err := settled(t, pair, call("DO", id))
	if err != nil || string(got.Value) != `"heard no-person"` {
		t.Errorf("%s, %v", got.Value, err)
	}
	pair = asked(t, asks(protocol.Servicer), nil, func(context.Context, protocol.Question) (string, error) {
		t.Error("the vendor's person was asked")
		return "yes", nil
	})
	id = pair.Initiator.Create(t, instance("purse", state{}))[0]
	_, err = settled(t, pair, call("DO", id))
	wants(t, err, fault.Unsupported, protocol.ReasonNoPerson)
	if hint := fault.From(err).Hint; !strings.Contains(hint, "author") {
		t.Errorf("the peer's person is told %q", hint)
	}
}

// TestAQuestionIsAskedAgain after a crash in the middle of it, when a person is here
// again; and the rest is said once.
func TestAQuestionIsAskedAgain(t *testing.T) {
	code := asks(protocol.Initiator)
	thinking := make(chan struct{})
	pair := asked(t, code, func(ctx context.Context, _ protocol.Question) (string, error) {
		close(thinking)
		<-ctx.Done()
		return "", ctx.Err()
	}, nil)
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	go func() { _, _ = pair.ExecuteAs(t.Context(), opA, "test", call("DO", id)) }()
	wait(t, thinking, "the person is asked")
	if err := pair.Initiator.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	life := func(ask protocol.Asker) {
		pair.Reborn(protocol.Initiator, protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code), Before: pair.Initiator, Ask: ask, Reach: pair.Wire.ToServicer}))
		if n, err := pair.Initiator.Protocols.Resume(t.Context()); err != nil || n != 1 {
			t.Fatalf("%d resumed, %v", n, err)
		}
	}
	life(nil) // a command that asks nobody
	if !pair.Initiator.Protocols.Resumed(within(t)) {
		t.Error("it still runs, with nobody to ask")
	}
	if found, err := pair.Initiator.Protocols.Records(t.Context(), protocol.Filter{}); err != nil || len(found) != 1 || found[0].State != protocol.Running {
		t.Fatalf("%+v, %v", found, err)
	}
	life(func(context.Context, protocol.Question) (string, error) { return "yes", nil })
	got, err := pair.Initiator.Protocols.Await(within(t), opA)
	if err != nil || string(got.Value) != `"heard yes"` || number(t, pair.Initiator, id) != 1 {
		t.Errorf("%s, %v, with %d in the purse", got.Value, err, number(t, pair.Initiator, id))
	}
}

// TestAQuestionEndsWithTheTime of its operation, which the peer keeps as well: it is
// not kept up by a person who has gone for lunch, nor asked when the time is over.
func TestAQuestionEndsWithTheTime(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, left := range map[string]time.Duration{"in the middle": 20 * time.Millisecond, "before": -time.Second} {
		t.Run(name, func(t *testing.T) {
			var told error
			code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
				_, err := s.Ask(ctx, sure)
				return text("gone on"), err
			})
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code), Clock: func() time.Time { return noon }, Ask: func(ctx context.Context, _ protocol.Question) (string, error) {
				<-ctx.Done()
				told = context.Cause(ctx)
				return "", told
			}})
			id := n.Create(t, instance("purse", state{}))[0]
			c := call("DO", id)
			c.Deadline = noon.Add(left)
			_, err := do(t, n, c)
			wants(t, err, fault.Timeout, "question-over")
			if left > 0 && told == nil || left < 0 && told != nil {
				t.Errorf("the person was told %v", told)
			}
		})
	}
}
