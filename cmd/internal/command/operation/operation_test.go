package operation

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/protocol"
)

// Whoever waits for what a peer has begun is told at once that the peer cannot reach it here.
func TestWhoWaitsIsToldForWhom(t *testing.T) {
	for side, want := range map[protocol.Side]string{protocol.Servicer: "begun by a peer", protocol.Initiator: "Waiting for operation"} {
		if said := waitsFor(protocol.Record{ID: "0123456789abcdef", Side: side}); !strings.Contains(said, want) || !strings.Contains(said, "1m0s") {
			t.Errorf("%v: %s", side, said)
		}
	}
}
