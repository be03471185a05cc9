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
	i, w, err := b.Lookup(ctx, id)
	if err != nil {
		return taler.BankWithdrawalOperationStatus{}, err
	}
	return b.await(ctx, i.ID, w, poll)
}

// StatusFor is Status for the terminal that has set the withdrawal up.
func (b *Bank) StatusFor(ctx context.Context, terminal profile.Principal, id taler.WOPID, poll taler.LongPoll) (taler.BankWithdrawalOperationStatus, error) {
	i, w, err := b.Lookup(ctx, id)
	if err != nil {
		return taler.BankWithdrawalOperationStatus{}, err
	}
	if w.Terminal != string(terminal.ID) {
		return taler.BankWithdrawalOperationStatus{}, unknown(nil)
	}
	return b.await(ctx, i.ID, w, poll)
}

func (b *Bank) await(ctx context.Context, id instrument.ID, w taler.Withdrawal, poll taler.LongPoll) (taler.BankWithdrawalOperationStatus, error) {
	if poll.Timeout <= 0 || w.State != poll.OldState {
		return b.show(w), nil
	}
	ctx, cancel := context.WithTimeout(ctx, poll.Timeout)
	defer cancel()
	err := b.Instruments().Wait(ctx, id, func(ctx context.Context) (bool, error) {
		i, err := b.Instruments().View(ctx, id)
		if err != nil {
			return false, err
		}
		var now taler.Withdrawal
		if err := i.Decode(&now); err != nil {
			return false, err
		}
		w = now
		return w.State != poll.OldState, nil
	})
	return b.show(w), err
}

func (b *Bank) show(w taler.Withdrawal) taler.BankWithdrawalOperationStatus {
	return taler.Status(w, taler.StatusConfig{})
}
