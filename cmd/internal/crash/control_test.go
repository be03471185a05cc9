//go:build unix

package crash_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestTheChecksFindWhatIsTakenAway takes one protection away at a time, kills
// where that must show, and wants the checks to say so. Without it nobody could
// tell a house that loses nothing from checks that see nothing.
func TestTheChecksFindWhatIsTakenAway(t *testing.T) {
	for name, c := range map[string]struct {
		stage   stage
		forgets bool           // the provider gets a fresh key with each attempt
		side    comm.Role      // who is killed
		point   protocol.Point // at the first of these: what has left before has arrived
		found   string         // in what the checks say
	}{
		"the client sends before it commits": {
			stage{protocol: pay, early: comm.Client}, false, comm.Client, protocol.PointAfterSend, "the vendor has a row of operation",
		},
		"the vendor pays before it commits": {
			stage{protocol: pay, early: comm.Vendor}, false, comm.Vendor, protocol.PointAfterFetch, "came again with another order",
		},
		"the vendor sends before it commits": {
			stage{protocol: trade, early: comm.Vendor}, false, comm.Vendor, protocol.PointMessage, "the client has stored",
		},
		"each attempt has a fresh key": {
			stage{protocol: pay}, true, comm.Vendor, protocol.PointAfterFetch, "nobody knows of the payment",
		},
		"the code looks at a clock of its own, at the client": {
			stage{protocol: pay, plugin: ownClock}, false, comm.Client, protocol.PointAfterFlush, "is stuck at the client",
		},
		"the code looks at a clock of its own, at the vendor": {
			stage{protocol: pay, plugin: ownClock}, false, comm.Vendor, protocol.PointBeforeFetch, "is stuck at the vendor",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.stage)
			w.provider.forgets = c.forgets
			whole := w.run(kill{})
			if len(whole.problems) > 0 {
				t.Errorf("nobody killed: %v", whole.problems)
			}
			points, k := whole.client, kill{}
			if c.side == comm.Vendor {
				points = whole.vendor
			}
			at := arm{Point: string(c.point)}
			if !slices.Contains(points, at.Point) {
				t.Fatalf("there is no point %s in %v", c.point, points)
			}
			if k.client = at; c.side == comm.Vendor {
				k = kill{vendor: at}
			}
			r := w.run(k)
			if !slices.Contains(r.deaths, string(c.point)) {
				t.Errorf("it was killed at %v", r.deaths)
			}
			if !strings.Contains(strings.Join(r.problems, "\n"), c.found) || len(r.problems) == 0 {
				t.Errorf("the checks say %q\n%s\n%s", r.problems, tail(t, w.client.log), tail(t, w.vendor.log))
			}
			t.Log(r.problems)
		})
	}
}
