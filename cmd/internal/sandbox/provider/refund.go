package provider

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/wallee"
)

// Refund is money that went back to the card. Its state is Paid.
type Refund struct {
	ID         string            `json:"id"`
	State      State             `json:"state"`
	Payment    string            `json:"payment"`
	ExternalID string            `json:"external_id"`
	Amount     instrument.Amount `json:"amount"`
}

// Refund gives amount of a payment back. The same request again is answered with
// the first refund.
//
// The error is fault.NotFound for an unknown payment, fault.Invalid for a
// malformed request or another currency, fault.Conflict when the payment is not
// paid (ReasonNotPaid), when all refunds together would be more than was paid
// (ReasonRefundTooLarge) and for another refund under the same external id
// (ReasonRefundReused).
func (p *Provider) Refund(ctx context.Context, payment string, amount instrument.Amount, externalID string) (Refund, error) {
	switch {
	case externalID == "" || len(externalID) > maxText:
		return Refund{}, malformed("the external_id is not 1 to %d bytes", maxText)
	case amount.Currency == "" || amount.IsZero():
		return Refund{}, malformed("the amount is missing or nothing")
	}
	id, err := p.newID("ref-")
	if err != nil {
		return Refund{}, err
	}
	r := Refund{ID: id, State: Paid, Payment: payment, ExternalID: externalID, Amount: amount}
	err = sandbox.Transact(ctx, p.db, func(tx *sql.Tx) error {
		known, err := refundedBefore(ctx, tx, &r)
		if err != nil || known {
			return err
		}
		if err := refundable(ctx, tx, r); err != nil {
			return err
		}
		number, err := next(ctx, tx, "refunds")
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO refunds (number, external_id, id, payment, amount, made) VALUES (?, ?, ?, ?, ?, ?)`,
			number, r.ExternalID, r.ID, r.Payment, r.Amount.String(), p.o.Clock().Unix())
		return err
	})
	if err != nil {
		return Refund{}, fmt.Errorf("refund: %w", err)
	}
	return r, nil
}

// refundWhere is the refund that a condition of ours selects, with wallee's number
// of it; fault.NotFound.
func (p *Provider) refundWhere(ctx context.Context, where, arg string) (r Refund, number int64, err error) {
	var amount string
	err = p.db.QueryRowContext(ctx, `SELECT id, payment, external_id, amount, number FROM refunds WHERE `+where, arg).
		Scan(&r.ID, &r.Payment, &r.ExternalID, &amount, &number)
	if errors.Is(err, sql.ErrNoRows) {
		return r, 0, fault.New(fault.NotFound, "there is no such refund").Because(ReasonPaymentUnknown)
	}
	if err != nil {
		return r, 0, err
	}
	r.State = Paid
	r.Amount, err = instrument.ParseAmount(amount)
	return r, number, err
}

// refundedBefore finds the refund of an external id and takes over its id.
func refundedBefore(ctx context.Context, tx *sql.Tx, r *Refund) (known bool, err error) {
	var id, payment, amount string
	err = tx.QueryRowContext(ctx, `SELECT id, payment, amount FROM refunds WHERE external_id = ?`, r.ExternalID).
		Scan(&id, &payment, &amount)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case payment != r.Payment || amount != r.Amount.String():
		return false, fault.New(fault.Conflict, "this external_id was used for another refund").Because(ReasonRefundReused)
	}
	r.ID = id
	return true, nil
}

func refundable(ctx context.Context, tx *sql.Tx, r Refund) error {
	x, err := payment(ctx, tx, r.Payment)
	if err != nil {
		return err
	}
	if x.State != Paid {
		return fault.New(fault.Conflict, "this payment is %s, so there is nothing to give back", x.State).Because(ReasonNotPaid)
	}
	sum, err := x.Refunded.Add(r.Amount)
	if err != nil {
		return err
	}
	over, err := sum.Cmp(x.Amount)
	if err != nil {
		return err
	}
	if over > 0 {
		return fault.New(fault.Conflict, "%s of %s went back already; %s more is too much", x.Refunded, x.Amount, r.Amount).
			Because(ReasonRefundTooLarge)
	}
	return nil
}

// Settle decides a pending payment: a control of the simulator that no real provider offers. For a
// payment in a space, state may also be one of wallee's words; those that are not final leave it
// pending. Deciding again in the same way changes nothing; in another way it is fault.Conflict with
// ReasonNotPending.
func (p *Provider) Settle(ctx context.Context, id string, state State) (Payment, error) {
	stage := ""
	if as, known := staged(wallee.State(state)); known {
		state, stage = as, string(state)
	} else if state != Paid && state != Failed {
		return Payment{}, malformed("the state is neither paid nor failed")
	}
	reason := ""
	if state == Failed {
		reason = WhySettled
	}
	var x Payment
	err := sandbox.Transact(ctx, p.db, func(tx *sql.Tx) (err error) {
		if x, err = payment(ctx, tx, id); err != nil || x.State == state && x.Stage == stage {
			return err
		}
		if stage != "" && x.Space == 0 {
			return malformed("this payment is in no space, so it is paid or failed")
		}
		if x.State != Pending {
			return fault.New(fault.Conflict, "this payment is %s and stays so", x.State).Because(ReasonNotPending)
		}
		x.State, x.Reason, x.Stage = state, reason, stage
		_, err = tx.ExecContext(ctx, `UPDATE payments SET state = ?, reason = ?, stage = ? WHERE id = ?`, string(state), reason, stage, id)
		return err
	})
	return x, err
}
