package exchange

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Where a credit came from.
const (
	fromWire = "wire" // the bank's history; rows are the bank's row ids
	byHand   = "hand" // /admin/add-incoming; rows are counted here
)

// credit is one row of money that came in.
type credit struct {
	source string
	row    uint64
	pub    crypto.EddsaPublicKey
	amount instrument.Amount
	origin taler.Payto
	date   taler.Timestamp
}

// effect is what a credit did.
type effect int

const (
	filled effect = iota // the reserve is there now
	known                // the row was there before: nothing is done
	twice                // the reserve was there before: the row is noted, the money is not added
)

// book writes one credit. A reserve is filled once. A later credit of the same key fills nothing, as at
// the real exchange.
func (c credit) book(ctx context.Context, tx *sql.Tx) (effect, error) {
	var rowKnown, reserveKnown bool
	err := tx.QueryRowContext(ctx, `SELECT
		EXISTS (SELECT 1 FROM credits WHERE source = ? AND row = ?),
		EXISTS (SELECT 1 FROM reserves WHERE pub = ?)`, c.source, int64(c.row), c.pub[:]).Scan(&rowKnown, &reserveKnown)
	if err != nil {
		return 0, err
	}
	if rowKnown {
		return known, nil
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO credits (source, row, pub, amount, origin, date, filled) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.source, int64(c.row), c.pub[:], c.amount.String(), string(c.origin), int64(c.date), !reserveKnown)
	if err != nil || reserveKnown {
		return twice, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO reserves (pub, balance, origin) VALUES (?, ?, ?)`,
		c.pub[:], c.amount.String(), string(c.origin))
	return filled, err
}

// AddIncoming fills a reserve by hand, as if a transfer had come. A reserve that
// exists is refused.
func (e *Exchange) AddIncoming(ctx context.Context, pub crypto.EddsaPublicKey, amount instrument.Amount, from taler.Payto) (row uint64, at taler.Timestamp, err error) {
	switch {
	case amount.Currency != e.info.Currency:
		return 0, 0, refuse(http.StatusBadRequest, taler.CodeCurrencyMismatch, hintParameter, "amount")
	case pub.IsZero():
		return 0, 0, refuse(http.StatusBadRequest, taler.CodeReservePubMalformed, hintReservePub, "reserve_pub")
	}
	if err := from.Check(); err != nil {
		return 0, 0, refuse(http.StatusBadRequest, taler.CodePaytoMalformed, hintParameter, "debit_account")
	}
	at = e.now()
	err = sandbox.Transact(ctx, e.db, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(row), 0) + 1 FROM credits WHERE source = ?`, byHand).Scan(&row); err != nil {
			return err
		}
		done, err := credit{byHand, row, pub, amount, from, at}.book(ctx, tx)
		if err == nil && done != filled {
			return refuse(http.StatusConflict, taler.CodeDuplicateReservePub, hintReserveUsed, "")
		}
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	e.waiting.wake(pub)
	return row, at, nil
}

func (e *Exchange) postIncoming(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Amount       *taler.Amount         `json:"amount"`
		ReservePub   *taler.EddsaPublicKey `json:"reserve_pub"`
		DebitAccount *taler.Payto          `json:"debit_account"`
	}
	err := read(w, r, &in)
	switch {
	case err != nil:
	case in.Amount == nil || in.Amount.Currency == "":
		err = badField("amount")
	case in.ReservePub == nil:
		err = badField("reserve_pub")
	case in.DebitAccount == nil:
		err = badField("debit_account")
	}
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	row, at, err := e.AddIncoming(context.WithoutCancel(r.Context()), *in.ReservePub, *in.Amount, *in.DebitAccount)
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	e.answer(w, r, http.StatusOK, taler.TransferResponse{RowID: row, Timestamp: at})
}
