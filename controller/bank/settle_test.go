package bank_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestManyAreSettledTogether: what a terminal has not sold after all makes room for more, and not
// with a commit for each.
func TestManyAreSettledTogether(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	check(t, h.Bank.SetPerDay(t.Context(), h.Terminal.Name, amount(t, "CHF:50")))
	for n := range 50 {
		id := tries(t, h, fmt.Sprint("one-", n), "CHF:1", "")
		check(t, h.Bank.AbortByOperator(t.Context(), id, "nobody came"))
	}
	before := h.DB.Stats().Commits
	tries(t, h, "two", "CHF:50", "")
	if n := h.DB.Stats().Commits - before; n > 5 {
		t.Errorf("it took %d commits", n)
	}
	tries(t, h, "three", "CHF:1", "above-day-limit")
}

// TestARefusalReadsNotAllEachTime: a terminal with very much under way that asks for too much again
// and again has it looked at once in a while. It waits for room as long.
func TestARefusalReadsNotAllEachTime(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	h := open(t, banktest.Options{Asking: hasty, Clock: func() time.Time { return time.Unix(0, now.Load()) }})
	check(t, h.Bank.SetPerDay(t.Context(), h.Terminal.Name, amount(t, "CHF:50")))
	last := tries(t, h, "last", "CHF:10", "")
	for n := range 256 {
		tries(t, h, fmt.Sprint("one-", n), "CHF:0.01", "")
	}
	tries(t, h, "two", "CHF:40", "above-day-limit")
	check(t, h.Bank.AbortByOperator(t.Context(), last, "nobody came"))
	tries(t, h, "two", "CHF:40", "above-day-limit")
	now.Add(int64(300 * time.Millisecond))
	tries(t, h, "two", "CHF:40", "")
}
