package controller

import (
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestAServicerTakesNoMoreTimeThanItsInitiatorGives(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	c := &Controller{parts: Parts{Clock: func() time.Time { return noon }}}
	for _, row := range []struct {
		name     string
		own      time.Duration
		deadline time.Time
		want     time.Duration // 0: it does not begin
	}{
		{"no deadline", 0, time.Time{}, time.Minute},
		{"a late one", 0, noon.Add(time.Hour), time.Minute},
		{"an early one", 0, noon.Add(5 * time.Second), 5 * time.Second},
		{"an early one, and less of our own", 2 * time.Second, noon.Add(5 * time.Second), 2 * time.Second},
		{"now", 0, noon, 0},
		{"past", 0, noon.Add(-time.Hour), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			tr := Transaction{Within: row.own}
			err := c.withinTime(&tr, row.deadline)
			if row.want == 0 && fault.ReasonOf(err) != "deadline-over" || row.want != 0 && (err != nil || tr.Within != row.want) {
				t.Errorf("%v, %v", tr.Within, err)
			}
		})
	}
}
