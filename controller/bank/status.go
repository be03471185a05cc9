package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Status shows a withdrawal to whoever has its WOPID. With a poll it waits until
// the status is another than the old one, or the time is over; then the answer
// is the same document. It never wakes a plugin.
func (b *Bank) Status(ctx context.Context, id taler.WOPID, poll taler.LongPoll) (*taler.BankWithdrawalOperationStatus, error) {
	return b.publicly(b.awaited(ctx, nil, id, poll))
}

// StatusFor is Status for the terminal that has set the withdrawal up.
func (b *Bank) StatusFor(ctx context.Context, terminal *profile.Principal, id taler.WOPID, poll taler.LongPoll) (*taler.BankWithdrawalOperationStatus, error) {
	return b.publicly(b.awaited(ctx, terminal, id, poll))
}

// awaited reads a withdrawal as often as a poll asks for; of a terminal's, if there
// is one. Thousands may wait in it, each on a stack of its own: what is large is
// kept off that, here and in who calls it.
func (b *Bank) awaited(ctx context.Context, terminal *profile.Principal, id taler.WOPID, poll taler.LongPoll) (*taler.Withdrawal, error) {
	at, err := b.find(ctx, id)
	if err != nil {
		return nil, err
	}
	w := new(taler.Withdrawal)
	look := func(i instrument.Instance) (done bool, err error) {
		*w = taler.Withdrawal{}
		if err := i.Decode(w); err != nil {
			return false, err
		}
		if w.WOPID != id {
			return false, fault.New(fault.Internal, "the id of a withdrawal leads to another one: the database was altered").Because("seal-broken")
		}
		if terminal != nil && w.Terminal != string(terminal.ID) {
			return false, unknown(nil)
		}
		return w.State != poll.OldState, nil
	}
	if poll.Timeout <= 0 {
		return w, b.looked(ctx, at, look)
	}
	ctx, cancel := context.WithTimeout(ctx, poll.Timeout)
	defer cancel()
	return w, b.Instruments().WaitFor(ctx, at, look)
}

func (b *Bank) looked(ctx context.Context, at instrument.ID, look func(instrument.Instance) (bool, error)) error {
	i, err := b.Instruments().View(ctx, at)
	if err == nil {
		_, err = look(i)
	}
	return err
}

// publicly is what everybody may see of a withdrawal.
//
//go:noinline
func (b *Bank) publicly(w *taler.Withdrawal, err error) (*taler.BankWithdrawalOperationStatus, error) {
	if err != nil {
		return nil, err
	}
	s := taler.Status(*w, taler.StatusConfig{MinAmount: b.cfg.MinAmount, MaxAmount: b.cfg.MaxAmount})
	return &s, nil
}
