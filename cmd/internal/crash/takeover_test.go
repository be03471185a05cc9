//go:build unix

package crash_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/protocol"
)

// TestAnotherProcessTakesOver kills one of two processes on a wallet's directory
// in the middle of a payment. What was durable the other one finishes, without
// being started again; of the rest nothing is left, and the coin is free at once.
func TestAnotherProcessTakesOver(t *testing.T) {
	for name, c := range map[string]struct {
		point   protocol.Point
		durable bool
	}{
		"nothing was durable": {protocol.PointBeforeCommit, false},
		"it was durable":      {protocol.PointAfterFlush, true},
		"it was paid":         {protocol.PointAfterSend, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, stage{protocol: pay})
			at := 1 + slices.Index(w.run(kill{}).client, string(c.point))
			other, m, coin := w.join(t), w.mark(), w.coin()
			for _, a := range []asked{{Ready: &ready{Peer: w.peer, Protocol: pay}}, {Arm: &arm{Kill: at}}} {
				_, err := other.ask(a)
				check(t, err)
			}
			_, err := w.client.ask(asked{Ready: &ready{Peer: w.peer, Protocol: pay}})
			check(t, err)
			if _, err := other.ask(asked{Pay: &purchase{Coin: coin, Last: m.client.last}}); !errors.Is(err, errGone) || other.diedAt() != string(c.point) {
				t.Fatalf("%v; it died at %q", err, other.diedAt())
			}
			if rows := w.client.rows(m.client.number); (len(rows) == 1) != c.durable {
				t.Fatalf("rows: %+v", rows)
			}
			died := time.Now()
			got, err := w.client.ask(asked{Pay: &purchase{Coin: coin, Last: m.client.last}})
			check(t, err)
			t.Logf("over %s after its death", time.Since(died).Round(time.Millisecond))
			check(t, w.settle(m, patienceFromNow()))
			for _, problem := range w.verdict(m, coin, *got.Outcome) {
				t.Error(problem)
			}
			if died := w.client.died(); len(died) > 0 {
				t.Errorf("the other process died as well, at %v", died)
			}
		})
	}
}
