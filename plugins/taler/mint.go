package taler

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// withdraw makes coins of a reserve, batch by batch. The exact request is stored
// before its first byte leaves; from then on only the same bytes are sent, as
// often as needed, and the exchange answers them the same way each time. So the
// operation may be run again from any point: it goes on where the reserve stands.
func (w coinWithdrawal) withdraw(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.WithdrawArgs
	if len(c.Args) > 0 {
		if err := c.Arguments(&args); err != nil {
			return protocol.Result{}, err
		}
	}
	for {
		status, r, err := w.freeze(ctx, s, c.Main(), args)
		if err != nil {
			return protocol.Result{}, err
		}
		if status == taler.ReserveDone {
			return protocol.ResultOf(taler.WithdrawResult{Coins: r.Coins, Amount: r.Value, Fees: r.Fees})
		}
		answer, err := w.send(ctx, s, r)
		switch {
		case unheard(r, answer, err):
			continue
		case err != nil:
			return protocol.Result{}, w.unsent(ctx, s, c.Main(), r, err)
		}
		spared := false
		if r.Batch.Clean && answer.Status == http.StatusNotFound && noEndpoint(answer.Body) {
			if spared, err = w.spared(ctx, s, r); err != nil {
				return protocol.Result{}, w.staysClean(ctx, s, c.Main(), err)
			}
		}
		if err := w.settle(ctx, s, c.Main(), r.Batch.Clean, spared, answer); err != nil {
			return protocol.Result{}, err
		}
	}
}

// send sends the batch. While there are surely no coins of it nobody repeats the
// request by themselves, or an answer could be the one to the second send.
func (w coinWithdrawal) send(ctx context.Context, s protocol.Session, r taler.Reserve) (protocol.Response, error) {
	return s.Fetch(ctx, protocol.Request{
		Address: r.Exchange, Method: http.MethodPost, Path: w.form.path(r.ReservePub),
		Header: map[string]string{"Content-Type": "application/json"}, Body: r.Batch.Body,
		Timeout: maxHold, Limit: maxCoinAnswer, Repeat: !r.Batch.Clean,
	})
}

// freeze makes sure that there is a batch to send: the one that was frozen
// before, or a new one. A reserve that is done has none. What is stored of it is
// not clean from here on, until the answer is: r says how it was.
func (w coinWithdrawal) freeze(ctx context.Context, s protocol.Session, id instrument.ID, args taler.WithdrawArgs) (status string, r taler.Reserve, err error) {
	err = s.Update(ctx, func(tx instrument.Tx) error {
		var i instrument.Instance
		var err error
		if i, r, err = read[taler.Reserve](tx, id); err != nil {
			return err
		}
		status = i.Status
		switch {
		case status == taler.ReserveAborted && r.Batch == nil && args.Balance.IsZero():
			return fault.New(fault.Conflict, "this withdrawal is %s: %s", status, r.Reason).Because("withdrawal-ended")
		case status == taler.ReserveDone:
			return nil
		case r.Batch != nil && r.Batch.Form() != w.form.id:
			return fault.New(fault.Conflict, "coins were asked for by %s already, and only the same request may follow", r.Batch.Form()).Because("protocol-differs")
		case status == taler.ReserveAborted && r.Batch != nil:
			status, r.Reason = taler.ReserveSent, ""
			i.Status = status
			return leave(tx, i, r)
		case r.Batch != nil && !r.Batch.Clean:
			return nil
		}
		if status, err = w.plan(tx, &r, status, args, s.Now()); err != nil {
			return err
		}
		i.Status = status
		return leave(tx, i, r)
	})
	return status, r, err
}

// plan makes a new batch for a reserve that has none, or whose last one was refused for
// good. If the exchange's keys and what it has do not bear the refusal out, the last one
// stays and is sent again.
func (w coinWithdrawal) plan(tx instrument.Tx, r *taler.Reserve, status string, args taler.WithdrawArgs, now time.Time) (string, error) {
	_, e, err := read[taler.ExchangeState](tx, r.Exchange)
	if err != nil {
		return status, err
	}
	balance := args.Balance
	if r.Batch != nil {
		if !borneOut(*r, e, balance) {
			return status, nil
		}
		if r.Batch.Refused != taler.ReasonInsufficientFunds {
			balance = taler.Amount{} // what it says in passing makes a withdrawal no smaller
		}
		giveUpBatch(r)
	}
	if status == taler.ReserveAborted { // and the money came after all
		r.Reason = ""
	}
	agreeTo(r, args.Fees)
	return w.form.planned(r, e, balance, now)
}

// leave stores a reserve whose batch is on its way next.
func leave(tx instrument.Tx, i instrument.Instance, r taler.Reserve) error {
	if r.Batch != nil {
		sent := *r.Batch
		sent.Clean, r.Batch = false, &sent
	}
	return put(tx, i, i.Status, r)
}

// planned freezes the next batch of a reserve, for no more than is there.
func (f form) planned(r *taler.Reserve, e taler.ExchangeState, balance taler.Amount, now time.Time) (status string, err error) {
	if err := fit(r, balance); err != nil {
		return "", err
	}
	for {
		status, err = f.frozen(r, e, now)
		var bad unusable
		if !errors.As(err, &bad) {
			return status, err
		}
		e.Denominations = slices.DeleteFunc(slices.Clone(e.Denominations), func(d taler.Denomination) bool { return d.DenomPubHash == bad.denom })
	}
}

// frozen is planned with the denominations that are left: one whose key turns out
// dishonest when a coin is blinded is left out, and the plan made again.
func (f form) frozen(r *taler.Reserve, e taler.ExchangeState, now time.Time) (status string, err error) {
	amount := r.Remainder
	if r.Coins == 0 { // say why nothing can be made
		if _, err := outlook(e, amount, taler.Amount{}, now); err != nil {
			return "", there(err)
		}
	}
	coins, _, err := plan(e.Denominations, amount, batchSize, now)
	if err != nil {
		return "", err
	}
	switch {
	case len(coins) == 0 && outdated(e, amount, now):
		return "", noLonger()
	case len(coins) == 0:
		return taler.ReserveDone, nil
	}
	if err := costsAsAgreed(*r, e, now); err != nil {
		return "", err
	}
	if r.Batch, err = f.newBatch(*r, coins); err != nil {
		return "", err
	}
	r.Batch.MasterPub = e.MasterPub
	n, _, _, err := totals(coins, amount.Currency)
	r.NextCoin += uint32(n)
	return taler.ReserveSent, err
}

// fit holds the plan to what the exchange has: less than was to come is what there
// is, and more stays there, for the person agreed to an amount.
func fit(r *taler.Reserve, balance taler.Amount) error {
	if balance.Currency != r.Remainder.Currency {
		return nil // it was not asked for
	}
	if r.Amount.IsZero() { // the payment has said it
		r.Amount, r.Remainder = balance, balance
		return nil
	}
	if compare(balance, r.Remainder) < 0 {
		r.Remainder = balance
		return nil
	}
	if r.NextCoin > 0 {
		return nil
	}
	more, err := balance.Sub(r.Remainder)
	if err == nil && !more.IsZero() {
		r.Surplus = more
	}
	return err
}
