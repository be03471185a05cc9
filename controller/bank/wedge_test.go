package bank_test

import (
	"sync"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// wedge stands between the bank and the real class of withdrawals and can keep
// one Check from returning.
type wedge struct {
	instrument.Class
	all     []protocol.Bundle
	wedged  chan struct{} // closed when a Check hangs
	free    chan struct{}
	release func()

	mu   sync.Mutex
	held taler.WOPID
	once sync.Once
}

func newWedge() *wedge {
	w := &wedge{wedged: make(chan struct{}), free: make(chan struct{}), all: bundles()}
	w.release = sync.OnceFunc(func() { close(w.free) })
	for _, b := range w.all {
		for n, c := range b.Classes {
			if c.Info().ID == bank.ClassWithdrawal {
				w.Class, b.Classes[n] = c, w
			}
		}
	}
	return w
}

func (w *wedge) bundles() []protocol.Bundle { return w.all }

// on names the withdrawal whose next Check hangs.
func (w *wedge) on(id taler.WOPID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = id
}

// Info is the real one, with a Check.
func (w *wedge) Info() instrument.Info {
	i := w.Class.Info()
	i.Checks = true
	return i
}

// Check is the real one, or hangs.
func (w *wedge) Check(before, after *instrument.Instance) error {
	var state taler.Withdrawal
	if err := after.Decode(&state); err != nil {
		return err
	}
	w.mu.Lock()
	hang := state.WOPID == w.held
	w.mu.Unlock()
	if hang {
		w.once.Do(func() { close(w.wedged) })
		<-w.free
	}
	return w.Class.Check(before, after)
}
