package vendor

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// PaymentRefunded is how a payment is listed that was paid in full and went back whole. It
// is on no record: what went back stands with each part.
const PaymentRefunded = "refunded"

// addRefunds says of payments what went back of them. What went back in another currency
// stands with its part alone.
func (t *Terminal) addRefunds(ctx context.Context, all []Payment) error {
	back, underWay, err := t.refunds(ctx)
	if err != nil {
		return err
	}
	for n := range all {
		p := &all[n]
		sum := instrument.ZeroOf(p.Total.Currency)
		for m := range p.Parts {
			part := &p.Parts[m]
			part.Refunding = underWay[part.ID]
			if part.Refunded = back[part.ID]; part.Refunded == (instrument.Amount{}) {
				continue
			}
			if more, err := sum.Add(part.Refunded); err == nil { // a plugin may say what nobody can add up
				sum = more
			}
		}
		if sum.IsZero() {
			continue
		}
		if p.Refunded = sum; p.Status == PaymentPaid && sum == p.Paid {
			p.Status = PaymentRefunded
		}
	}
	return nil
}

// refunds are what went back of each payment, by the operation that paid: as the
// instruments of cards and accounts say, and of other classes the refunds that their
// payers have fetched. What a card's provider was asked to give back and has not
// answered is under way.
func (t *Terminal) refunds(ctx context.Context) (out, underWay map[instrument.OperationID]instrument.Amount, err error) {
	out, underWay = map[instrument.OperationID]instrument.Amount{}, map[instrument.OperationID]instrument.Amount{}
	for _, class := range []instrument.ClassID{ClassCardPayment, ClassSpent} {
		paid, err := t.Instruments().List(ctx, instrument.Filter{Class: class})
		if err != nil {
			return nil, nil, err
		}
		for _, i := range paid {
			var p comingBack
			if err := i.Decode(&p); err != nil {
				return nil, nil, err
			}
			if p.Operation == "" {
				if p.Operation, err = t.givenBackBy(ctx, p.refund()); err != nil {
					return nil, nil, err
				}
			}
			if p.Returning != nil {
				underWay[p.Operation] = p.Returning.Amount
			}
			if p.Operation != "" && !p.Refunded.IsZero() {
				out[p.Operation] = p.Refunded
			}
		}
	}
	return out, underWay, t.addFetched(ctx, out)
}

// comingBack is what the record of a payment, by card or from an account, says of its
// refunds.
type comingBack struct {
	Operation instrument.OperationID // that paid; none: nobody heard of it before it was given back, or was to be
	Refunded  instrument.Amount
	Refunds   []struct{ Operation instrument.OperationID }
	Returning *struct {
		Operation instrument.OperationID
		Amount    instrument.Amount
	}
}

// refund is the first one; none if there is none.
func (p comingBack) refund() instrument.OperationID {
	switch {
	case len(p.Refunds) > 0:
		return p.Refunds[0].Operation
	case p.Returning != nil:
		return p.Returning.Operation
	}
	return ""
}

// givenBackBy is the payment that a REFUND has given back; none for none.
func (t *Terminal) givenBackBy(ctx context.Context, refund instrument.OperationID) (instrument.OperationID, error) {
	if refund == "" {
		return "", nil
	}
	found, err := t.Protocols().Records(ctx, protocol.Filter{Prefix: string(refund), Limit: 1})
	if err != nil || len(found) == 0 {
		return "", err
	}
	var of struct {
		Payment instrument.OperationID `json:"payment"`
	}
	err = json.Unmarshal(found[0].Args, &of)
	return of.Payment, err
}

// addFetched adds what payers have fetched of what was paid with other classes. Each refund
// says how much it is in all.
func (t *Terminal) addFetched(ctx context.Context, out map[instrument.OperationID]instrument.Amount) error {
	all, err := t.Protocols().Records(ctx, protocol.Filter{Side: protocol.Servicer})
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Operation != protocol.Refund || r.Class == ClassCard || r.Class == ClassPrepaid || r.Result == nil || r.Result.Amount.IsZero() {
			continue
		}
		var of struct {
			Payment instrument.OperationID `json:"payment"`
		}
		if err := json.Unmarshal(r.Args, &of); err != nil {
			return err
		}
		if c, err := out[of.Payment].Cmp(r.Result.Amount); err != nil || c < 0 {
			out[of.Payment] = r.Result.Amount
		}
	}
	return nil
}
