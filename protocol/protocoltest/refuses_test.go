package protocoltest

import (
	"context"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

// listener is a protocol that does the same whatever it is asked.
type listener struct {
	protocol.Protocol
	do func(context.Context, protocol.Session) error
}

func (l listener) DoOperation(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
	return protocol.Result{}, l.do(ctx, s)
}

// An author reads what is wrong with the protocol, and not where the suite fell over it.
func TestAProtocolThatRefusesNothing(t *testing.T) {
	for name, row := range map[string]struct {
		do   func(context.Context, protocol.Session) error
		says string // empty: it refuses
	}{
		"it refuses":          {func(context.Context, protocol.Session) error { return fault.New(fault.Unsupported, "no") }, ""},
		"another fault":       {func(context.Context, protocol.Session) error { return fault.New(fault.Denied, "no") }, "does not refuse"},
		"it ends well":        {func(context.Context, protocol.Session) error { return nil }, "ends an operation well"},
		"it sends":            {func(ctx context.Context, s protocol.Session) error { return s.Send(ctx, 1) }, "goes on with an operation"},
		"it waits":            {func(ctx context.Context, s protocol.Session) error { return s.Recv(ctx, nil) }, "goes on with an operation"},
		"it panics by itself": {func(context.Context, protocol.Session) error { panic("help") }, "help"},
	} {
		t.Run(name, func(t *testing.T) {
			err := refuses(t.Context(), listener{do: row.do}, protocol.Initiator)
			if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("it says %v", err)
			}
		})
	}
}
