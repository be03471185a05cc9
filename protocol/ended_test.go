package protocol_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestWhoWaitsForMoreThanIsSaidIsNotToldThatNothingHappened: the peer has ended well, and
// has done what it was asked to.
func TestWhoWaitsForMoreThanIsSaidIsNotToldThatNothingHappened(t *testing.T) {
	var told error
	code := sides(
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			if err := s.Send(ctx, "do it"); err != nil {
				return protocol.Result{}, err
			}
			if err := s.Recv(ctx, nil); err != nil {
				return protocol.Result{}, err
			}
			told = s.Recv(ctx, nil)
			return protocol.Result{}, told
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("done"), s.Recv(ctx, nil)
		},
	)
	pair := protocoltest.NewPair(t, bundles(code), bundles(code))
	_, err := pair.Execute(t.Context(), "test", call("DO", pair.Initiator.Create(t, instance("purse", state{}))[0]))
	wants(t, told, fault.Unknown, "peer-ended")
	wants(t, err, fault.Unknown, "peer-ended")
}
