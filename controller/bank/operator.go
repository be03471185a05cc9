package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
)

// Look makes a bank for an operator's command, which may run beside the bank
// itself: it does nothing in the background, and what it is asked to do ends with
// ctx.
func Look(ctx context.Context, c *controller.Controller, cfg Config) *Bank {
	b := newBank(ctx, c, cfg)
	b.looking = true
	return b
}

// idle reports whether nothing more begins in the background. Whoever asks holds
// the lock.
func (b *Bank) idle() bool { return b.looking || b.life.Err() != nil }

// Retry asks the provider once, now, about the notice of a withdrawal, writes what
// it has decided and says whether it has. It may run beside the bank, which goes on
// asking, and gives back what is owed then. Without a notice that waits it is
// fault.Conflict, reason "nothing-to-verify".
func (b *Bank) Retry(ctx context.Context, id taler.WOPID) (decided bool, err error) {
	i, w, err := b.Lookup(ctx, id)
	if err != nil {
		return false, err
	}
	if !w.Undecided() {
		return false, fault.New(fault.Conflict, "this withdrawal has no undecided notice of a payment").Because("nothing-to-verify")
	}
	if decided, err = b.verify(i.ID, w); decided || err != nil {
		return decided, err
	}
	w, err = b.view(ctx, i.ID) // the bank may have been faster
	return err == nil && !w.Undecided(), err
}
