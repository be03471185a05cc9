package client

import (
	"context"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// claims are the payments of several instruments that this process works on now.
type claims struct {
	mu  sync.Mutex
	all map[instrument.OperationID]bool
}

// take claims a payment for one who works on it; what it returns lets go of it.
func (c *claims) take(op instrument.OperationID) (free func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[op] {
		return nil, taken()
	}
	if c.all == nil {
		c.all = map[instrument.OperationID]bool{}
	}
	c.all[op] = true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.all, op)
	}, nil
}

func taken() error {
	return fault.New(fault.Locked, "somebody else is at this payment").Because("payment-taken").
		WithHint("let it end, or end the process that pays; look at `wallet operation list`")
}

// mine refuses a payment that another process works on and lives. What it has
// begun may be on no record yet: only its own word, or its end, says that it never
// was.
func (r *running) mine() error {
	if r.w.Protocols().Elsewhere(r.rec.Runner) {
		return taken()
	}
	return nil
}

// claim makes this process the one that works on a payment which is not over. What was read of it
// before is read again: until the caller had taken it, another one of this process may have worked
// on it, and the record would not tell that it was not this one.
func (r *running) claim(ctx context.Context) error {
	if err := r.reread(ctx); err != nil || r.over() {
		return err
	}
	if err := r.mine(); err != nil || r.rec.Runner == r.w.Protocols().Runner() {
		return err
	}
	return r.write(ctx, func(p *parent) string {
		p.Runner = r.w.Protocols().Runner()
		return r.now.Status
	})
}

// hold claims a payment that is to come back, in this process and for it; what it returns lets go
// of it.
func (r *running) hold(ctx context.Context) (leave func(), err error) {
	free, err := r.w.busy.take(r.rec.Operation)
	if err != nil {
		return nil, err
	}
	if err := r.claim(ctx); err != nil {
		free()
		return nil, err
	}
	return func() { r.release(ctx); r.close(ctx); free() }, nil
}

// release lets other processes work on a payment that is still not over. As long
// as this one runs an operation of it that is on no record yet, nobody else can
// know of it, and it stays ours until we end.
func (r *running) release(ctx context.Context) {
	if r.over() || r.rec.Runner == "" {
		return
	}
	ctx = context.WithoutCancel(ctx)
	for _, p := range r.rec.Parts {
		if p.State == PartPaying && r.unseen(ctx, p.Operation) || p.State == PartRefunding && r.unseen(ctx, p.Refund) {
			return
		}
	}
	_ = r.write(ctx, func(p *parent) string { // else it is ours until we end
		p.Runner = ""
		return r.now.Status
	})
}

// unseen reports whether an operation runs here and is on no record. Which is
// looked at second: one that does not run any more has come on record or never will.
func (r *running) unseen(ctx context.Context, op instrument.OperationID) bool {
	if !r.w.Protocols().Runs(op) {
		return false
	}
	known, err := r.recorded(ctx, op)
	return err != nil || !known
}

// over reports whether nothing is left to do.
func (r *running) over() bool {
	return r.now.Status != PaymentOpen && r.now.Status != PaymentRefunding
}
