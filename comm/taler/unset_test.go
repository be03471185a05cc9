package taler

import (
	"bytes"
	"strings"
	"testing"
)

// TestZerosAreNoKeys: who sends nothing but zeros is not told that nothing came.
func TestZerosAreNoKeys(t *testing.T) {
	one, franc, account := bytes.Repeat([]byte{1}, 64), mustAmount(t, "CHF:1"), Payto("payto://x-taler-bank/localhost/a?receiver-name=a")
	transfer := TransferRequest{RequestUID: HashCode(one), WTID: ShortHash(one[:32]), Amount: franc, ExchangeBaseURL: "https://e.example/", CreditAccount: account}
	noUID, noWTID := transfer, transfer
	noUID.RequestUID, noWTID.WTID = HashCode{}, ShortHash{}
	for member, err := range map[string]error{
		"request_uid": noUID.Check("CHF"),
		"wtid":        noWTID.Check("CHF"),
		"reserve_pub": BankWithdrawalOperationPostRequest{SelectedExchange: account}.Check("CHF"),
		"account_pub": AddKYCAuthRequest{Amount: franc, DebitAccount: account}.Check("CHF"),
	} {
		if err == nil || !strings.Contains(err.Error(), `"`+member+`" is missing, or nothing but zeros`) {
			t.Errorf("%s: %v", member, err)
		}
	}
	if err := transfer.Check("CHF"); err != nil {
		t.Error(err)
	}
}
