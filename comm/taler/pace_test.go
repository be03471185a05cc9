package taler

import (
	"testing"
	"time"
)

// TestPace asks a server again that holds its answers for as long as it wants.
func TestPace(t *testing.T) {
	const asked, ms = 30 * time.Second, time.Millisecond
	for name, row := range map[string]struct {
		pace Pace
		took []time.Duration
		want []time.Duration
	}{
		"it holds as it was asked": {Pace{}, []time.Duration{asked, asked + time.Second, asked}, []time.Duration{0, 0, 0}},
		"it never holds":           {Pace{}, make([]time.Duration, 8), []time.Duration{200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 6400 * ms, 10 * time.Second, 10 * time.Second}},
		"who is in a hurry":        {Pace{Most: time.Second}, make([]time.Duration, 4), []time.Duration{200 * ms, 400 * ms, 800 * ms, time.Second}},
		"it holds for a part":      {Pace{}, []time.Duration{150 * ms, 150 * ms, 9 * time.Second}, []time.Duration{50 * ms, 250 * ms, 0}},
		"it holds again":           {Pace{}, []time.Duration{0, 0, asked, 0}, []time.Duration{200 * ms, 400 * ms, 0, 200 * ms}},
		"the clock was set back":   {Pace{}, []time.Duration{-time.Second}, []time.Duration{200 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			for n, took := range row.took {
				if got := row.pace.Pause(took, asked); got != row.want[n] {
					t.Errorf("after answer %d it waits %s, not %s", n+1, got, row.want[n])
				}
			}
		})
	}
}

func TestPausesAreSpread(t *testing.T) {
	for dice, want := range map[float64]time.Duration{0: 8 * time.Second, 0.5: 10 * time.Second, 1: 12 * time.Second} {
		if got := Spread(10*time.Second, dice); got != want {
			t.Errorf("with %v: %s, not %s", dice, got, want)
		}
	}
}
