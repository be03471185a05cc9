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

// givenBack is the result of REFUND.
type givenBack struct {
	Payment  instrument.OperationID `json:"payment"`
	Amount   instrument.Amount      `json:"amount"`
	Refunded instrument.Amount      `json:"refunded"` // of this payment, in all
}

// giveBack is the vendor's REFUND: it names the payment's operation. Payment and
// account change in one commit, once for each operation.
func giveBack(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args returned
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	var out givenBack
	err := s.Update(ctx, func(tx instrument.Tx) error {
		id, err := tx.Find(paymentID, keyPayment, string(args.Payment))
		if fault.KindOf(err) == fault.NotFound {
			return fault.New(fault.NotFound, "no payment from a prepaid account was made by this operation").Because("payment-unknown")
		}
		if err != nil {
			return err
		}
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		var p payment
		if err := i.Decode(&p); err != nil {
			return err
		}
		amount, again, err := p.refund(s.Operation(), args.Amount)
		out = givenBack{args.Payment, amount, p.Refunded}
		if err != nil || again {
			return err
		}
		i.Status = p.status()
		if err := put(tx, i, p); err != nil {
			return err
		}
		at, l, err := kept(tx, p.Account)
		if err != nil {
			return err
		}
		if err := l.refund(amount); err != nil {
			return err
		}
		return put(tx, at, l)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	result, err := protocol.ResultOf(out)
	result.Amount = out.Amount
	return result, err
}
