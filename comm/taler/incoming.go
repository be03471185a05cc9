package taler

import (
	"encoding/json"
	"fmt"
	"math"
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
	var h IncomingHistory
	err := readPage(body, page{"credit_account", &h.CreditAccount, "incoming_transactions", after}, func(raw json.RawMessage) (uint64, error) {
		row, err := readRow(raw)
		h.IncomingTransactions = append(h.IncomingTransactions, row)
		return row.RowID, err
	})
	if err != nil {
		return IncomingHistory{}, err
	}
	return h, nil
}

// page is what the two histories have in common.
type page struct {
	account string // the member that names the exchange's account
	into    *Payto
	rows    string // the member that holds the rows
	after   uint64
}

// readPage reads a page and hands each row to read, which says its number.
func readPage(body []byte, p page, read func(json.RawMessage) (uint64, error)) error {
	var document members
	if err := decode(body, &document); err != nil {
		return badHistory("it is not a JSON object")
	}
	if err := member(document, p.account, p.into); err != nil {
		return err
	}
	var rows []json.RawMessage
	if err := member(document, p.rows, &rows); err != nil {
		return err
	}
	if len(rows) == 0 {
		return badHistory("there is no row in it; 204 says that")
	}
	for i, raw := range rows {
		id, err := read(raw)
		if err != nil {
			return fmt.Errorf("row %d of the page: %w", i+1, err)
		}
		if id <= p.after {
			return badHistory("row %d comes after row %d", id, p.after)
		}
		p.after = id
	}
	return nil
}

// CheckRow refuses a row that a real exchange would not take, for the bank to
// ask before it writes one: a single bad row stops wirewatch for ever. The error
// is fault.Internal, for the row is of our own making.
func CheckRow(row IncomingTransaction) error {
	return checkRow(row, func(text []byte) error {
		_, err := readRow(text)
		return err
	})
}

// checkRow has the strict reader read a row of our own.
func checkRow(row any, read func(text []byte) error) error {
	text, err := json.Marshal(row)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "the history row cannot be written")
	}
	if err := read(text); err != nil {
		return fault.Wrap(err, fault.Internal, "the exchange would refuse this history row").Because(ReasonHistoryMalformed)
	}
	return nil
}

func readRow(raw json.RawMessage) (row IncomingTransaction, err error) {
	var in members
	if err := decode(raw, &in); err != nil || in == nil {
		return row, badHistory("a row is not a JSON object")
	}
	if err := allMembers(in, []wanted{
		{"type", &row.Type},
		{"row_id", &row.RowID},
		{"date", &row.Date},
		{"amount", &row.Amount},
		{"debit_account", &row.DebitAccount},
	}); err != nil {
		return row, err
	}
	if _, given := in["credit_fee"]; given {
		if err := member(in, "credit_fee", &row.CreditFee); err != nil {
			return row, err
		}
	}
	if err := checkValues(row.RowID, row.Date, row.Amount, row.CreditFee); err != nil {
		return row, err
	}
	row.Type = strings.ToUpper(row.Type) // compared without case by the exchange
	err = readByType(in, &row)
	return row, err
}

// checkValues is what holds for every row of both histories.
func checkValues(id uint64, date Timestamp, amount, fee Amount) error {
	switch {
	case id == 0:
		return badHistory("row 0 is asked for again and again")
	case id > math.MaxInt64:
		return badHistory("its row_id has more than 63 bits")
	case date.IsNever():
		return badHistory("its date is never")
	case amount.Currency == "":
		return badHistory("its amount is empty")
	case fee != (Amount{}) && fee.Currency != amount.Currency:
		return badHistory("its fee is of another currency than its amount")
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
		if !httpURL(row.OriginExchangeURL) {
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

// wanted is a mandatory member and where it goes.
type wanted struct {
	name string
	into any
}

func allMembers(in members, all []wanted) error {
	for _, m := range all {
		if err := member(in, m.name, m.into); err != nil {
			return err
		}
	}
	return nil
}

// member reads one mandatory member. null counts as missing.
func member(in members, name string, into any) error {
	raw, given := in[name]
	if !given || string(raw) == "null" {
		return badHistory("%s is missing", name)
	}
	if err := decode(raw, into); err != nil {
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
