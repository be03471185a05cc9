package prepaid

import (
	"testing"
)

func TestCountersAreTakenOnceInAnyOrder(t *testing.T) {
	var m marks
	taken := map[uint64]bool{}
	take := func(c uint64, want bool) {
		t.Helper()
		next, err := m.take(c)
		if (err == nil) != want {
			t.Fatalf("counter %d at %+v: %v", c, m, err)
		}
		if err == nil {
			m, taken[c] = next, true
		}
		for n := m.High; n > 0 && m.High-n < window; n-- {
			if m.includes(n) != taken[n] {
				t.Fatalf("counter %d is taken: %v, says %+v", n, taken[n], m)
			}
		}
	}
	for _, c := range []uint64{3, 1, 2, 7, 5} {
		take(c, true)
	}
	for _, c := range []uint64{0, 1, 2, 3, 5, 7} {
		take(c, false)
	}
	take(4+window, true) // the window is now 5 to 260
	take(4, false)
	take(6, true)
	take(6, false)
	take(10*window, true)
	take(9*window, false)
	take(9*window+1, true)
	take(1<<64-1, true)
	if len(m.Holes) != window-1 {
		t.Errorf("%d holes", len(m.Holes))
	}
	take(1<<64-1, false)
}
