package taler

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// KeptRow is a row of a history as the bank keeps it: the JSON of an
// IncomingTransaction or an OutgoingTransaction whose row_id is 0, for a row is
// written before its number is known. The strict reader has looked at it then.
type KeptRow struct {
	Number uint64
	Text   []byte
}

// numberless is how a kept row has its number. No other place of it can have
// these bytes: in a text, quotation marks have a backslash in front.
const numberless = `"row_id":0,`

// IncomingPage makes the document of an IncomingHistory out of kept rows. They are
// copied as they are and only their numbers put in, so that a page costs no more
// than its bytes.
func IncomingPage(credit Payto, rows []KeptRow) ([]byte, error) {
	return keptPage(`{"credit_account":`, credit, `,"incoming_transactions":[`, rows)
}

// OutgoingPage is IncomingPage for an OutgoingHistory.
func OutgoingPage(debit Payto, rows []KeptRow) ([]byte, error) {
	return keptPage(`{"debit_account":`, debit, `,"outgoing_transactions":[`, rows)
}

func keptPage(head string, account Payto, list string, rows []KeptRow) ([]byte, error) {
	name, err := json.Marshal(account)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the account of a history cannot be written")
	}
	const digits = 20 // of the longest number
	size := len(head) + len(name) + len(list) + len(`]}`)
	for _, r := range rows {
		size += len(r.Text) + digits
	}
	out := append(make([]byte, 0, size), head...)
	out = append(append(out, name...), list...)
	for n, r := range rows {
		if n > 0 {
			out = append(out, ',')
		}
		at := bytes.Index(r.Text, []byte(numberless))
		if at < 0 {
			return nil, fault.New(fault.Internal, "row %d of the history has no place for its number", r.Number)
		}
		at += len(numberless) - len(`0,`)
		out = append(out, r.Text[:at]...)
		out = strconv.AppendUint(out, r.Number, 10)
		out = append(out, r.Text[at+len(`0`):]...)
	}
	return append(out, `]}`...), nil
}
