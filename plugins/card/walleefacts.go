package card

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/plugins/card/wallee"
	"github.com/swaperoo/swaperoo/protocol"
)

// readTransaction is the pure reading of one of wallee's transactions. A state of
// the future is no answer: it must not be taken for good or bad.
func readTransaction(body []byte) (protocol.Facts, error) {
	var t wallee.Transaction
	err := json.Unmarshal(body, &t)
	switch {
	case err != nil || t.ID <= 0:
		return protocol.Facts{}, misread()
	case t.LinkedSpaceID <= 0:
		return protocol.Facts{}, unread("linkedSpaceId")
	}
	f := protocol.Facts{
		Reference: t.MerchantReference, Transaction: strconv.FormatInt(t.ID, 10), Space: t.LinkedSpaceID, Raw: body,
	}
	amount := t.CompletedAmount
	switch t.State.Finality() {
	case wallee.Running:
		f.State = protocol.FactPending
	case wallee.Bad:
		f.State = protocol.FactFailed
	case wallee.Good:
		f.State = protocol.FactPaid
	case wallee.Withheld:
		f.State = protocol.FactWithheld
	default:
		return protocol.Facts{}, unread("state")
	}
	if f.State == protocol.FactPending || f.State == protocol.FactFailed {
		if amount == "" { // nothing is captured; what was asked for is what can be shown
			amount = first(t.AuthorizationAmount, "0")
		}
	}
	if f.Amount, err = wallee.Amount(t.Currency, amount); err != nil {
		return protocol.Facts{}, unread("currency or amount")
	}
	if f.Refunded, err = wallee.Amount(t.Currency, first(t.RefundedAmount, "0")); err != nil {
		return protocol.Facts{}, unread("refundedAmount")
	}
	return f, nil
}

func first(n, otherwise json.Number) json.Number {
	if n == "" {
		return otherwise
	}
	return n
}

// readTransactions is the pure reading of a search for a reference.
func readTransactions(body []byte, reference string) ([]protocol.Facts, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil || list == nil {
		return nil, misread()
	}
	found := make([]protocol.Facts, len(list))
	for n, raw := range list {
		var err error
		if found[n], err = readTransaction(raw); err != nil {
			return nil, err
		}
		if !strings.EqualFold(found[n].Reference, reference) { // wallee may find another spelling; who asks judges it
			return nil, misread()
		}
	}
	return found, nil
}

// readWalleeRefund is the pure reading of a refund, whose currency is that of its
// transaction. One of another transaction had its name first, and says nothing of this.
func readWalleeRefund(body []byte, transaction int64, currency string) (int64, protocol.Repaid, error) {
	var e wallee.RefundEntity
	if err := json.Unmarshal(body, &e); err != nil || e.ID <= 0 || e.Transaction != 0 && int64(e.Transaction) != transaction {
		return 0, protocol.Repaid{}, misread()
	}
	got := protocol.Repaid{ExternalID: e.ExternalID, ID: strconv.FormatInt(e.ID, 10), Raw: body}
	switch e.State.Finality() {
	case wallee.Running:
		got.State = protocol.FactPending
	case wallee.Good:
		got.State = protocol.FactPaid
	case wallee.Bad:
		got.State = protocol.FactFailed
	default:
		return 0, protocol.Repaid{}, misread()
	}
	var err error
	if got.Amount, err = wallee.Amount(currency, e.Amount); err != nil {
		return 0, protocol.Repaid{}, misread()
	}
	return e.ID, got, nil
}
