//go:build unix

package demo_test

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func TestTheMainJob(t *testing.T) {
	for _, row := range []struct {
		name   string
		args   []string
		steps  []int
		status string
		value  string
		exit   int
	}{
		{"approved", nil, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "confirmed", "CHF:20", 0},
		{
			"another amount and currency",
			[]string{"--amount", "KUDOS:7.77", "--card", "approved", "--exchange-protocol", "23"},
			[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
			"confirmed", "KUDOS:7.77", 0,
		},
		{
			"the newer form",
			[]string{"--exchange-protocol", "26"},
			[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
			"confirmed", "CHF:20", 0,
		},
		{"declined", []string{"--card", "declined"}, []int{0, 1, 2, 3, 4, 5, 6, 9}, "aborted", "CHF:0", 5},
		{"timeout", []string{"--card", "timeout"}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "confirmed", "CHF:20", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, row.args...)
			all, exit := s.rest()
			if exit != row.exit {
				t.Fatalf("exit %d, want %d; %+v\n%s", exit, row.exit, all, s.err.String())
			}
			steps, summary := all[:len(all)-1], all[len(all)-1]
			var numbers []int
			at := int64(0)
			for _, l := range steps {
				if l.Step == nil || l.Who == "" || l.What == "" || l.MS < at {
					t.Fatalf("a step is %+v, after %d ms", l, at)
				}
				numbers, at = append(numbers, *l.Step), l.MS
			}
			if again := slices.Compact(slices.Clone(numbers)); !slices.Equal(again, row.steps) {
				t.Errorf("steps %v, want %v", numbers, row.steps)
			}
			if row.name == "timeout" && len(numbers) <= len(row.steps) { // step 6 comes again
				t.Errorf("the unknown outcome is not shown in between: %v", numbers)
			}
			if summary.Event != "summary" || summary.Status != row.status || summary.Balance != row.value {
				t.Errorf("summary %+v", summary)
			}
			if summary.Coins != summary.Verified || (summary.Coins > 0) != (row.exit == 0) || summary.Seconds <= 0 {
				t.Errorf("summary %+v", summary)
			}
			s.nothingLeft()
		})
	}
}

func TestNothingIsLeftHoweverItEnds(t *testing.T) {
	step := func(n int) func(line) bool { return func(l line) bool { return l.Step != nil && *l.Step == n } }
	for _, row := range []struct {
		name   string
		signal syscall.Signal
		group  bool
		after  func(line) bool // nil: at once
		exit   int
	}{
		{"terminated at once", syscall.SIGTERM, false, nil, 6},
		{"terminated half-way", syscall.SIGTERM, false, step(5), 6},
		{"interrupted half-way", syscall.SIGINT, false, step(0), 6},
		{"killed after the setup", syscall.SIGKILL, false, step(0), -1},
		{"killed while the card is charged", syscall.SIGKILL, false, step(5), -1},
		{"killed with its whole group", syscall.SIGKILL, true, step(3), -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "--card", "timeout", "--serve") // so that it does not end by itself
			if row.after != nil {
				s.until(row.after)
			} else {
				<-s.err.begun
			}
			pid := s.cmd.Process.Pid
			if row.group {
				pid = -pid
			}
			if err := syscall.Kill(pid, row.signal); err != nil {
				t.Fatal(err)
			}
			all, exit := s.rest()
			told := slices.ContainsFunc(all, func(l line) bool { return l.Event == "summary" })
			atEnd := told && exit == 0 && row.exit > 0 // then nothing was stopped half-way
			if exit != row.exit && !atEnd {
				t.Errorf("exit %d, want %d; %+v", exit, row.exit, all)
			}
			s.nothingLeft()
		})
	}
}

func TestANamedDirectoryIsKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	s := start(t, "--dir", dir)
	if all, exit := s.rest(); exit != 0 {
		t.Fatalf("exit %d: %+v", exit, all)
	}
	s.nothingLeft()
	for _, party := range []string{"bank", "exchange", "provider", "terminal", "wallet"} {
		if found, err := os.ReadDir(filepath.Join(dir, party)); err != nil || len(found) == 0 {
			t.Errorf("%s has no directory of its own: %v", party, err)
		}
	}
	again := start(t, "--dir", dir)
	if all, exit := again.rest(); exit != 5 || len(all) != 1 || all[0].Error == nil || all[0].Error.Reason != "dir-taken" {
		t.Errorf("again: exit %d, %+v", exit, all)
	}
}

func TestWhatCannotBeShown(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		exit int
	}{
		{"a card of no known kind", []string{"--card", "golden"}, 2},
		{"nothing", []string{"--amount", "CHF:0"}, 2},
		{"no amount", []string{"--amount", "twenty"}, 2},
		{"less than any coin", []string{"--amount", "CHF:0.00000001"}, 0},
		{"a protocol that the exchange does not speak", []string{"--exchange-protocol", "24"}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, row.args...)
			all, exit := s.rest()
			if len(all) == 0 || all[len(all)-1].Error == nil || exit == 0 || row.exit != 0 && exit != row.exit {
				t.Errorf("exit %d: %+v", exit, all)
			}
			s.nothingLeft()
		})
	}
}
