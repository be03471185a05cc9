package sdk

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Refundable are the classes that a party of one role needs if payments with a class can be
// refunded (Simple.GiveBack): the class itself and, at a party that accepts payments, the
// class that keeps them, such as "coupon-payment" for "coupon".
func Refundable(role comm.Role, class Class) []instrument.Class {
	if role != comm.Vendor {
		return []instrument.Class{class}
	}
	return []instrument.Class{class, Class{Rule: checkAccepted, About: instrument.Info{
		ID: payments(class.About.ID), Title: class.About.Title + ": a payment", Keys: []string{keyPayment}, Shareable: true,
		Moves: []instrument.Move{{To: statusPaid}, {From: statusPaid, To: statusRefunded}},
	}}}
}

func payments(of instrument.ClassID) instrument.ClassID { return of + "-payment" }

const (
	keyPayment     = "payment"
	statusPaid     = "paid"
	statusRefunded = "refunded" // final
)

// accepted is the state of a payment that Accept has taken.
type accepted struct {
	Operation instrument.OperationID `json:"operation"`
	Amount    instrument.Amount      `json:"amount"`
	Shown     json.RawMessage        `json:"shown"` // what was presented
	Returned
}

// checkAccepted is the rule of the class of payments, whatever the protocol does: a payment
// does not change, except that it comes back once.
func checkAccepted(before, after *instrument.Instance) error {
	var is, was accepted
	if err := after.Decode(&is); err != nil {
		return fault.Wrap(err, fault.Invalid, "this is not the state of a payment").Because("payment-malformed")
	}
	if is.Amount.IsZero() || after.Keys[keyPayment] != string(is.Operation) || is.All(is.Amount) != (after.Status == statusRefunded) {
		return fault.New(fault.Invalid, "a payment is of something, and bears its operation").Because("payment-malformed")
	}
	if before == nil {
		return is.Check(is.Amount, nil)
	}
	if err := before.Decode(&was); err != nil {
		return err
	}
	if is.Operation != was.Operation || is.Amount != was.Amount || string(is.Shown) != string(was.Shown) {
		return fault.New(fault.Invalid, "a payment cannot become another payment").Because("payment-changed")
	}
	return is.Check(is.Amount, &was.Returned)
}

// book keeps what was accepted, in the commit that accepts it.
func (p Simple) book(s protocol.Session, tx instrument.Tx, amount instrument.Amount, message json.RawMessage) error {
	a := accepted{Operation: s.Operation(), Amount: amount, Shown: message, Returned: NothingOf(amount)}
	i := instrument.Instance{Class: payments(p.Class), Status: statusPaid, Keys: map[string]string{keyPayment: string(a.Operation)}}
	if err := i.Encode(a); err != nil {
		return err
	}
	_, err := tx.Create(i)
	return err
}

// refund is the argument of REFUND.
type refund struct {
	Payment instrument.OperationID `json:"payment"`         // the operation that paid
	Amount  instrument.Amount      `json:"amount,omitzero"` // nothing, or the whole of it
}

// gaveBack is the result of REFUND.
type gaveBack struct {
	Payment  instrument.OperationID `json:"payment"`
	Refunded instrument.Amount      `json:"refunded"` // of this payment, in all
	Answer   json.RawMessage        `json:"answer,omitempty"`
}

// giveBack is the servicer's side of REFUND. The controller has decided before that the
// payment may come back. If it has come back already, the answer is the same again,
// whichever operation asks.
func (p Simple) giveBack(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args refund
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	var out gaveBack
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, a, err := p.booked(tx, args.Payment)
		if err != nil {
			return err
		}
		out = gaveBack{Payment: args.Payment, Refunded: a.Amount}
		if args.Amount != (instrument.Amount{}) && args.Amount != a.Amount {
			return fault.New(fault.Declined, "a payment with a %s comes back whole: %s", p.Class, a.Amount).Because("refund-too-large")
		}
		if a.All(a.Amount) {
			out.Answer, err = p.GiveBack(tx, a.Shown, instrument.ZeroOf(a.Amount.Currency))
			return err
		}
		if _, _, err := a.Refund(s.Operation(), a.Amount, a.Amount); err != nil {
			return err
		}
		i.Status = statusRefunded
		if err := i.Encode(a); err != nil {
			return err
		}
		if err := tx.Put(i); err != nil {
			return err
		}
		out.Answer, err = p.GiveBack(tx, a.Shown, a.Amount)
		return err
	})
	if err != nil {
		return protocol.Result{}, err
	}
	result, err := protocol.ResultOf(out)
	result.Amount = out.Refunded
	return result, err
}

// booked finds the payment that an operation has made.
func (p Simple) booked(tx instrument.Tx, by instrument.OperationID) (i instrument.Instance, a accepted, err error) {
	id, err := tx.Find(payments(p.Class), keyPayment, string(by))
	if fault.KindOf(err) == fault.NotFound {
		return i, a, fault.New(fault.NotFound, "no payment with a %s was made by this operation", p.Class).Because("payment-unknown")
	}
	if err != nil {
		return i, a, err
	}
	if i, err = tx.Get(id); err != nil {
		return i, a, err
	}
	err = i.Decode(&a)
	return i, a, err
}

// takeBack is the initiator's side of REFUND. Nothing of value leaves here, so there is no
// intent to store.
func (p Simple) takeBack(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args refund
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	var got gaveBack
	if err := s.Recv(ctx, &got); err != nil {
		return protocol.Result{}, err
	}
	if got.Payment != args.Payment {
		return protocol.Result{}, fault.New(fault.Unknown, "the answer is not for this refund").Because("receipt-differs")
	}
	if err := p.change(ctx, s, c, p.becomes(p.Returned, got.Answer)); err != nil {
		return protocol.Result{}, err
	}
	result, err := protocol.ResultOf(got)
	result.Amount = got.Refunded
	return result, err
}
