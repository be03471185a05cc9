package exchange

import (
	"context"
	"net/http"
	"strconv"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// historyEntry is one line of a reserve's history. Which members are set depends
// on its type.
type historyEntry struct {
	Type          string                `json:"type"` // CREDIT, WITHDRAW or CLOSING
	Amount        instrument.Amount     `json:"amount"`
	Sender        taler.Payto           `json:"sender_account_url,omitempty"`
	WireReference *uint64               `json:"wire_reference,omitempty"`
	Timestamp     *taler.Timestamp      `json:"timestamp,omitempty"`
	WithdrawFee   *instrument.Amount    `json:"withdraw_fee,omitempty"`
	HDenomPub     *taler.HashCode       `json:"h_denom_pub,omitempty"`
	HCoinEnvelope *taler.HashCode       `json:"h_coin_envelope,omitempty"`
	ReserveSig    *taler.EddsaSignature `json:"reserve_sig,omitempty"`
}

// getHistory shows a reserve's history to its owner, who signs the request with its key.
func (e *Exchange) getHistory(w http.ResponseWriter, r *http.Request) {
	pub, err := reserveOf(r)
	var start uint64
	if err == nil && r.URL.Query().Has("start") {
		if start, err = strconv.ParseUint(r.URL.Query().Get("start"), 10, 63); err != nil {
			err = badParameter("start")
		}
	}
	if err == nil {
		err = askedByOwner(pub, start, r.Header.Get("Taler-Reserve-History-Signature"))
	}
	var entries []historyEntry
	var balance instrument.Amount
	if err == nil {
		if balance, _, err = balanceOf(r.Context(), e.db, pub); err == nil {
			entries, err = e.history(r.Context(), pub)
		}
	}
	if err != nil {
		e.refuse(w, r, err)
		return
	}
	w.Header()["ETag"] = []string{strconv.Quote(strconv.Itoa(len(entries)))}
	if start >= uint64(len(entries)) && start > 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	e.answer(w, r, http.StatusOK, struct {
		Balance instrument.Amount `json:"balance"`
		History []historyEntry    `json:"history"`
	}{balance, entries[start:]})
}

// askedByOwner refuses a request for a history that the reserve's key has not signed.
func askedByOwner(pub crypto.EddsaPublicKey, start uint64, text string) error {
	sig, err := crypto.ParseEddsaSignature(text)
	if err != nil || !pub.Verify(crypto.HistoryRequest{Start: start}.Message(), sig) {
		return refuse(http.StatusForbidden, codeHistorySignature, hintSignature, "")
	}
	return nil
}

// codeHistorySignature is GANA's EXCHANGE_RESERVES_HISTORY_BAD_SIGNATURE.
const codeHistorySignature taler.Code = 1252

// history is what happened to a reserve, in the order in which it did.
func (e *Exchange) history(ctx context.Context, pub crypto.EddsaPublicKey) (out []historyEntry, err error) {
	rows, err := e.db.QueryContext(ctx, `
		SELECT 'CREDIT', amount, origin, row, date, NULL, NULL, NULL, 0 AS turn FROM credits WHERE pub = ?1 AND filled
		UNION ALL SELECT 'WITHDRAW', amount, '', 0, date, denomination, ev, reserve_sig, 1 FROM withdrawals WHERE reserve = ?1
		UNION ALL SELECT 'CLOSING', amount, account, 0, date, NULL, NULL, NULL, 2 FROM closings WHERE reserve = ?1
		ORDER BY date, turn`, pub[:])
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var x historyEntry
		var amount, origin string
		var row, date, turn int64
		var denom, ev, sig []byte
		if err := rows.Scan(&x.Type, &amount, &origin, &row, &date, &denom, &ev, &sig, &turn); err != nil {
			return nil, err
		}
		if x.Amount, err = instrument.ParseAmount(amount); err != nil {
			return nil, err
		}
		at, reference := taler.Timestamp(date), uint64(row)
		x.Sender = taler.Payto(origin)
		if x.Type == "WITHDRAW" {
			name, envelope, agreed := taler.HashCode(denom), taler.HashCode(ev), taler.EddsaSignature(sig)
			x.HDenomPub, x.HCoinEnvelope, x.ReserveSig = &name, &envelope, &agreed
			if d := e.denominations[name]; d != nil {
				x.WithdrawFee = &d.fee
			}
		} else {
			x.Timestamp = &at
		}
		if x.Type == "CREDIT" {
			x.WireReference = &reference
		}
		out = append(out, x)
	}
	return out, rows.Err()
}
