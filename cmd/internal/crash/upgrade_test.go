//go:build unix

package crash_test

import (
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestAnotherBundleInTheMiddle kills a party in the middle of a payment and
// starts it again with another plugin in its catalog. Code that takes the same
// steps goes on, whatever its checksum. Code that takes others must not: what has
// happened is unknown, the instruments say so and are free for what comes next.
func TestAnotherBundleInTheMiddle(t *testing.T) {
	for name, c := range map[string]struct {
		role  comm.Role
		point protocol.Point
		word  string
		paid  bool
	}{
		"the client's, with the same steps": {comm.Client, protocol.PointAfterFlush, "rebuilt", true},
		"the vendor's, with the same steps": {comm.Vendor, protocol.PointAfterFetch, "rebuilt", true},
		"the client's, with other steps":    {comm.Client, protocol.PointBeforeSend, secondCode, false},
		"the vendor's, with other steps":    {comm.Vendor, protocol.PointAfterFetch, secondCode, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, stage{protocol: pay})
			first := w.run(kill{})
			side, points, k := &w.client, first.client, kill{}
			if c.role == comm.Vendor {
				side, points = &w.vendor, first.vendor
			}
			at := arm{Point: string(c.point)}
			if !slices.Contains(points, at.Point) {
				t.Fatalf("there is no point %s in %v", at.Point, points)
			}
			if k.client = at; c.role == comm.Vendor {
				k = kill{vendor: at}
			}
			m, coin, late := w.mark(), w.coin(), patienceFromNow()
			check(t, w.prepare(k, late))
			install(t, side.part.Dir, c.word) // what runs goes on with the old one; the next life reads the catalog
			out, err := w.pays(k, coin, m, late)
			check(t, err)
			check(t, w.settle(m, late))
			if died := side.died(); !slices.Equal(died, []string{string(c.point)}) {
				t.Errorf("it died at %v", died)
			}
			if c.paid {
				for _, problem := range w.verdict(m, coin, out) {
					t.Error(problem)
				}
				return
			}
			w.unknown(t, c.role, m, coin, out)
		})
	}
}

// unknown is how a payment ends whose code has changed under it.
func (w *world) unknown(t *testing.T, where comm.Role, m mark, coin instrument.ID, out outcome) {
	t.Helper()
	if out.Kind != fault.Unknown.String() || out.Reason != "code-changed" {
		t.Errorf("the person is told %+v", out)
	}
	if i, err := w.client.desk.Instruments().View(t.Context(), coin); err != nil || i.Status != "pending" {
		t.Errorf("the coin is %s, %v", i.Status, err)
	}
	v := &verdict{w: w, m: m}
	v.ends()
	v.disk("client", &w.client)
	v.disk("vendor", &w.vendor)
	for _, problem := range v.problems {
		t.Error(problem)
	}
	made, _ := w.provider.since(m.payments)
	receipts := w.vendor.texts(`SELECT status FROM instances WHERE class = 'receipt' ORDER BY id`)[m.receipts:]
	switch where {
	case comm.Client: // it ended before anything had left
		if len(made) != 0 || len(receipts) != 0 {
			t.Errorf("the provider has %v, the vendor %v", made, receipts)
		}
	case comm.Vendor: // it was paid, and the intent says where to look
		if len(made) != 1 || !slices.Equal(receipts, []string{"pending"}) {
			t.Errorf("the provider has %v, the vendor %v", made, receipts)
		}
	}
	if r := w.run(kill{}); len(r.problems) > 0 || r.outcome.Kind != "" {
		t.Errorf("the next payment: %+v", r)
	}
}
