package taler

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	base32 "github.com/swaperoo/swaperoo/crypto/taler"
)

const wadIDSize = 24

// ReadIncoming reads a page of the incoming history as strictly as
// taler-exchange-wirewatch 0.14.1 does: one bad member in one row refuses the
// whole page. Rows must be numbered upwards and above after, the last row that
// is known. The error is fault.Invalid with ReasonHistoryMalformed; nothing of a
// refused page may be used.
func ReadIncoming(body []byte, after uint64) (IncomingHistory, error) {
	var page members
	if err := json.Unmarshal(body, &page); err != nil {
		return IncomingHistory{}, badHistory("it is not a JSON object")
	}
	var h IncomingHistory
	if err := member(page, "credit_account", &h.CreditAccount); err != nil {
		return IncomingHistory{}, err
	}
	var rows []json.RawMessage
	if err := member(page, "incoming_transactions", &rows); err != nil {
		return IncomingHistory{}, err
	}
	if len(rows) == 0 {
		return IncomingHistory{}, badHistory("there is no row in it; 204 says that")
	}
	for i, raw := range rows {
		row, err := readRow(raw)
		if err != nil {
			return IncomingHistory{}, fmt.Errorf("row %d of the page: %w", i+1, err)
		}
		if row.RowID <= after {
			return IncomingHistory{}, badHistory("row %d comes after row %d", row.RowID, after)
		}
		after = row.RowID
		h.IncomingTransactions = append(h.IncomingTransactions, row)
	}
	return h, nil
}

// CheckRow refuses a row that a real exchange would not take, for the bank to
// ask before it writes one: a single bad row stops wirewatch for ever. The error
// is fault.Internal, for the row is of our own making.
func CheckRow(row IncomingTransaction) error {
	text, err := json.Marshal(row)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "the history row cannot be written")
	}
	if _, err := readRow(text); err != nil {
		return fault.Wrap(err, fault.Internal, "the exchange would refuse history row %d", row.RowID).Because(ReasonHistoryMalformed)
	}
	return nil
}

func readRow(raw json.RawMessage) (row IncomingTransaction, err error) {
	var in members
	if err := json.Unmarshal(raw, &in); err != nil || in == nil {
		return row, badHistory("a row is not a JSON object")
	}
	for _, m := range []struct {
		name string
		into any
	}{
		{"type", &row.Type},
		{"row_id", &row.RowID},
		{"date", &row.Date},
		{"amount", &row.Amount},
		{"debit_account", &row.DebitAccount},
	} {
		if err := member(in, m.name, m.into); err != nil {
			return row, err
		}
	}
	if _, given := in["credit_fee"]; given {
		if err := member(in, "credit_fee", &row.CreditFee); err != nil {
			return row, err
		}
	}
	if err := checkValues(row); err != nil {
		return row, err
	}
	row.Type = strings.ToUpper(row.Type) // compared without case by the exchange
	return row, readByType(in, &row)
}

// checkValues is what holds for every type of row.
func checkValues(row IncomingTransaction) error {
	switch {
	case row.RowID == 0:
		return badHistory("row 0 is asked for again and again")
	case row.RowID > math.MaxInt64:
		return badHistory("its row_id has more than 63 bits")
	case row.Date.IsNever():
		return badHistory("its date is never")
	case row.Amount.Currency == "":
		return badHistory("its amount is empty")
	case row.CreditFee != (Amount{}) && row.CreditFee.Currency != row.Amount.Currency:
		return badHistory("its fee is of another currency than its amount")
	case row.DebitAccount == "":
		return badHistory("its debit_account is empty")
	}
	return nil
}

func readByType(in members, row *IncomingTransaction) error {
	switch row.Type {
	case TypeReserve:
		return memberKey(in, "reserve_pub", &row.ReservePub)
	case TypeKYCAuth:
		return memberKey(in, "account_pub", &row.AccountPub)
	case TypeWAD:
		if err := member(in, "origin_exchange_url", &row.OriginExchangeURL); err != nil {
			return err
		}
		if u, err := url.Parse(row.OriginExchangeURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return badHistory("origin_exchange_url is no http address")
		}
		if err := member(in, "wad_id", &row.WADID); err != nil {
			return err
		}
		if _, err := base32.DecodeFixed(row.WADID, wadIDSize); err != nil {
			return badHistory("wad_id is not %d bytes", wadIDSize)
		}
		return nil
	}
	return badHistory("its type %q is unknown", printable(clip(row.Type)))
}

// member reads one mandatory member. null counts as missing.
func member(in members, name string, into any) error {
	raw, given := in[name]
	if !given || string(raw) == "null" {
		return badHistory("%s is missing", name)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return badHistory("%s is malformed", name)
	}
	if p, isPayto := into.(*Payto); isPayto && *p == "" {
		return badHistory("%s is empty", name)
	}
	return nil
}

// memberKey reads a public key in its canonical spelling.
func memberKey(in members, name string, into *EddsaPublicKey) error {
	var text string
	if err := member(in, name, &text); err != nil {
		return err
	}
	key, err := base32.ParseEddsaPublicKey(text)
	if err != nil || key.String() != text {
		return badHistory("%s is not a key in its canonical form", name)
	}
	if key.IsZero() {
		return badHistory("%s is nobody's key", name)
	}
	*into = key
	return nil
}

func badHistory(format string, args ...any) error {
	return fault.New(fault.Invalid, "the exchange does not take this history: "+format, args...).Because(ReasonHistoryMalformed)
}
