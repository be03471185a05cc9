package protocol_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// torn is a database of which no part of a log can be opened.
type torn struct {
	protocol.Store
	on bool
}

func (l *torn) OperationLog(ctx context.Context, id instrument.OperationID) ([][]byte, error) {
	parts, err := l.Store.OperationLog(ctx, id)
	for _, p := range parts {
		if l.on {
			p[len(p)/2] ^= 1
		}
	}
	return parts, err
}

// TestForgoStopped: what was stopped with something outside is not abandoned; its operator's
// word ends it as what nobody knows, and its instruments are free as they are. Not so where
// nobody can read what it has done.
func TestForgoStopped(t *testing.T) {
	for name, outside := range map[string][]string{"an instrument is outside": {"open"}, "nothing is outside": nil} {
		t.Run(name, func(t *testing.T) {
			o := protocoltest.Options{
				Bundles: []protocol.Bundle{{
					Name: "test", Classes: []instrument.Class{class{id: "purse", outside: outside}},
					Protocols: []protocol.Protocol{does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
						if err := s.Update(ctx, add(c.Main(), 1)); err != nil {
							return protocol.Result{}, err
						}
						if _, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/"}); err != nil {
							return protocol.Result{}, err
						}
						panic("the code dies")
					})},
				}},
				Fetch: answers,
			}
			var log torn
			o.Database = func(s protocol.Store) protocol.Store { log.Store = s; return &log }
			n := protocoltest.NewNode(t, o)
			id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
			_, err := doAs(t, n, opA, call("DO", id))
			wants(t, err, fault.Stuck, "")
			if outside != nil {
				_, err = n.Protocols.Abandon(t.Context(), opA)
				wants(t, err, fault.Conflict, "value-outside")
			}
			log.on = true
			_, err = n.Protocols.ForgoStopped(t.Context(), opA)
			wants(t, err, fault.Internal, "seal-broken")
			log.on = false
			left, err := n.Protocols.ForgoStopped(t.Context(), opA)
			if err != nil || len(left) != 1 || left[0].ID != id || number(t, n, id) != 1 {
				t.Fatalf("left: %+v, %v", left, err)
			}
			_, err = n.Protocols.Await(t.Context(), opA)
			wants(t, err, fault.Unknown, protocol.ReasonForgone)
			_, err = n.Protocols.ForgoStopped(t.Context(), opA)
			wants(t, err, fault.Conflict, "not-stuck")
			clean(t, n)
		})
	}
}
