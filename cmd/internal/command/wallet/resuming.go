package wallet

import (
	"cmp"
	"context"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/protocol"
)

// atTheEnd is how long a command that has done its work waits for payments that an
// earlier life has left.
const atTheEnd = 5 * time.Second

// sayInterrupted says for which operations of an earlier life a command waits before it begins.
func sayInterrupted(e *cli.Env, left []protocol.Execution) {
	for _, r := range left {
		e.Say("Waiting, for a few seconds at most, for operation %s, which was interrupted: %s %s with %s.",
			protocol.Short(r.ID), r.Protocol, r.Call.Operation, cmp.Or(r.Peer.Name, "its peer"))
	}
}

// resuming goes on with the payments of several instruments that an earlier life has left,
// beside a command; what it returns waits a little for them and ends it. A restored wallet
// leaves them to a person.
func (w *wallet) resuming(ctx context.Context) (end func()) {
	m, err := w.mark()
	if err != nil || !m.Restored.IsZero() {
		return func() {}
	}
	within, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.ResumePayments(within); err != nil && within.Err() == nil {
			w.house.Log().Warn("a payment of several instruments is still open", "error", err)
		}
	}()
	return func() {
		defer time.AfterFunc(house.SayAfter, func() {
			w.env.Say("Waiting, for %s at most, for what an earlier payment of several instruments has left.", atTheEnd)
		}).Stop()
		select {
		case <-done:
		case <-time.After(atTheEnd):
		}
		cancel()
		<-done
	}
}
