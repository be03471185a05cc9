package protocol_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// TestNothingIsSaidThatNoPeerReads: a connection ends over it whenever it is said again,
// and nobody would ever hear of the end.
func TestNothingIsSaidThatNoPeerReads(t *testing.T) {
	for name, body := range map[string]string{"latin-1": "{\"code\":\"GR\xdcN\"}", "deep": nested(instrument.MaxDepth + 1)} {
		says := func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			if err := s.Send(ctx, json.RawMessage(body)); err != nil {
				return protocol.Result{}, err
			}
			return protocol.Result{}, s.Recv(ctx, nil)
		}
		hears := func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("done"), s.Recv(ctx, nil)
		}
		ends := func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
			return protocol.Result{Value: json.RawMessage(body)}, nil
		}
		waits := func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return protocol.Result{}, s.Recv(ctx, nil)
		}
		for what, row := range map[string]struct {
			code   script
			reason fault.Reason
		}{"message": {sides(says, hears), "message-malformed"}, "result": {sides(waits, ends), "result-malformed"}} {
			t.Run(name+" "+what, func(t *testing.T) {
				pair := protocoltest.NewPair(t, bundles(row.code), bundles(row.code))
				id := pair.Initiator.Create(t, instance("purse", state{}))[0]
				_, err := settled(t, pair, call("DO", id))
				wants(t, err, fault.Internal, row.reason)
			})
		}
		t.Run(name+" arguments", func(t *testing.T) {
			pair := protocoltest.NewPair(t, bundles(does(waits)), bundles(does(waits)))
			c := call("DO", pair.Initiator.Create(t, instance("purse", state{}))...)
			c.Args = json.RawMessage(body)
			_, err := settled(t, pair, c)
			wants(t, err, fault.Invalid, "message-malformed")
		})
	}
}

// TestWhatCannotBeKeptIsNotHeard: a peer that says it nevertheless neither stops nor
// crashes our code. What it has done is not known; at a servicer nothing has happened.
func TestWhatCannotBeKeptIsNotHeard(t *testing.T) {
	deep := json.RawMessage(nested(9000)) // as a frame takes it
	code := sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
				return protocol.Result{}, err
			}
			if err := s.Send(ctx, "hello"); err != nil {
				return protocol.Result{}, err
			}
			return text("fine"), s.Recv(ctx, nil)
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			err := s.Recv(ctx, nil)
			return text("done"), err
		},
	)
	pair := protocoltest.NewPair(t, bundles(code), bundles(code))
	pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Executed != nil && f.Executed.Fault == nil {
			f.Executed.Result = deep
		}
		return protocoltest.Deliver
	})
	id := pair.Initiator.Create(t, instance("purse", state{}))[0]
	_, err := settled(t, pair, call("DO", id))
	wants(t, err, fault.Unknown, "message-malformed")

	pair = protocoltest.NewPair(t, bundles(code), bundles(code))
	pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Execute != nil {
			f.Execute.Msgs = slices.Clone(f.Execute.Msgs)
			for n := range f.Execute.Msgs {
				f.Execute.Msgs[n].Body = deep
			}
		}
		return protocoltest.Deliver
	})
	id = pair.Initiator.Create(t, instance("purse", state{}))[0]
	_, err = settled(t, pair, call("DO", id))
	wants(t, err, fault.Invalid, "message-malformed")
}
