package client

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// pollFor is how long one long poll waits.
const pollFor = 30 * time.Second

// fund waits for the money: paid by us at the terminal or by somebody there,
// confirmed by the bank, arrived at the exchange.
func (r *withdrawal) fund(ctx context.Context, reserve taler.Reserve) error {
	if err := r.pay(ctx, reserve); err != nil {
		return err
	}
	if yes, err := r.confirmed(ctx, reserve); !yes {
		return err
	}
	return r.cash(ctx, reserve)
}

// cash waits until the money is at the exchange, and makes coins of it. An empty reserve is asked as
// well: the exchange has closed it, or has made the coins for an earlier life of this wallet.
func (r *withdrawal) cash(ctx context.Context, reserve taler.Reserve) error {
	balance, err := r.arrived(ctx)
	if err != nil {
		return err
	}
	return r.makeCoins(ctx, beyond(balance, reserve.Amount))
}

// beyond is the balance of a reserve if it is more than was expected, and otherwise
// nothing: then the wallet asks for what was agreed to. If there is less, the exchange
// has to say so in its answer to that request.
func beyond(balance, amount instrument.Amount) instrument.Amount {
	if c, err := balance.Cmp(amount); err != nil || c <= 0 {
		return instrument.Amount{}
	}
	return balance
}

// confirmed waits for the bank's verdict [9]. If the withdrawal is not confirmed, or for
// another reserve than ours, the reserve is given up: its money would never come.
func (r *withdrawal) confirmed(ctx context.Context, reserve taler.Reserve) (bool, error) {
	r.tellWaiting(r.unconfirmed(r.status))
	for pace := (taler.Pace{}); ; {
		asked := r.w.Now()
		status, err := r.bank.Operation(ctx, reserve.WOPID, taler.LongPoll{Timeout: pollFor, OldState: taler.StateSelected})
		took := r.w.Now().Sub(asked)
		switch {
		case ctx.Err() != nil:
			return false, pending(ctx.Err(), r.unconfirmed(status))
		case passing(err):
			r.tellWaiting("the bank does not say whether it has confirmed the payment: " + fault.From(err).Message)
			took = 0
		case err != nil:
			return false, err
		case status.Status == taler.StateAborted:
			return false, r.abandon(ctx, "the bank has aborted the withdrawal")
		case !status.MayBeOf(reserve.ReservePub):
			return false, r.abandon(ctx, "another wallet has the withdrawal")
		case status.Status == taler.StateConfirmed:
			r.sure = true
			return true, nil
		case status.Status == taler.StatePending && !r.again: // a bank that was set back, for instance, has forgotten us
			r.again = true
			if err := r.register(ctx, reserve); err != nil && ctx.Err() == nil && !passing(err) {
				return false, err
			}
			continue
		default:
			if r.paid == perhapsCharged { // by now it may be known
				if err := r.paidBefore(ctx, reserve); err != nil {
					return false, err
				}
			}
			r.tellWaiting(r.unconfirmed(status))
		}
		if sleep(ctx, pace.Pause(took, pollFor)) != nil {
			return false, pending(ctx.Err(), r.unconfirmed(status))
		}
	}
}

// unconfirmed says what we wait for at the bank: that somebody pays at its terminal, unless
// we have, or that the person confirms the withdrawal on a page of the bank.
func (r *withdrawal) unconfirmed(status taler.BankWithdrawalOperationStatus) string {
	const what = "the bank has not confirmed the payment yet"
	if r.paid != "" {
		return r.paid + "; " + what
	}
	if page := status.ConfirmAt(); page != "" {
		return what + ": confirm it at " + page
	}
	return what
}

// arrived waits until the exchange has credited the reserve [11].
func (r *withdrawal) arrived(ctx context.Context) (instrument.Amount, error) {
	what := "the money has not arrived at the exchange yet"
	if r.sure {
		what = "the bank has confirmed the payment, so nothing is to be paid again; " + what
	}
	r.tellWaiting(what)
	for pace := (taler.Pace{}); ; {
		var got taler.AwaitResult
		asked := r.w.Now()
		err := r.w.do(ctx, coins(taler.OperationAwait, taler.AwaitArgs{TimeoutMS: pollFor.Milliseconds()}, r.id), &got)
		took := r.w.Now().Sub(asked)
		switch {
		case err == nil && got.Exists:
			return got.Balance, nil
		case ctx.Err() != nil:
			return instrument.Amount{}, pending(ctx.Err(), what)
		case err != nil && !passing(err):
			return instrument.Amount{}, err
		case err != nil:
			r.tellWaiting("the exchange does not say whether the money has arrived: " + fault.From(err).Message)
			took = 0
		}
		if sleep(ctx, pace.Pause(took, pollFor)) != nil {
			return instrument.Amount{}, pending(ctx.Err(), what)
		}
	}
}

// tellWaiting tells the person what we wait for, each thing once. Where Pay pays for a withdrawal,
// nobody is told.
func (r *withdrawal) tellWaiting(what string) {
	if r.person == nil || r.waited == what {
		return
	}
	r.waited = what
	r.person.Show(Event{Event: EventWaiting, Reason: what})
}

func pending(err error, what string) error {
	return fault.Wrap(err, fault.Unknown, "%s", what).Because(protocol.ReasonPending).WithHint("go on with %s", resumeUnnamed)
}

// sleep lasts a little more or less than told.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(taler.Spread(d, rand.Float64())):
		return nil
	case <-ctx.Done():
		return pending(ctx.Err(), "the withdrawal is not finished yet")
	}
}
