package protocol_test

import (
	"context"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// Who waits for an interrupted operation with which nobody goes on is told why, and what helps.
func TestWhoWaitsInVainIsToldWhy(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	over, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for name, row := range map[string]struct {
		ctx   context.Context
		next  protocoltest.Options
		says  string
		hints string
		why   fault.Reason
	}{
		"its plugin was removed":   {within(t), protocoltest.Options{Bundles: bundles(script{id: "another"})}, "goes on only with test, which is not installed here", "`plugin add`", protocol.ReasonPending},
		"and who goes away is not": {left, protocoltest.Options{Looking: true, Bundles: bundles(talk(2))}, "runs in another process, or was interrupted", "", protocol.ReasonPending},
		"nobody works":             {over, protocoltest.Options{Looking: true, Bundles: bundles(talk(2))}, "no process that works goes on with it", "`bank serve`", protocol.ReasonNotServed},
	} {
		t.Run(name, func(t *testing.T) {
			pair, _ := interrupted(t, talk(2))
			row.next.Role, row.next.Before = comm.Client, pair.Initiator
			next := protocoltest.NewNode(t, row.next)
			_, err := next.Protocols.Await(row.ctx, opA)
			wants(t, err, fault.Unknown, row.why)
			if f := fault.From(err); !strings.Contains(f.Message, row.says) || !strings.Contains(f.Hint, row.hints) {
				t.Errorf("it says %q, and to %q", f.Message, f.Hint)
			}
		})
	}
}
