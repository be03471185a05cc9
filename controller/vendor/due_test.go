package vendor

import (
	"testing"
	"time"
)

// A payment is asked about less often the longer ago its charge is, for some days, and then no more in this life.
func TestWhenAPaymentIsAskedAbout(t *testing.T) {
	charged := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var s Settling
	asked := 0
	for now := charged; now.Before(charged.Add(30 * 24 * time.Hour)); now = now.Add(settleFirst) {
		if s.due("a", charged, now) {
			asked++
		}
	}
	if asked < 30 || asked > 60 {
		t.Errorf("asked %d times in a month", asked)
	}
	var next Settling
	if late := charged.Add(90 * 24 * time.Hour); !next.due("a", charged, late) || next.due("a", charged, late.Add(time.Hour)) {
		t.Error("an old one is asked about once in each life")
	}
	if early := charged.Add(-time.Hour); !next.due("b", charged, early) || next.due("b", charged, early) || !next.due("b", charged, early.Add(settleFirst)) {
		t.Error("a clock that was put back")
	}
}
