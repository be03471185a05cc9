package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Status shows a withdrawal to whoever has its WOPID. With a poll it waits until
// the status is another than the old one, or the time is over; then the answer
// is the same document. It never wakes a plugin.
func (b *Bank) Status(ctx context.Context, id taler.WOPID, poll taler.LongPoll) (taler.BankWithdrawalOperationStatus, error) {
	return b.status(ctx, id, poll, func(taler.Withdrawal) error { return nil })
}

// StatusFor is Status for the terminal that has set the withdrawal up.
func (b *Bank) StatusFor(ctx context.Context, terminal profile.Principal, id taler.WOPID, poll taler.LongPoll) (taler.BankWithdrawalOperationStatus, error) {
	return b.status(ctx, id, poll, func(w taler.Withdrawal) error {
		if w.Terminal != string(terminal.ID) {
			return unknown(nil)
		}
		return nil
	})
}

func (b *Bank) status(ctx context.Context, id taler.WOPID, poll taler.LongPoll, may func(taler.Withdrawal) error) (taler.BankWithdrawalOperationStatus, error) {
	at, err := b.find(ctx, id)
	if err != nil {
		return taler.BankWithdrawalOperationStatus{}, err
	}
	var w taler.Withdrawal
	look := func(i instrument.Instance) (done bool, err error) {
		w = taler.Withdrawal{}
		if err := i.Decode(&w); err != nil {
			return false, err
		}
		return w.State != poll.OldState, may(w)
	}
	if poll.Timeout <= 0 {
		var i instrument.Instance
		if i, err = b.Instruments().View(ctx, at); err == nil {
			_, err = look(i)
		}
	} else {
		ctx, cancel := context.WithTimeout(ctx, poll.Timeout)
		defer cancel()
		err = b.Instruments().WaitFor(ctx, at, look)
	}
	if err != nil {
		return taler.BankWithdrawalOperationStatus{}, err
	}
	return taler.Status(w, taler.StatusConfig{MinAmount: b.cfg.MinAmount, MaxAmount: b.cfg.MaxAmount}), nil
}
