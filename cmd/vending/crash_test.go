//go:build unix

package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
)

// A machine that is killed while it dispenses dispenses each payment once, in its
// next life at the latest.
func TestAKilledMachineDispensesOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		part
		first int // jobs that the next life does before it sells again
	}{
		"after the commit":        {part{Kill: pointPaid}, 1},
		"while the line is begun": {part{Kill: pointPaid, Torn: true}, 1},
		"after the line":          {part{Kill: pointDropped}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "", "A1 CHF:2 10")
			check(t, w.pay("A1", "CHF:2"))
			w.dispensed() // else the next life does it first, and dies of it before it sells
			w.end()
			w.start(c.part)
			w.payUntilDeath("A1", "CHF:2")
			if w.life.first != c.first {
				t.Errorf("%d jobs before it sold again, not %d", w.life.first, c.first)
			}
			if problems := w.verdict(); problems != nil {
				t.Errorf("%q\n%s", problems, w.log())
			}
			check(t, w.pay("A1", "CHF:2"))
			if problems := w.verdict(); problems != nil {
				t.Errorf("%q\n%s", problems, w.log())
			}
		})
	}
}

// The machine is killed at each point of a payment, of one that it takes and of
// one that it refuses.
func TestAMachineThatIsKilledWhileItIsPaid(t *testing.T) {
	t.Parallel()
	for name, worth := range map[string]string{"paid": "CHF:2", "refused": "CHF:1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "", "A1 CHF:2 100")
			deaths := 0
			for n := 1; ; n++ {
				if !w.arm(n) {
					t.Fatalf("the machine has ended\n%s", w.log())
				}
				err, died := w.paying("A1", worth)
				if !died && !w.arm(0) { // of a point behind its answer
					died = true
					w.start(part{})
				}
				if refused := fault.ReasonOf(err) == "coupon-refused"; (worth == "CHF:2") != (err == nil) || err != nil && !refused {
					t.Errorf("killed at %d: %v", n, err)
				}
				if !died {
					break
				}
				deaths++
			}
			if problems := w.verdict(); problems != nil || deaths < 4 {
				t.Errorf("after %d deaths: %q\n%s", deaths, problems, w.log())
			}
			t.Log(deaths, "deaths")
		})
	}
}

// The checks above see what they are for: a machine without its protection does
// not pass them.
func TestAMachineWithoutItsProtectionIsFound(t *testing.T) {
	t.Parallel()
	for without, c := range map[string]struct {
		kill  point
		found string
	}{
		noCounter:     {pointDropped, "dispensed [2-9] times"},
		cursorBehind:  {pointDropped, "dispensed 2 times"},
		cursorInFront: {pointDropped, "dispensed 0 times"},
	} {
		t.Run(strings.ReplaceAll(without, " ", "-"), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, without, "A1 CHF:2 10")
			w.end()
			w.start(part{Kill: c.kill})
			w.payUntilDeath("A1", "CHF:2")
			if problems := fmt.Sprint(w.verdict()); !regexp.MustCompile(c.found).MatchString(problems) {
				t.Errorf("the checks say %s\n%s", problems, w.log())
			}
		})
	}
}

// Many pay for the last pieces at once: as many go through as there are, and the
// others have paid nothing.
func TestTheLastPiecesAreSoldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", "A1 CHF:2 2")
	all := make([]client.Payment, 8)
	for n := range all {
		all[n] = w.purchase("A1", "CHF:2")
	}
	ended := make(chan error)
	for _, p := range all {
		go func() { ended <- w.buy(p) }()
	}
	paid := 0
	for range all {
		if err := <-ended; err == nil {
			paid++
		} else if fault.ReasonOf(err) != "sold-out" {
			t.Error(err)
		}
	}
	if problems := w.verdict(); problems != nil || paid != 2 {
		t.Errorf("%d have paid: %q\n%s", paid, problems, w.log())
	}
}

// What is refused is dispensed never, and keeps no piece from others.
func TestWhatIsRefusedIsNotDispensed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", "A1 CHF:2 2", "B2 CHF:1 0")
	for _, c := range []struct {
		product, worth string
		reason         fault.Reason
	}{
		{"A1", "CHF:0.01", "coupon-refused"}, // what the invoice says that it costs
		{"A1", "CHF:3", "coupon-refused"},
		{"B2", "CHF:1", "sold-out"},
		{"C3", "CHF:1", "product-unknown"},
		{"", "CHF:1", "product-missing"},
		{"A1", "CHF:2", ""},
		{"A1", "CHF:2", ""},
		{"A1", "CHF:2", "sold-out"},
	} {
		if err := w.pay(c.product, c.worth); fault.ReasonOf(err) != c.reason || (err == nil) != (c.reason == "") {
			t.Errorf("%s for %s: %v", c.worth, c.product, err)
		}
	}
	if problems := w.verdict(); problems != nil {
		t.Errorf("%q\n%s", problems, w.log())
	}
	if err := w.pay("A1", "CHF:2"); fault.ReasonOf(err) != "sold-out" {
		t.Errorf("after the restart: %v", err)
	}
}
