// Package commtest proves that a transport keeps the contract of package comm.
// Every transport passes the one suite:
//
//	func TestTransport(t *testing.T) {
//		commtest.TestTransport(t, func(t testing.TB) commtest.World { … })
//	}
//
// A transport with TLS also passes a second suite, which speaks its wire by hand and does
// what no honest peer does:
//
//	func TestWire(t *testing.T) { commtest.TestWire(t, commtest.Wire{…}) }
//
// What is peculiar to a transport, such as its handshake and its frames, it tests itself.
package commtest

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm"
)

// World makes parties with new identities that can reach each other. Trust
// decides about the unknown peers that the party dials; nil is the transport's
// own rule.
type World func(trust comm.Trust) Party

// Party is one wallet in a world.
type Party struct {
	Transport comm.Acceptor
	Key       string       // text of its identity key
	Listen    comm.Address // where it may listen; each party has its own
	MaxFrame  int          // the longest frame that it takes, in bytes
	Once      bool         // its lines end with their first session
}

// part is one thing that a transport must do.
type part struct {
	name string
	test func(*testing.T, World)
}

// TestTransport runs the suite; each part gets a world of its own.
func TestTransport(t *testing.T, world func(t testing.TB) World) {
	run(t, world, append(parts(), []part{
		{"both sides know each other's key", testKeys},
		{"another key than expected is refused", testChangedKey},
		{"an unknown peer is refused", testUnknownPeer},
		{"trust decides about an unknown peer", testTrust},
	}...))
}

// TestTransportInClear runs the suite for a line on which nobody can prove a key.
// The parties of its worlds have none.
func TestTransportInClear(t *testing.T, world func(t testing.TB) World) {
	run(t, world, append(parts(), part{"nobody has a key, and an address that names one is refused", testNoKeys}))
}

func run(t *testing.T, world func(t testing.TB) World, parts []part) {
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			noLeaks(t)
			part.test(t, world(t))
		})
	}
}

// parts are those of every transport.
func parts() []part {
	return []part{
		{"a request gets its answer", testAnswer},
		{"faults cross and causes stay", testFaults},
		{"frames are handled in order", testOrder},
		{"what the servicer says comes before its answer", testServicerSays},
		{"requests run at the same time", testConcurrent},
		{"one request too many is refused", testTooMany},
		{"the servicer may not call", testServicerMayNotCall},
		{"a frame too big is refused", testBigFrame},
		{"time ends a call and not the connection", testTimeout},
		{"closing ends both sides once", testClose},
		{"last words arrive", testLastWords},
		{"a refused peer is closed", testAcceptRefuses},
		{"an address is dialled again after its connection has ended", testAgain},
		{"a listener takes its connections along", testListenerClose},
		{"a listener ends with its context", testListenContext},
		{"nobody there is unavailable", testUnreachable},
		{"both sides see the same connection", testBinding},
	}
}
