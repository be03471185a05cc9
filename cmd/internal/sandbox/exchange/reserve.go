package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxWait is the longest that a request for a reserve is held.
const maxWait = 10 * time.Minute

// getReserve answers when the reserve exists or the wallet's patience is over.
func (e *Exchange) getReserve(w http.ResponseWriter, r *http.Request) {
	pub, err := reserveOf(r)
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	patience, err := patienceOf(r)
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	status, err := e.awaitReserve(r.Context(), pub, patience)
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	if e.wrong(WrongAmount) {
		status.Balance.Value, status.Balance.Fraction = status.Balance.Value/2, 0
	}
	e.answer(w, r, http.StatusOK, status)
}

func (e *Exchange) awaitReserve(ctx context.Context, pub crypto.EddsaPublicKey, patience time.Duration) (taler.ReserveStatus, error) {
	filled, leave := e.waiting.join(pub) // before looking, so that nothing comes between
	defer leave()
	status, err := e.reserve(ctx, pub)
	if patience <= 0 || !isUnknownReserve(err) {
		return status, err
	}
	over, stop := e.o.Timer(patience)
	defer stop()
	select {
	case <-filled:
	case <-over:
	case <-e.done:
	case <-ctx.Done():
	}
	return e.reserve(ctx, pub)
}

func (e *Exchange) reserve(ctx context.Context, pub crypto.EddsaPublicKey) (taler.ReserveStatus, error) {
	balance, origin, err := balanceOf(ctx, e.db, pub)
	return taler.ReserveStatus{Balance: balance, LastOrigin: string(origin)}, err
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// balanceOf is what a reserve holds. The error for one that does not exist is the
// refusal 404/1027.
func balanceOf(ctx context.Context, q querier, pub crypto.EddsaPublicKey) (instrument.Amount, taler.Payto, error) {
	var balance, origin string
	err := q.QueryRowContext(ctx, `SELECT balance, origin FROM reserves WHERE pub = ?`, pub[:]).Scan(&balance, &origin)
	if errors.Is(err, sql.ErrNoRows) {
		return instrument.Amount{}, "", refuse(http.StatusNotFound, taler.CodeReserveUnknown, hintReserve, "")
	}
	if err != nil {
		return instrument.Amount{}, "", fmt.Errorf("read a reserve: %w", err)
	}
	a, err := instrument.ParseAmount(balance)
	return a, taler.Payto(origin), err
}

func isUnknownReserve(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.status == http.StatusNotFound
}

func reserveOf(r *http.Request) (crypto.EddsaPublicKey, error) {
	text := mux.Vars(r)["reserve"]
	pub, err := crypto.ParseEddsaPublicKey(text)
	if err != nil {
		return pub, refuse(http.StatusBadRequest, taler.CodeReservePubMalformed, hintReservePub, text)
	}
	return pub, nil
}

func patienceOf(r *http.Request) (time.Duration, error) {
	if !r.URL.Query().Has("timeout_ms") {
		return 0, nil
	}
	ms, err := strconv.ParseUint(r.URL.Query().Get("timeout_ms"), 10, 64)
	if err != nil {
		return 0, badParameter("timeout_ms")
	}
	return time.Duration(min(ms, uint64(maxWait.Milliseconds()))) * time.Millisecond, nil
}
