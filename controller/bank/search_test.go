package bank

import (
	"testing"
	"time"
)

// TestWhenASearchIsMadeAgain: later and later, and a last time exactly when the time is over.
func TestWhenASearchIsMadeAgain(t *testing.T) {
	s := Searching{For: 10 * time.Hour, First: time.Minute, Longest: 3 * time.Hour}
	ended := time.Unix(1_800_000_000, 0)
	for name, row := range map[string]struct{ searched, want time.Duration }{
		"at the end of the withdrawal": {0, time.Minute},
		"an hour after it":             {time.Hour, 2 * time.Hour},
		"four hours after it":          {4 * time.Hour, 7 * time.Hour},
		"shortly before the last":      {8 * time.Hour, 10 * time.Hour},
		"to the last minute":           {7 * time.Hour, 10 * time.Hour},
	} {
		if got := s.next(ended, ended.Add(row.searched)).Sub(ended); got != row.want {
			t.Errorf("%s: next after %s, want %s", name, got, row.want)
		}
	}
}
