package prepaid

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// returned is the argument of REFUND.
type returned struct {
	Payment instrument.OperationID `json:"payment"`         // the operation that paid
	Amount  instrument.Amount      `json:"amount,omitzero"` // nothing: all that is left
}

// givenBack is the result of the vendor's own REFUND.
type givenBack struct {
	Payment  instrument.OperationID `json:"payment"`
	Amount   instrument.Amount      `json:"amount"`
	Refunded instrument.Amount      `json:"refunded"` // of this payment, in all
}

// giveBack is the vendor's own REFUND, which names the operation that has paid. Payment and
// account change in one commit, once for each operation. If all has come back already, by
// whichever operation, the answer says that.
func giveBack(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args returned
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	var out givenBack
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, p, err := booked(tx, args.Payment)
		if err != nil {
			return err
		}
		if out = (givenBack{args.Payment, p.By(s.Operation()), p.Refunded}); p.cameBack(args) {
			return nil
		}
		out, _, err = refundOf(s, tx, i, p, args)
		return err
	})
	if err != nil {
		return protocol.Result{}, err
	}
	result, err := protocol.ResultOf(out)
	result.Amount = out.Amount
	return result, err
}

// giveBackTo is the vendor's side of a wallet's REFUND. The controller has decided before that
// the payment may come back. It comes back to the account that has paid, and only the holder
// of that is told. If all has come back already, by whichever operation, the answer says that.
func (v variant) giveBackTo(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args returned
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	var q question
	if err := s.Recv(ctx, &q); err != nil {
		return protocol.Result{}, err
	}
	text, err := query{q.Account, s.Operation()}.text(c.Operation)
	if err != nil {
		return protocol.Result{}, err
	}
	var l ledger
	var out givenBack
	err = s.Update(ctx, func(tx instrument.Tx) error {
		i, p, err := booked(tx, args.Payment)
		if err != nil {
			return err
		}
		if _, l, err = kept(tx, p.Account); err != nil {
			return err
		}
		if err := v.holds(s, l, text, q.Signature); err != nil {
			return err
		}
		if out = (givenBack{Refunded: p.Refunded}); p.cameBack(args) {
			return nil
		}
		out, l, err = refundOf(s, tx, i, p, args)
		return err
	})
	if err != nil {
		return protocol.Result{}, err
	}
	r, err := l.receipt(receipt{Payment: args.Payment, Amount: out.Refunded}, v.signed(), s.Now())
	if err != nil {
		return protocol.Result{}, err
	}
	return receiptFor(r)
}

// cameBack reports whether what is asked for has come back: all, without an amount.
func (p payment) cameBack(asked returned) bool {
	return asked.Amount == (instrument.Amount{}) && p.All(p.Amount)
}

// booked finds a payment by the operation that made it.
func booked(tx instrument.Tx, op instrument.OperationID) (i instrument.Instance, p payment, err error) {
	id, err := tx.Find(paymentID, keyPayment, string(op))
	if fault.KindOf(err) == fault.NotFound {
		return i, p, fault.New(fault.NotFound, "no payment from a prepaid account was made by this operation").Because("payment-unknown")
	}
	if err != nil {
		return i, p, err
	}
	if i, err = tx.Get(id); err != nil {
		return i, p, err
	}
	err = i.Decode(&p)
	return i, p, err
}

// refundOf books a refund in the payment and in the account that it was made from.
func refundOf(s protocol.Session, tx instrument.Tx, i instrument.Instance, p payment, args returned) (out givenBack, l ledger, err error) {
	amount, again, err := p.Refund(s.Operation(), p.Amount, args.Amount)
	if err != nil {
		return out, l, err
	}
	out = givenBack{args.Payment, amount, p.Refunded}
	at, l, err := kept(tx, p.Account)
	if err != nil || again {
		return out, l, err
	}
	i.Status = p.status()
	if err := put(tx, i, &p); err != nil {
		return out, l, err
	}
	if err := l.refund(amount); err != nil {
		return out, l, err
	}
	err = put(tx, at, &l)
	return out, l, err
}
