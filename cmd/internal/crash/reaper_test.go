//go:build unix

package crash_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

// reaper counts the points that a party passes, and kills at one of them.
type reaper struct {
	party *party

	mu     sync.Mutex
	counts bool
	arms   arm
	names  []string
	bumped bool // since the last commit
}

func (r *reaper) arm(a arm) error {
	if a.Plugin { // the pauses that it got for its earlier deaths are not what is tested
		if err := r.plugin().Enable(); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts, r.arms, r.names = true, a, nil
	return nil
}

func (r *reaper) passed() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.names)
}

// at is called at each point of each operation, on the goroutine that passes it.
func (r *reaper) at(p protocol.Point) {
	r.mu.Lock()
	strikes := false
	if r.counts {
		r.names = append(r.names, string(p))
		strikes = len(r.names) == r.arms.Kill || string(p) == r.arms.Point
	}
	bump := p == protocol.PointBeforeFlush && !r.bumped && r.party.Bump != ""
	if p == protocol.PointAfterFlush {
		r.bumped = false
	}
	r.bumped = r.bumped || bump
	plugin := r.arms.Plugin
	r.mu.Unlock()
	switch {
	case strikes && plugin:
		if pid := r.plugin().Status().PID; pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	case strikes:
		r.party.tell(told{Killed: string(p)})
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	if bump {
		r.bump()
	}
}

// bump changes the shared till behind the back of the operation that is about to
// commit.
func (r *reaper) bump() {
	err := r.party.house.Instruments().Update(context.Background(), func(tx *instrument.Draft) error {
		return edit(tx, r.party.Bump, "open", func(a *account) error { a.Bumps++; return nil })
	})
	if err != nil {
		panic(err)
	}
}

func (r *reaper) plugin() *host.Bundle {
	for _, b := range r.party.house.Host.Bundles() {
		if b.Name() == "crash" {
			return b
		}
	}
	panic("the bundle under test is not installed")
}
