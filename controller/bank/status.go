package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Status shows a withdrawal to anybody who has its WOPID. With a poll it waits until the
// status differs from the old one, or until the time is over, and then shows it as it is.
// It never starts a plugin.
func (b *Bank) Status(ctx context.Context, id taler.WOPID, poll taler.LongPoll) (*taler.BankWithdrawalOperationStatus, error) {
	return b.publicly(b.awaited(ctx, nil, id, poll))
}

// StatusFor is Status for the terminal that has set the withdrawal up.
func (b *Bank) StatusFor(ctx context.Context, terminal *profile.Principal, id taler.WOPID, poll taler.LongPoll) (*taler.BankWithdrawalOperationStatus, error) {
	return b.publicly(b.awaited(ctx, terminal, id, poll))
}

// awaited reads a withdrawal until a poll is satisfied. If there is a terminal, the
// withdrawal must be its own. Thousands may wait here, each on a stack of its own, so
// this function and its callers keep large values off the stack.
func (b *Bank) awaited(ctx context.Context, terminal *profile.Principal, id taler.WOPID, poll taler.LongPoll) (*taler.Withdrawal, error) {
	at, err := b.find(ctx, id)
	if err != nil {
		return nil, err
	}
	p := &polled{id: id, terminal: terminal, old: poll.OldState}
	if poll.Timeout <= 0 {
		return &p.w, b.looked(ctx, at, p.look)
	}
	ctx, cancel := context.WithTimeout(ctx, poll.Timeout)
	defer cancel()
	return &p.w, b.Instruments().WaitFor(ctx, at, p.look)
}

// polled is a poll, with the withdrawal as it was last read.
type polled struct {
	id       taler.WOPID
	terminal *profile.Principal // whose it must be; nil: anybody's
	old      taler.State        // until which there is nothing to tell
	w        taler.Withdrawal
}

func (p *polled) look(i instrument.Instance) (done bool, err error) {
	p.w = taler.Withdrawal{}
	if err := i.Decode(&p.w); err != nil {
		return false, err
	}
	return p.w.State != p.old, p.refused()
}

// refused is the answer if the withdrawal cannot be read or is another terminal's.
//
//go:noinline
func (p *polled) refused() error {
	if p.w.WOPID != p.id {
		return fault.New(fault.Internal, "the id of a withdrawal leads to another one: the database was altered").Because("seal-broken")
	}
	if p.terminal != nil && p.w.Terminal != string(p.terminal.ID) {
		return unknown(nil)
	}
	return nil
}

func (b *Bank) looked(ctx context.Context, at instrument.ID, look func(instrument.Instance) (bool, error)) error {
	i, err := b.Instruments().View(ctx, at)
	if err == nil {
		_, err = look(i)
	}
	return err
}

// publicly is the part of a withdrawal that everybody may see.
//
//go:noinline
func (b *Bank) publicly(w *taler.Withdrawal, err error) (*taler.BankWithdrawalOperationStatus, error) {
	if err != nil {
		return nil, err
	}
	s := taler.Status(*w, b.cfg.MinAmount, b.cfg.MaxAmount)
	return &s, nil
}
