package taler

import "encoding/json"

// ReadOutgoing reads a page of the outgoing history as strictly as the exchange's
// auditor does. The rules are those of ReadIncoming.
func ReadOutgoing(body []byte, after uint64) (OutgoingHistory, error) {
	var h OutgoingHistory
	err := readPage(body, page{"debit_account", &h.DebitAccount, "outgoing_transactions", after}, func(raw json.RawMessage) (uint64, error) {
		row, err := readOutgoingRow(raw)
		h.OutgoingTransactions = append(h.OutgoingTransactions, row)
		return row.RowID, err
	})
	if err != nil {
		return OutgoingHistory{}, err
	}
	return h, nil
}

// CheckOutgoingRow is CheckRow for the outgoing history.
func CheckOutgoingRow(row OutgoingTransaction) error {
	return checkRow(row, func(text []byte) error {
		_, err := readOutgoingRow(text)
		return err
	})
}

func readOutgoingRow(raw json.RawMessage) (row OutgoingTransaction, err error) {
	var in members
	if err := decode(raw, &in); err != nil || in == nil {
		return row, badHistory("a row is not a JSON object")
	}
	if err := allMembers(in, []wanted{
		{"row_id", &row.RowID},
		{"date", &row.Date},
		{"amount", &row.Amount},
		{"credit_account", &row.CreditAccount},
		{"wtid", &row.WTID},
		{"exchange_base_url", &row.ExchangeBaseURL},
	}); err != nil {
		return row, err
	}
	for name, into := range map[string]any{"debit_fee": &row.DebitFee, "metadata": &row.Metadata} {
		if _, given := in[name]; !given {
			continue
		}
		if err := member(in, name, into); err != nil {
			return row, err
		}
	}
	if !httpURL(row.ExchangeBaseURL) {
		return row, badHistory("exchange_base_url is no http address")
	}
	return row, checkValues(row.RowID, row.Date, row.Amount, row.DebitFee)
}
