package bench_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/bench"
)

func openBank(t *testing.T, inProcess bool) *bench.Bank {
	t.Helper()
	b, err := bench.OpenBank(context.WithoutCancel(t.Context()), t.TempDir(), inProcess)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// What is measured is what it says: whole withdrawals, each of four units of work
// on disk, through plugins that are processes or without any.
func TestWithdrawalsAreMade(t *testing.T) {
	for name, inProcess := range map[string]bool{"plugins": false, "in-process": true} {
		t.Run(name, func(t *testing.T) {
			w, err := openBank(t, inProcess).Withdraw(t.Context(), 60, 4)
			switch {
			case err != nil:
				t.Fatal(err)
			case w.Withdrawals != 60 || w.Units < 4*60 || w.Commits == 0:
				t.Errorf("%d withdrawals took %d units of work in %d commits", w.Withdrawals, w.Units, w.Commits)
			case inProcess && w.Plugins != 0:
				t.Errorf("without plugins they took %v", w.Plugins)
			}
		})
	}
}

// A history is as long as it was ordered, and who follows it has all of it.
func TestHistoryIsRead(t *testing.T) {
	p, err := openBank(t, true).History(t.Context(), 2500, 5, 3)
	if err != nil {
		t.Fatal(err)
	}
	if p.Rows != 2500 || p.Read != 2500 || p.P50 == 0 || p.P99 < p.P50 {
		t.Errorf("it was read as %+v", p)
	}
}

// Requests wait, and are answered when what they wait for has changed.
func TestPollsAreHeldAndWoken(t *testing.T) {
	p, err := openBank(t, true).Poll(t.Context(), 20, 3)
	if err != nil {
		t.Fatal(err)
	}
	if p.Held != 20 || p.After.Live == 0 || p.P99 < p.P50 {
		t.Errorf("it was %+v", p)
	}
}
