package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// charge takes a batch out of its reserve and keeps the signatures, in one
// transaction: all of the batch is paid and signed, or none of it.
func (e *Exchange) charge(ctx context.Context, reserve crypto.EddsaPublicKey, batch []planchet) error {
	return sandbox.Transact(ctx, e.db, func(tx *sql.Tx) error {
		all, err := e.signedBefore(ctx, tx, reserve, batch) // another request may have been faster
		if err != nil || all {
			return err
		}
		balance, _, err := balanceOf(ctx, tx, reserve)
		if err != nil {
			return err
		}
		total, err := totalOf(e.info.Currency, batch)
		if err != nil {
			return err
		}
		order, err := balance.Cmp(total)
		if err != nil {
			return err
		}
		if order < 0 {
			return insufficient(balance, total)
		}
		rest, err := balance.Sub(total)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE reserves SET balance = ? WHERE pub = ?`, rest.String(), reserve[:]); err != nil {
			return err
		}
		return e.keep(ctx, tx, reserve, batch)
	})
}

func (e *Exchange) keep(ctx context.Context, tx *sql.Tx, reserve crypto.EddsaPublicKey, batch []planchet) error {
	for _, p := range batch {
		if _, err := tx.ExecContext(ctx, `INSERT INTO withdrawals (ev, reserve, denomination, amount, reserve_sig, signature, date)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, p.ev[:], reserve[:], p.denom.hash[:], p.denom.withFee.String(),
			p.ReserveSig[:], p.signature, int64(e.now())); err != nil {
			return fmt.Errorf("keep a signature: %w", err)
		}
	}
	return nil
}

// signedBefore looks a batch up in the books. If all of it is there, the stored signatures are put into
// it. If only a part is there, or another reserve has paid for a planchet, it is refused with
// 409/1175.
func (e *Exchange) signedBefore(ctx context.Context, q querier, reserve crypto.EddsaPublicKey, batch []planchet) (all bool, err error) {
	found := 0
	stored := make([][]byte, len(batch))
	for i, p := range batch {
		var payer []byte
		err := q.QueryRowContext(ctx, `SELECT reserve, signature FROM withdrawals WHERE ev = ?`, p.ev[:]).Scan(&payer, &stored[i])
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("read withdrawals: %w", err)
		}
		if string(payer) != string(reserve[:]) {
			return false, mixed()
		}
		found++
	}
	switch found {
	case 0:
		return false, nil
	case len(batch):
		for i := range batch {
			batch[i].signature = stored[i]
		}
		return true, nil
	}
	return false, mixed()
}

func totalOf(currency string, batch []planchet) (instrument.Amount, error) {
	total := instrument.ZeroOf(currency)
	for _, p := range batch {
		var err error
		if total, err = total.Add(p.denom.withFee); err != nil {
			return total, err
		}
	}
	return total, nil
}

func mixed() error {
	return refuse(http.StatusConflict, taler.CodeBatchPartlyWithdrawn, hintMixed, "")
}

func insufficient(balance, requested instrument.Amount) error {
	return &refusal{http.StatusConflict, taler.ExchangeError{
		ErrorDetail: taler.ErrorDetail{Code: taler.CodeInsufficientFunds, Hint: hintFunds},
		Balance:     balance, RequestedAmount: requested,
	}}
}
