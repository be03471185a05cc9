package protocol_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// negotiating is a connection to another node that can only negotiate.
type negotiating struct {
	comm.Conn
	peer *protocoltest.Node
	me   comm.Peer
	err  error
}

func (c negotiating) Peer() comm.Peer { return c.peer.Self }

func (c negotiating) Call(ctx context.Context, method string, params, result any) error {
	if c.err != nil {
		return c.err
	}
	if method != comm.MethodProtocols {
		return fault.New(fault.Unsupported, "%s", method)
	}
	got, err := c.peer.Protocols.AnswerNegotiation(ctx, c.me, params.(comm.Protocols))
	if err != nil {
		return err
	}
	return json.Unmarshal(raw(got), result)
}

func TestNegotiation(t *testing.T) {
	named := func(ids ...string) (out []protocol.Protocol) {
		for _, id := range ids {
			out = append(out, script{id: id})
		}
		return out
	}
	for _, c := range []struct {
		name        string
		left, right []string
		want        []string
	}{
		{"what both have, in the peer's order", []string{"c", "b", "a"}, []string{"b", "c", "d"}, []string{"b", "c"}},
		{"nothing in common", []string{"a"}, []string{"b"}, nil},
		{"the peer has nothing", []string{"a"}, nil, nil},
		{"this side has nothing", nil, []string{"a"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			pair := protocoltest.NewPair(t, bundles(named(c.left...)...), bundles(named(c.right...)...))
			conn := negotiating{peer: pair.Servicer, me: pair.Initiator.Self}
			got, err := pair.Initiator.Protocols.NegotiateProtocol(t.Context(), "purse", conn)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v", got, err)
			}
			if len(pair.Initiator.Operations(t))+len(pair.Servicer.Operations(t)) != 0 {
				t.Error("a negotiation keeps a row")
			}
		})
	}
	t.Run("a protocol that is for another class", func(t *testing.T) {
		for class, want := range map[instrument.ClassID][]string{"purse": {"a"}, "pool": {"a", "b"}} {
			pair := protocoltest.NewPair(t, bundles(script{id: "a"}, forPools{script{id: "b"}}), bundles(script{id: "a"}, forPools{script{id: "b"}}))
			got, err := pair.Initiator.Protocols.NegotiateProtocol(t.Context(), class, negotiating{peer: pair.Servicer, me: pair.Initiator.Self})
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("for a %s there are %v, %v", class, got, err)
			}
		}
	})
	t.Run("a peer that refuses", func(t *testing.T) {
		pair := protocoltest.NewPair(t, bundles(named("a")...), nil)
		conn := negotiating{peer: pair.Servicer, err: fault.New(fault.Denied, "not with you").Because("not-with-you")}
		_, err := pair.Initiator.Protocols.NegotiateProtocol(t.Context(), "purse", conn)
		wants(t, err, fault.Denied, "not-with-you")
	})
}

// forPools is a protocol that is compatible with one class of its bundle alone.
type forPools struct{ script }

func (forPools) CompatibleWith(class instrument.ClassID) bool { return class == "pool" }

func TestIntersect(t *testing.T) { protocoltest.TestProtocol(t, pnp.Intersect{}) }

func TestManagerParts(t *testing.T) {
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(script{id: "b"}, script{id: "a"})})
	if got := n.Protocols.Available("purse"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("available: %v", got)
	}
	if got := n.Protocols.Available("unknown"); len(got) != 0 {
		t.Errorf("available: %v", got)
	}
	for _, c := range []struct {
		name   string
		err    error
		reason fault.Reason
	}{
		{"an unknown protocol", second(n.Protocols.Operations("c", "purse", comm.Vendor)), "protocol-unknown"},
		{"an unknown operation", second(n.Protocols.Operation("a", "purse", comm.Vendor, "NO-SUCH")), "operation-unknown"},
		{"two protocols of one id", second(protocol.NewManager(protocol.Parts{Bundles: bundles(script{id: "a"}, script{id: "a"})})), "protocol-installed-twice"},
		{"no PNP", second(protocol.NewManager(protocol.Parts{PNP: "pnp.none", Bundles: bundles(script{id: "a"})})), "pnp-missing"},
		{"a PNP that does not negotiate", second(protocol.NewManager(protocol.Parts{PNP: "a", Bundles: bundles(script{id: "a"})})), "pnp-missing"},
		{"arguments that are not JSON", second(n.Protocols.Execute(t.Context(), protocol.Execution{Protocol: "a", Call: protocol.Call{Operation: "DO", Args: []byte("{")}})), "message-malformed"},
		{"arguments and more", second(n.Protocols.Execute(t.Context(), protocol.Execution{Protocol: "a", Call: protocol.Call{Operation: "DO", Args: []byte("{} {}")}})), "message-malformed"},
	} {
		if c.err == nil || fault.ReasonOf(c.err) != c.reason {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
	if _, err := protocol.NewOperationID(failing{}); err == nil {
		t.Error("an id was made without random bytes")
	}
}

// A stranger's protocol that says that it is compatible with a class of somebody
// else would be offered, and chosen, for instruments that it may not reach.
func TestAProtocolIsOfferedForTheClassesOfItsBundleOnly(t *testing.T) {
	own := bundles(script{id: "b"})
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: append(own, protocol.Bundle{Name: "stranger", Protocols: []protocol.Protocol{script{id: "a"}}})})
	if got := n.Protocols.Available("purse"); !slices.Equal(got, []string{"b"}) {
		t.Errorf("available: %v", got)
	}
	alone := protocoltest.NewNode(t, protocoltest.Options{Bundles: own})
	if n.Protocols.Version() != alone.Protocols.Version() {
		t.Error("what cannot be used changes what is negotiated")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("no dice") }

func second[T any](_ T, err error) error { return err }
