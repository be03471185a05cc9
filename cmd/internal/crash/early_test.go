//go:build unix

package crash_test

import (
	"context"
	"sync"

	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/protocol"
)

// early is the control that lets things leave before they are committed: a unit
// of work that is not the last one of its operation counts as done when it has
// run, and becomes so when the next one is about to begin. A process that is
// killed in between has forgotten what has left it.
type early struct {
	controller.Store

	mu   sync.Mutex
	held chan struct{} // closed to let the commit that is held back go on
}

func (e *early) UpdateOperations(ctx context.Context, unit func(protocol.Writer) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.held)
	held, ran := make(chan struct{}), make(chan error, 1)
	e.held = held
	go func() {
		err := e.Store.UpdateOperations(ctx, func(w protocol.Writer) error {
			last := &lasts{Writer: w}
			err := unit(last)
			if err == nil && !last.is {
				ran <- nil
				<-held
			}
			return err
		})
		select {
		case ran <- err:
		default: // it was told before
		}
	}()
	return <-ran
}

// lasts sees whether a unit of work ends an operation.
type lasts struct {
	protocol.Writer
	is bool
}

func (l *lasts) BeginOperation(r protocol.Row) error {
	l.is = l.is || r.State != protocol.Running
	return l.Writer.BeginOperation(r)
}

func (l *lasts) EndOperation(r protocol.Row) error {
	l.is = true
	return l.Writer.EndOperation(r)
}
