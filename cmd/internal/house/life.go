package house

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// life is one process in a data directory: a name, and a file of that name which it holds
// locked. The system releases the lock however the process ends, so that others know at
// once, and for certain, that what it ran has stopped.
type life struct {
	name string
	end  func() error
}

// attempts bounds how often a name is tried: somebody may take a file for a dead
// life's between its making and its lock.
const attempts = 8

// newLife begins a life.
func newLife(f Files) (life, error) {
	if err := os.MkdirAll(f.Lives(), 0o700); err != nil {
		return life{}, fault.Wrap(err, fault.Internal, "the directory %s cannot be made", f.Lives())
	}
	var last error
	for range attempts {
		id, err := protocol.NewOperationID(rand.Reader)
		if err != nil {
			return life{}, err
		}
		path := filepath.Join(f.Lives(), string(id))
		unlock, err := lock(path)
		if err != nil {
			last = err
			continue
		}
		return life{name: string(id), end: func() error { _ = os.Remove(path); return unlock() }}, nil
	}
	return life{}, fault.Wrap(last, fault.Internal, "this process could not take its place in %s", f.Lives()).Because("life-file")
}

// gone reports whether a life has ended, and removes what it has left.
func (f Files) gone(name string) bool {
	if protocol.CheckOperationID(instrument.OperationID(name)) != nil {
		return true // of a version in which lives had no files
	}
	path := filepath.Join(f.Lives(), name)
	if _, err := os.Stat(path); err != nil {
		return os.IsNotExist(err)
	}
	unlock, err := lock(path)
	if err != nil {
		return false
	}
	_ = os.Remove(path)
	_ = unlock()
	return true
}

// watchEvery is how often a process looks for lives that have ended.
const watchEvery = 2 * time.Second

// resumeFor is how long a command waits for the operations of earlier lives, so that it finds
// their instruments free. If a peer does not answer in that time, the command goes on.
const resumeFor = 5 * time.Second

// SayAfter is how long a command waits before it says for what.
const SayAfter = 500 * time.Millisecond

// Resume goes on with operations that earlier lives have left, and from now on with those
// that other processes in this directory leave. logins names our account at a peer.
func (h *House) Resume(ctx context.Context, logins func(comm.Peer) controller.Login) error {
	n, err := h.Controller.Resume(ctx, logins)
	if err == nil {
		err = h.Profiles().Reconcile(ctx)
	}
	if err != nil {
		return err
	}
	if n > 0 {
		h.awaitResumed(ctx)
	}
	h.watch()
	return nil
}

func (h *House) awaitResumed(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, resumeFor)
	defer cancel()
	if h.waits != nil {
		defer time.AfterFunc(SayAfter, func() { h.waits(h.Protocols().Resuming()) }).Stop()
	}
	if !h.Protocols().Resumed(within) {
		h.Log().Warn("an interrupted operation goes on; what it holds is in use", "look", "operation list")
	}
}

// watch takes over what other processes leave, until unwatch.
func (h *House) watch() {
	life, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	h.unwatch = func() { stop(); <-done }
	go func() {
		defer close(done)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-life.Done():
				return
			}
			if _, err := h.Controller.Resume(life, nil); err != nil && life.Err() == nil {
				h.Log().Warn("what another process has left could not be taken over", "error", err)
			}
		}
	}()
}
