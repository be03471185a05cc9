package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// AddIncoming credits an exchange without any payment, where the operator has
// permitted that for tests. The row is in the same history and claims the same
// key as one of a withdrawal: a reserve is paid once, whichever way.
func (b *Bank) AddIncoming(ctx context.Context, x Exchange, r taler.AddIncomingRequest) (taler.AddIncomingResponse, error) {
	if err := b.mayCredit(ctx, r.Check(b.cfg.Currency), r.DebitAccount); err != nil {
		return taler.AddIncomingResponse{}, err
	}
	if r.Amount.IsZero() {
		return taler.AddIncomingResponse{}, fault.New(fault.Conflict, "a credit of %s is nothing", r.Amount).Because(taler.ReasonAmountOutOfRange)
	}
	self, err := b.self(ctx)
	if err != nil {
		return taler.AddIncomingResponse{}, err
	}
	now := b.Now().Unix()
	w := taler.Withdrawal{
		Currency: b.cfg.Currency, Amount: r.Amount, Exchange: x.Key(), ExchangeURL: x.URL, ExchangeAccount: x.Account,
		ReservePub: r.ReservePub, Created: now, Selected: now, Confirmed: now, Row: 1,
	}
	row, err := w.Incoming(r.DebitAccount)
	if err != nil {
		return taler.AddIncomingResponse{}, err
	}
	w.Row = 0
	out, err := b.credit(ctx, x, row, func(tx *instrument.Draft) (instrument.ID, error) {
		return walk(tx, instrument.Instance{Class: ClassWithdrawal, Owner: self.ID}, w)
	})
	if fault.ReasonOf(err) == "reserve_pub-taken" {
		err = fault.New(fault.Conflict, "this reserve was used already").Because(taler.ReasonReserveTaken)
	}
	return out, err
}

// AddKYCAuth is AddIncoming for the proof of who owns an account. The same key
// may come many times.
func (b *Bank) AddKYCAuth(ctx context.Context, x Exchange, r taler.AddKYCAuthRequest) (taler.AddIncomingResponse, error) {
	if err := b.mayCredit(ctx, r.Check(b.cfg.Currency), r.DebitAccount); err != nil {
		return taler.AddIncomingResponse{}, err
	}
	row := taler.IncomingTransaction{
		Type: taler.TypeKYCAuth, RowID: 1, Date: taler.Timestamp(b.Now().Unix()),
		Amount: r.Amount, DebitAccount: r.DebitAccount, AccountPub: r.AccountPub,
	}
	if err := taler.CheckRow(row); err != nil {
		return taler.AddIncomingResponse{}, err
	}
	return b.credit(ctx, x, row, func(*instrument.Draft) (instrument.ID, error) { return "", nil })
}

// mayCredit passes on what is wrong with a request, and refuses a good one where
// nobody has permitted it.
func (b *Bank) mayCredit(ctx context.Context, wrong error, debit taler.Payto) error {
	switch {
	case !b.cfg.AdminIncoming:
		return fault.New(fault.Denied, "this bank credits nobody who was not paid").Because(taler.ReasonForbidden)
	case wrong != nil:
		return wrong
	}
	return b.unlessExchange(ctx, debit, nil)
}

// credit writes a row, about the instance that made makes.
func (b *Bank) credit(ctx context.Context, x Exchange, row taler.IncomingTransaction, made func(*instrument.Draft) (instrument.ID, error)) (taler.AddIncomingResponse, error) {
	row.RowID = 0
	var last *instrument.Draft
	err := b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		last = tx
		about, err := made(tx)
		if err != nil {
			return err
		}
		return tx.Append(x.Topic(Incoming), about, row)
	})
	if err != nil {
		return taler.AddIncomingResponse{}, err
	}
	return taler.AddIncomingResponse{RowID: uint64(last.Numbers()[0]), Timestamp: row.Date}, nil
}

// walk makes a withdrawal that goes through all its statuses at once, for the
// class lets none begin as confirmed.
func walk(tx *instrument.Draft, i instrument.Instance, w taler.Withdrawal) (instrument.ID, error) {
	i.Keys = map[string]string{KeyReservePub: w.ReservePub.String()}
	for _, w.State = range []taler.State{taler.StatePending, taler.StateSelected, taler.StateConfirmed} {
		i.Status = string(w.State)
		if err := i.Encode(w); err != nil {
			return "", err
		}
		if i.ID != "" {
			if err := tx.Put(i); err != nil {
				return "", err
			}
			i.Version++
			continue
		}
		id, err := tx.Create(i)
		if err != nil {
			return "", err
		}
		i.ID, i.Version = id, 1
	}
	return i.ID, nil
}
