package protocol_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestAMessageThatIsTooLargeIsRefusedAtOnce, at its sender, and nothing is half done.
func TestAMessageThatIsTooLargeIsRefusedAtOnce(t *testing.T) {
	for name, row := range map[string]struct {
		bytes  int
		reason fault.Reason
	}{"the largest": {384<<10 - 2, ""}, "one more": {384<<10 - 1, "message-too-large"}} {
		says := func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := s.Send(ctx, strings.Repeat("x", row.bytes)); err != nil { // and two quotes
				return protocol.Result{}, err
			}
			return text("fine"), s.Recv(ctx, nil)
		}
		hears := func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("done"), s.Recv(ctx, nil)
		}
		t.Run(name, func(t *testing.T) {
			pair := protocoltest.NewPair(t, bundles(sides(says, hears)), bundles(sides(says, hears)))
			_, err := settled(t, pair, call("DO", pair.Initiator.Create(t, instance("purse", state{}))...))
			if row.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wants(t, err, fault.Invalid, row.reason)
		})
	}
}

// TestAPeerThatSaysTooMuchIsTold: a message that is longer than any that is taken ends
// the operation, instead of being waited for until the deadline.
func TestAPeerThatSaysTooMuchIsTold(t *testing.T) {
	code := sides(
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			if err := s.Send(ctx, "hello"); err != nil {
				return protocol.Result{}, err
			}
			return text("fine"), s.Recv(ctx, nil)
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("done"), s.Recv(ctx, nil)
		},
	)
	pair := protocoltest.NewPair(t, bundles(code), bundles(code))
	pair.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Execute != nil {
			f.Execute.Msgs = slices.Clone(f.Execute.Msgs)
			for n := range f.Execute.Msgs {
				f.Execute.Msgs[n].Body = json.RawMessage(`"` + strings.Repeat("x", 384<<10) + `"`)
			}
		}
		return protocoltest.Deliver
	})
	_, err := settled(t, pair, call("DO", pair.Initiator.Create(t, instance("purse", state{}))...))
	wants(t, err, fault.Invalid, "message-too-large")
}
