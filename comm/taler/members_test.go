package taler

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestMembersOfTheDocuments: each document has every member that Taler's documents
// name for the versions that the bank announces, and besides only what is said here
// to be our own. WAD rows and what wallets call sender_wire and
// confirm_transfer_url are read and never written.
//
// Rows: members.
func TestMembersOfTheDocuments(t *testing.T) {
	for _, row := range []struct {
		document any
		theirs   string
		own      string
	}{
		{TerminalConfig{}, "name version provider_name currency withdrawal_fees wire_type implementation", "exchanges terminal_fees"},
		{WithdrawLimit{}, "limit expiration", ""},
		{WithdrawLimitLock{}, "amount lock expires", ""},
		{TerminalWithdrawalSetup{}, "request_uid amount suggested_amount provider_transaction_id terminal_fees user_uuid lock", "exchange"},
		{TerminalWithdrawalSetupResponse{}, "withdrawal_id", ""},
		{TerminalWithdrawalConfirmationRequest{}, "provider_transaction_id terminal_fees user_uuid lock", ""},
		{IntegrationConfig{}, "name version currency currency_specification implementation", ""},
		{BankWithdrawalOperationStatus{}, "status currency amount suggested_amount min_amount max_amount card_fees sender_wire " +
			"suggested_exchange required_exchange confirm_transfer_url wire_types selected_reserve_pub selected_exchange_account " +
			"no_amount_to_wallet aborted selection_done transfer_done", ""},
		{BankWithdrawalOperationPostRequest{}, "reserve_pub selected_exchange amount", ""},
		{BankWithdrawalOperationPostResponse{}, "status confirm_transfer_url transfer_done", ""},
		{WireConfig{}, "name version currency implementation support_account_check", ""},
		{TransferRequest{}, "request_uid amount exchange_base_url wtid credit_account metadata", ""},
		{TransferResponse{}, "row_id timestamp", ""},
		{TransferList{}, "debit_account transfers", ""},
		{TransferListStatus{}, "row_id status amount credit_account timestamp", ""},
		{TransferStatus{}, "status status_msg amount exchange_base_url metadata wtid credit_account timestamp", ""},
		{IncomingHistory{}, "credit_account incoming_transactions", ""},
		{IncomingTransaction{}, "type row_id date amount credit_fee debit_account reserve_pub account_pub origin_exchange_url wad_id", ""},
		{OutgoingHistory{}, "debit_account outgoing_transactions", ""},
		{OutgoingTransaction{}, "row_id date amount debit_fee credit_account wtid exchange_base_url metadata", ""},
		{AddIncomingRequest{}, "amount reserve_pub debit_account", ""},
		{AddKYCAuthRequest{}, "amount account_pub debit_account", ""},
		{AddIncomingResponse{}, "row_id timestamp", ""},
		{AccountInfo{}, "", ""},
		{ErrorDetail{}, "code hint detail", ""},
	} {
		of := reflect.TypeOf(row.document)
		want := strings.Fields(row.theirs + " " + row.own)
		got := []string{}
		for field := range of.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			got = append(got, name)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has the members %v, want %v", of.Name(), got, want)
		}
	}
}

// TestPreparedTransfersPassTheReader: a row that a wallet has prepared is a RESERVE
// row with more members, whose names no document here confirms.
//
// Rows: prepared transfers.
func TestPreparedTransfersPassTheReader(t *testing.T) {
	row := `{"type":"RESERVE","row_id":7,"date":{"t_s":1},"amount":"CHF:1","debit_account":"payto://simulator-transaction/t?receiver-name=x",` +
		`"reserve_pub":"` + EddsaPublicKey{1}.String() + `","authorization_pub":"` + EddsaPublicKey{2}.String() + `","authorization_sig":"x"}`
	page := `{"credit_account":"payto://x-taler-bank/localhost/x?receiver-name=x","incoming_transactions":[` + row + `]}`
	h, err := ReadIncoming([]byte(page), 0)
	if err != nil || len(h.IncomingTransactions) != 1 || h.IncomingTransactions[0].ReservePub != (EddsaPublicKey{1}) {
		t.Errorf("%+v, %v", h, err)
	}
	if text, err := json.Marshal(h.IncomingTransactions[0]); err != nil || strings.Contains(string(text), "authorization") {
		t.Errorf("%s, %v", text, err)
	}
}
