package sandbox

import (
	"context"
	"time"
)

// Timer starts a wait: fires gets one value when d is over; stop gives the wait
// up. RealTimer is one; a test hands in its own and never waits.
type Timer func(d time.Duration) (fires <-chan time.Time, stop func())

// RealTimer waits as long as it says.
func RealTimer(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// Sleep waits for d and reports whether it did: false when ctx ended first.
func (t Timer) Sleep(ctx context.Context, d time.Duration) bool {
	if ended := ctx.Err() != nil; ended || d <= 0 {
		return !ended
	}
	fires, stop := t(d)
	defer stop()
	select {
	case <-fires:
		return true
	case <-ctx.Done():
		return false
	}
}
