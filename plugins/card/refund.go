package card

import (
	"context"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// refund is the argument of REFUND. The vendor's side names the provider and the
// payment as its instruments; whether it may come back its controller has decided.
type refund struct {
	Payment instrument.OperationID `json:"payment"`         // the operation that paid
	Amount  instrument.Amount      `json:"amount,omitzero"` // nothing: all that is left
}

// gaveBack is the result of REFUND.
type gaveBack struct {
	Payment   instrument.OperationID `json:"payment"`
	Reference string                 `json:"reference"`
	Refunded  instrument.Amount      `json:"refunded"` // of this payment, in all
}

// giveBack orders the provider to give a payment back. The intent is on record before the
// provider is asked, with the refund's name there. An operation that finds an earlier refund of
// unknown outcome first asks for that same one again.
func giveBack(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args refund
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	if len(c.Instruments) != 2 {
		return protocol.Result{}, fault.New(fault.Invalid, "a refund needs a card-provider and a payment").Because("instrument-missing")
	}
	for {
		p, before, done, err := intendRefund(ctx, s, c.Instruments[1], args.Amount)
		if err != nil {
			return protocol.Result{}, err
		}
		if done {
			return refundedOf(s.Operation(), args.Payment, p)
		}
		got, failure := p.repayment().ask(ctx, s, c.Main())
		made, refusal := refundOutcome(got.State, failure, before)
		if p, err = concludeRefund(ctx, s, c.Instruments[1], made, refusal); err != nil {
			return protocol.Result{}, err
		}
		if refusal != nil {
			return protocol.Result{}, refusal
		}
		if !before {
			return refundedOf(s.Operation(), args.Payment, p)
		}
	}
}

// intendRefund stores the intent. before reports that an earlier operation has left a refund
// whose outcome is not known.
func intendRefund(ctx context.Context, s protocol.Session, id instrument.ID, amount instrument.Amount) (p payment, before, done bool, err error) {
	p, err = changePayment(ctx, s, id, func(p *payment) (changed bool, err error) {
		if before = p.State == refunding; before {
			return false, nil
		}
		done, err = p.intendRefund(s.Operation(), amount)
		return !done, err
	})
	return p, before, done, err
}

// concludeRefund records what became of the refund that is open, if that is known.
func concludeRefund(ctx context.Context, s protocol.Session, id instrument.ID, made bool, refusal error) (payment, error) {
	return changePayment(ctx, s, id, func(p *payment) (changed bool, err error) {
		if fault.KindOf(refusal) == fault.Unknown {
			return false, nil
		}
		return true, p.concludeRefund(made, s.Now())
	})
}

// intendRefund is the pure rule of a refund that begins. done reports that there is nothing to
// ask the provider for.
func (p *payment) intendRefund(op instrument.OperationID, amount instrument.Amount) (done bool, err error) {
	switch p.State {
	case refunded:
		if amount == (instrument.Amount{}) {
			return true, nil
		}
	case paid:
	default:
		return false, fault.New(fault.Conflict, "this payment is %s, so there is nothing to give back", p.State).Because("payment-not-paid")
	}
	if p.Refunded == (instrument.Amount{}) { // made before there were refunds
		p.Returned = sdk.NothingOf(p.Amount)
	}
	after := sdk.Returned{Refunded: p.Refunded, Refunds: slices.Clone(p.Refunds)}
	given, again, err := after.Refund(op, p.Amount, amount)
	if err != nil || again {
		return again, err
	}
	p.State, p.Returning = refunding, &sdk.Refund{Operation: op, Amount: given}
	return false, nil
}

// concludeRefund is the pure rule of what became of the open refund.
func (p *payment) concludeRefund(made bool, now time.Time) error {
	open := *p.Returning
	p.State, p.Returning, p.Changed = paid, nil, now.Unix()
	if !made {
		return nil
	}
	_, _, err := p.Refund(open.Operation, p.Amount, open.Amount)
	if p.All(p.Amount) {
		p.State = refunded
	}
	return err
}

// refundOutcome is the pure reading of the provider's answer, or of the lack of one. before says
// that an earlier operation has asked for the same refund: then only the provider can say that
// it was never made.
func refundOutcome(state string, failure error, before bool) (made bool, refusal error) {
	switch {
	case failure == nil && state == protocol.FactPaid:
		return true, nil
	case failure == nil && state == protocol.FactFailed, fault.KindOf(failure) == fault.Declined:
		return false, fault.Wrap(failure, fault.Declined, "the provider does not give this payment back").Because("refund-declined")
	case !before && nothingLeft(failure):
		return false, failure
	}
	return false, fault.Wrap(failure, fault.Unknown, "the provider has not said yet whether the payment came back").
		Because("provider-unknown").WithHint("ask for the refund again: it is given once")
}

// repayment is the open refund as the provider is asked for it. Its name there is the
// operation that began it, so that asking again gives nothing twice.
func (p payment) repayment() repayment {
	return repayment{Transaction: p.Transaction, Amount: p.Returning.Amount, ExternalID: string(p.Returning.Operation)}
}

// refundedOf is the result of an operation that has given back, or found that all has come
// back: its own amount, and in the value that of all of the payment.
func refundedOf(by, op instrument.OperationID, p payment) (protocol.Result, error) {
	result, err := protocol.ResultOf(gaveBack{op, p.Reference, p.Refunded})
	result.Amount = p.By(by)
	return result, err
}

// takeBack is the wallet's side of REFUND: the provider pays the card, and the
// receipt says so.
func takeBack(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args refund
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	var got gaveBack
	if err := s.Recv(ctx, &got); err != nil {
		return protocol.Result{}, err
	}
	if got.Payment != args.Payment {
		return protocol.Result{}, fault.New(fault.Unknown, "the vendor's answer is not for this refund").Because("receipt-differs").WithHint("ask the vendor")
	}
	if err := takenBack(ctx, s, c.Main(), args.Payment, got); err != nil {
		return protocol.Result{}, err
	}
	result, err := protocol.ResultOf(got)
	result.Amount = got.Refunded
	return result, err
}

// takenBack keeps that with the receipt. A card that was removed from the wallet is paid by its
// provider all the same, and stays as it was removed.
func takenBack(ctx context.Context, s protocol.Session, id instrument.ID, paid instrument.OperationID, got gaveBack) error {
	return s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		var card state
		if err := i.Decode(&card); err != nil {
			return err
		}
		if err := card.takeBack(paid, got); err != nil || i.Status == removed {
			return err
		}
		if err := i.Encode(card); err != nil {
			return err
		}
		return tx.Put(i)
	})
}

// takeBack is the pure rule of a vendor's word that a payment has come back. It is about
// that payment alone, and no more comes back than was paid.
func (s *state) takeBack(paid instrument.OperationID, got gaveBack) error {
	for n := range s.Receipts {
		r := &s.Receipts[n]
		if r.Operation == paid && r.Reference != got.Reference {
			return refundDiffers()
		}
		if !r.of(paid, got.Reference) {
			continue
		}
		if c, err := got.Refunded.Cmp(r.Amount); err != nil || c > 0 {
			return refundDiffers()
		}
		r.Refunded = got.Refunded
	}
	return nil
}

func refundDiffers() error {
	return fault.New(fault.Unknown, "the vendor says that something else came back than what was paid").Because("refund-differs").WithHint("ask the vendor; look at the card's statement")
}

// checkPayment is the class's own rule, kept by the host whatever the protocol
// does: what came back and what may be on its way back is no more than was paid.
func checkPayment(before, after *instrument.Instance) error {
	var is, was payment
	if err := after.Decode(&is); err != nil {
		return fault.Wrap(err, fault.Invalid, "this is not the state of a payment").Because("payment-malformed")
	}
	if is.State != after.Status || (is.State == refunding) != (is.Returning != nil) {
		return fault.New(fault.Invalid, "the state of a payment is not its status").Because("payment-malformed")
	}
	if before != nil {
		if err := before.Decode(&was); err != nil {
			return err
		}
		if was.Amount != is.Amount || was.Reference != is.Reference {
			return fault.New(fault.Invalid, "a payment cannot become another payment").Because("payment-changed")
		}
	}
	if is.Refunded == (instrument.Amount{}) && was.Refunded == (instrument.Amount{}) {
		return nil // of a time before refunds
	}
	if is.Returning != nil {
		open := sdk.Returned{Refunded: is.Refunded, Refunds: slices.Clone(is.Refunds)}
		if _, again, err := open.Refund(is.Returning.Operation, is.Amount, is.Returning.Amount); err != nil || again {
			return fault.New(fault.Conflict, "the refunds of a payment are not more than the payment").Because("refund-too-large")
		}
	}
	if before == nil {
		return is.Check(is.Amount, nil)
	}
	return is.Check(is.Amount, &was.Returned)
}
