package taler_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// TestNamesAreWhatTheyAreSpelled: a member that is spelled otherwise is one that
// nobody knows, and changes nothing.
func TestNamesAreWhatTheyAreSpelled(t *testing.T) {
	var setup taler.TerminalWithdrawalSetup
	reads(t, `{"request_uid":"a","amount":"CHF:5","Amount":"CHF:6","AMOUNT":7,"Request_UID":"b"}`, &setup)
	if setup.RequestUID != "a" || setup.Amount.String() != "CHF:5" {
		t.Errorf("the terminal sets up %+v", setup)
	}
	var transfer taler.TransferRequest
	reads(t, `{"amount":"CHF:1","aMOUNT":"CHF:3","credit_account":"payto://iban/CH9300762011623852957?receiver-name=A","CREDIT_ACCOUNT":"no"}`, &transfer)
	if transfer.Amount.String() != "CHF:1" {
		t.Errorf("the exchange transfers %+v", transfer)
	}
	var selection taler.BankWithdrawalOperationPostRequest
	reads(t, `{"amount":"CHF:7","AMOUNT":"CHF:9"}`, &selection)
	if selection.Amount.String() != "CHF:7" {
		t.Errorf("the wallet selects %+v", selection)
	}
	var status taler.BankWithdrawalOperationStatus
	reads(t, `{"status":"pending","Status":"confirmed","currency":"CHF","wire_types":[]}`, &status)
	if status.Status != taler.StatePending {
		t.Errorf("the bank says %+v", status)
	}
	var keys taler.Keys
	reads(t, `{"version":"29:0:0","Version":"99:0:0","currency":"CHF","Currency":"EUR","denominations":[],"DENOMINATIONS":[7],"stefan_lin":0.5,
		"list_issue_date":{"t_s":1,"T_S":"x"},"reserve_closing_delay":{"d_us":2,"D_US":"x"}}`, &keys)
	if keys.Version.String() != "29:0:0" || keys.Currency != "CHF" || keys.ListIssueDate != 1 || keys.ReserveClosingDelay != 2 {
		t.Errorf("the exchange has %+v", keys)
	}
}

func reads(t *testing.T, document string, into any) {
	t.Helper()
	if err := taler.Unmarshal([]byte(document), into); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
}
