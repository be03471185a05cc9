package provider

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Payment is the payment with an id. The error is fault.NotFound with
// ReasonPaymentUnknown.
func (p *Provider) Payment(ctx context.Context, id string) (Payment, error) {
	return payment(ctx, p.db, id)
}

// Payments are the payments with a reference, oldest first.
func (p *Provider) Payments(ctx context.Context, reference string) ([]Payment, error) {
	return payments(ctx, p.db, `reference = ?`, reference)
}

func payment(ctx context.Context, q querier, id string) (Payment, error) {
	found, err := payments(ctx, q, `id = ?`, id)
	if err != nil {
		return Payment{}, err
	}
	if len(found) == 0 {
		return Payment{}, fault.New(fault.NotFound, "there is no payment with this id").Because(ReasonPaymentUnknown)
	}
	return found[0], nil
}

// payments reads what a condition of ours selects.
func payments(ctx context.Context, q querier, where string, arg any) ([]Payment, error) {
	found, err := booked(ctx, q, where, arg)
	if err != nil {
		return nil, fmt.Errorf("read payments: %w", err)
	}
	for i := range found { // after those rows are closed: there is one connection
		if found[i].Refunded, err = refunded(ctx, q, found[i]); err != nil {
			return nil, fmt.Errorf("read refunds: %w", err)
		}
	}
	return found, nil
}

// booked are payments without their refunds.
func booked(ctx context.Context, q querier, where string, arg any) (_ []Payment, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, state, reason, amount, reference, merchant, brand, last4, made, space, stage
		FROM payments WHERE `+where+` ORDER BY number`, arg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found := []Payment{}
	for rows.Next() {
		var x Payment
		var shown CardShown
		var amount string
		var made int64
		if err := rows.Scan(&x.ID, &x.State, &x.Reason, &amount, &x.Reference, &x.Merchant, &shown.Brand, &shown.Last4, &made, &x.Space, &x.Stage); err != nil {
			return nil, err
		}
		if x.Amount, err = instrument.ParseAmount(amount); err != nil {
			return nil, err
		}
		if shown.Brand != "" {
			x.Card = &shown
		}
		x.Created = time.Unix(made, 0).UTC()
		found = append(found, x)
	}
	return found, rows.Err()
}

// refunded adds up what went back.
func refunded(ctx context.Context, q querier, x Payment) (_ instrument.Amount, err error) {
	sum := instrument.ZeroOf(x.Amount.Currency)
	rows, err := q.QueryContext(ctx, `SELECT amount FROM refunds WHERE payment = ?`, x.ID)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return sum, err
		}
		one, err := instrument.ParseAmount(text)
		if err != nil {
			return sum, err
		}
		if sum, err = sum.Add(one); err != nil {
			return sum, err
		}
	}
	return sum, rows.Err()
}
