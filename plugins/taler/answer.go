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

// settle takes the exchange's answer: all coins, in one commit with the new state of the
// reserve, or a refusal. An answer that may serve as proof is kept.
func (w coinWithdrawal) settle(ctx context.Context, s protocol.Session, id instrument.ID, clean, spared bool, answer protocol.Response) error {
	var outcome error
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, r, err := read[taler.Reserve](tx, id)
		if err != nil {
			return err
		}
		_, e, err := read[taler.ExchangeState](tx, r.Exchange)
		if err != nil {
			return err
		}
		r.Batch.Clean = clean
		coins, status, refusal := w.form.answered(&r, e, answer, spared, s.Now())
		outcome = refusal
		if refusal == nil {
			if status, err = goOn(e, &r, s.Now()); err != nil {
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

// answered is the pure rule of an answer to the batch that is on its way: the
// coins and the state afterwards, or why there are none.
func (f form) answered(r *taler.Reserve, e taler.ExchangeState, answer protocol.Response, spared bool, now time.Time) ([]taler.Coin, string, error) {
	evidence := &taler.Evidence{Request: r.Batch.Body, Status: answer.Status, Response: answer.Body, At: now.Unix()}
	if answer.Status != http.StatusOK {
		refusal := f.noted(r, e, answer, spared, evidence)
		return nil, standing(*r), refusal
	}
	r.Batch.Clean = false
	coins, err := f.mint(*r, *r.Batch, answer.Body)
	switch {
	case errors.Is(err, errForged):
		r.Proof, r.Reason = evidence, string(errForged.Reason)
		return nil, taler.ReserveFailed, err
	case err != nil:
		r.Evidence = evidence
		return nil, standing(*r), err
	}
	if err := credit(r, coins); err != nil {
		return nil, taler.ReserveSent, err
	}
	r.Batch, r.Evidence, r.Reason = nil, nil, ""
	return coins, taler.ReserveDone, nil
}

// noted reads an answer as a refusal, and notes it in the reserve. After a final refusal the
// reserve has no batch any more.
func (f form) noted(r *taler.Reserve, e taler.ExchangeState, answer protocol.Response, spared bool, evidence *taler.Evidence) (refusal error) {
	final, refusal := f.refused(*r, e, answer, spared)
	evidence.Response = evidence.Response[:min(len(evidence.Response), maxRefusal)]
	r.Evidence = evidence
	r.Batch.Clean = r.Batch.Clean && !doubtful(answer)
	r.Batch.Refused = ""
	reason := fault.ReasonOf(refusal)
	if byWord(reason) {
		r.Batch.Refused = reason
	}
	if reason == taler.ReasonRefusalUnproven && r.Reason == "" {
		r.Reason = string(taler.ReasonRefusalUnproven)
	}
	if !final {
		return refusal
	}
	if r.Reason == string(taler.ReasonRefusalUnproven) {
		r.Reason = ""
	}
	if reason == taler.ReasonEndpointUnknown {
		r.Lacks = f.id
		giveUpBatch(r)
	}
	r.Batch = nil
	return refusal
}

// standing is the status of a reserve whose batch has no good answer. After a wrong signature
// it stays failed until the right one comes.
func standing(r taler.Reserve) string {
	if r.Reason != "" {
		return taler.ReserveFailed
	}
	return taler.ReserveSent
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

// goOn reports whether another batch can be made of the remainder, or could be with newer
// keys.
func goOn(e taler.ExchangeState, r *taler.Reserve, now time.Time) (status string, err error) {
	coins, _, err := plan(e.Denominations, r.Remainder, 1, now)
	if err != nil || len(coins) > 0 || outdated(e, r.Remainder, now) {
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
