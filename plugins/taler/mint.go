package taler

import (
	"context"
	"errors"
	"net/http"
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
func withdraw(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.WithdrawArgs
	if len(c.Args) > 0 {
		if err := c.Arguments(&args); err != nil {
			return protocol.Result{}, err
		}
	}
	for {
		status, r, err := freeze(ctx, s, c.Main(), args)
		if err != nil {
			return protocol.Result{}, err
		}
		if status == taler.ReserveDone {
			return protocol.ResultOf(taler.WithdrawResult{Coins: r.Coins, Amount: r.Value, Fees: r.Fees})
		}
		answer, err := s.Fetch(ctx, protocol.Request{
			Address: r.Exchange, Method: http.MethodPost, Path: "reserves/" + r.ReservePub.String() + "/batch-withdraw",
			Header: map[string]string{"Content-Type": "application/json"}, Body: r.Batch.Body,
			Timeout: maxHold, Limit: maxAnswer, Repeat: true,
		})
		if err != nil {
			return protocol.Result{}, err
		}
		if err := settle(ctx, s, c.Main(), answer); err != nil {
			return protocol.Result{}, err
		}
	}
}

// freeze makes sure that there is a batch to send: the one that was frozen
// before, or a new one. A reserve that is done has none.
func freeze(ctx context.Context, s protocol.Session, id instrument.ID, args taler.WithdrawArgs) (status string, r taler.Reserve, err error) {
	err = s.Update(ctx, func(tx instrument.Tx) error {
		var i instrument.Instance
		var err error
		if i, r, err = read[taler.Reserve](tx, id); err != nil {
			return err
		}
		status = i.Status
		switch {
		case status == taler.ReserveAborted || status == taler.ReserveFailed:
			return fault.New(fault.Conflict, "this withdrawal is %s: %s", status, r.Reason).Because("withdrawal-ended")
		case status == taler.ReserveDone || r.Batch != nil:
			return nil
		}
		_, e, err := read[taler.ExchangeState](tx, r.Exchange)
		if err != nil {
			return err
		}
		if status, err = planned(&r, e, args.Balance, s.Now()); err != nil {
			return err
		}
		return put(tx, i, status, r)
	})
	return status, r, err
}

// planned freezes the next batch of a reserve, for no more than is there.
func planned(r *taler.Reserve, e taler.ExchangeState, balance taler.Amount, now time.Time) (status string, err error) {
	if balance.Currency == r.Remainder.Currency && compare(balance, r.Remainder) < 0 {
		r.Remainder = balance
	}
	amount := r.Remainder
	if r.Coins == 0 { // say why nothing can be made
		if _, err := outlook(e, amount, now); err != nil {
			return "", err
		}
	}
	coins, _, err := plan(e.Denominations, amount, batchSize, now)
	if err != nil {
		return "", err
	}
	if len(coins) == 0 {
		return taler.ReserveDone, nil
	}
	if r.Batch, err = newBatch(*r, coins); err != nil {
		return "", err
	}
	n, _, _, err := totals(coins, amount.Currency)
	r.NextCoin += uint32(n)
	return taler.ReserveSent, err
}

// settle takes the exchange's answer: coins, all in one commit with what the
// reserve becomes, or a refusal. What could be proof is kept.
func settle(ctx context.Context, s protocol.Session, id instrument.ID, answer protocol.Response) error {
	var outcome error
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, r, err := read[taler.Reserve](tx, id)
		if err != nil {
			return err
		}
		coins, status, refusal := answeredBatch(&r, answer, s.Now())
		outcome = refusal
		if refusal == nil {
			if status, err = goOn(tx, &r, s.Now()); err != nil {
				return err
			}
		}
		for _, coin := range coins {
			if err := createCoin(tx, i.Owner, coin); err != nil {
				return err
			}
		}
		return put(tx, i, status, r)
	})
	if err != nil {
		return err
	}
	return outcome
}

// answeredBatch is the pure rule of an answer to the batch that is on its way:
// the coins and the state afterwards, or why there are none.
func answeredBatch(r *taler.Reserve, answer protocol.Response, now time.Time) ([]taler.Coin, string, error) {
	evidence := &taler.Evidence{Request: r.Batch.Body, Status: answer.Status, Response: answer.Body, At: now.Unix()}
	if answer.Status != http.StatusOK {
		final, refusal := refused(answer)
		r.Evidence = evidence
		if final {
			r.Batch = nil
		}
		return nil, taler.ReserveSent, refusal
	}
	coins, err := mint(*r, *r.Batch, answer.Body)
	switch {
	case errors.Is(err, errForged):
		r.Evidence, r.Reason = evidence, string(errForged.Reason)
		return nil, taler.ReserveFailed, err
	case err != nil:
		r.Evidence = evidence
		return nil, taler.ReserveSent, err
	}
	if err := credit(r, coins); err != nil {
		return nil, taler.ReserveSent, err
	}
	r.Batch, r.Evidence = nil, nil
	return coins, taler.ReserveDone, nil
}

// credit moves a batch from the remainder to what was made.
func credit(r *taler.Reserve, coins []taler.Coin) error {
	n, value, fees, err := totals(r.Batch.Plan, r.Amount.Currency)
	if err != nil {
		return err
	}
	spent, err := value.Add(fees)
	if err != nil {
		return err
	}
	if r.Remainder, err = r.Remainder.Sub(spent); err != nil {
		return err
	}
	if r.Coins == 0 {
		r.Value, r.Fees = instrument.ZeroOf(r.Amount.Currency), instrument.ZeroOf(r.Amount.Currency)
	}
	if r.Value, err = r.Value.Add(value); err != nil {
		return err
	}
	if r.Fees, err = r.Fees.Add(fees); err != nil {
		return err
	}
	if n != len(coins) {
		return fault.New(fault.Internal, "%d coins were made of a plan for %d", len(coins), n)
	}
	r.Coins += n
	return nil
}

// goOn says whether the remainder makes another batch.
func goOn(tx instrument.Tx, r *taler.Reserve, now time.Time) (status string, err error) {
	_, e, err := read[taler.ExchangeState](tx, r.Exchange)
	if err != nil {
		return "", err
	}
	coins, _, err := plan(e.Denominations, r.Remainder, 1, now)
	if err != nil || len(coins) > 0 {
		return taler.ReserveSent, err
	}
	return taler.ReserveDone, nil
}

func createCoin(tx instrument.Tx, owner instrument.PrincipalID, coin taler.Coin) error {
	i := instrument.Instance{Class: coinID, Owner: owner, Status: taler.CoinFresh, Keys: map[string]string{keyCoinPub: coin.CoinPub.String()}}
	if err := i.Encode(coin); err != nil {
		return err
	}
	_, err := tx.Create(i)
	return err
}

// refused is the pure rule of an exchange's refusal. Final means that no coin of
// these bytes exists or ever will: only then may another batch be made.
func refused(answer protocol.Response) (final bool, refusal error) {
	err := fault.From(taler.FaultOf(answer.Status, answer.Body))
	switch err.Reason {
	case taler.ReasonDenominationUnknown, taler.ReasonDenominationNotYet, taler.ReasonDenominationExpired,
		taler.ReasonDenominationRevoked, taler.ReasonDenominationKeyLost:
		return true, err.WithHint("refresh the exchange's keys and withdraw again")
	case taler.ReasonInsufficientFunds:
		return true, err.WithHint("ask for the reserve's balance and withdraw again")
	case taler.ReasonReserveUnknown:
		return false, err.WithHint("the money has not arrived yet; wait and withdraw again")
	case taler.ReasonKYCRequired:
		return false, err.WithHint("the exchange must know you first; nothing was charged, withdraw again afterwards")
	case taler.ReasonBatchPartlyWithdrawn, taler.ReasonReserveSignature:
		return false, err.WithHint("everything is kept; this is a defect of the wallet or of the exchange")
	}
	if answer.Status >= http.StatusInternalServerError || answer.Status == http.StatusTooManyRequests {
		return false, fault.Wrap(err, fault.Unknown, "the exchange could not answer, with status %d", answer.Status).
			Because("exchange-failed").WithHint("withdraw again; the same request is sent and nothing is charged twice")
	}
	return false, err
}
