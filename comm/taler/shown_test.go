package taler

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// A payer pays for the reserve that they have made: an operation of somebody else's is not theirs.
func TestWhoseAnOperationIs(t *testing.T) {
	mine, other := EddsaPublicKey{1}, EddsaPublicKey{2}
	for selected, may := range map[EddsaPublicKey]bool{mine: true, other: false, {}: true} {
		if got := (BankWithdrawalOperationStatus{SelectedReservePub: selected}).MayBeOf(mine); got != may {
			t.Errorf("%s: %v", selected, got)
		}
	}
}

// The page that a bank names is shown to a person, who opens it.
func TestWhichPagesAreShown(t *testing.T) {
	for page, shown := range map[string]bool{
		"https://bank.example/confirm?id=1":                    true,
		"http://localhost:8080/x":                              true,
		"https://bank.example/" + strings.Repeat("x", 2048-21): true,
		"https://bank.example/" + strings.Repeat("x", 2048-20): false,
		"":                               false,
		"https:///x":                     false,
		"bank.example/x":                 false,
		"javascript:alert(1)":            false,
		"ftp://bank.example/":            false,
		"https://bank.example@evil.org/": false,
		"https://bank.example/\x1b[2J":   false,
		"https://bank.example/?\u202e":   false,
	} {
		if got := (BankWithdrawalOperationStatus{ConfirmTransferURL: page}).ConfirmAt(); (got == page) != (shown || page == "") || !shown && got != "" {
			t.Errorf("%.60q is shown as %.60q", page, got)
		}
	}
}

// Bytes that are no UTF-8 are read as one sign in their place: two names of withdrawals that differ
// would become the same.
func TestADocumentIsUTF8(t *testing.T) {
	for _, uid := range []string{"a\xff", "a\xfe", "\xc3"} {
		var setup TerminalWithdrawalSetup
		err := Unmarshal([]byte(`{"request_uid":"`+uid+`","amount":"CHF:5"}`), &setup)
		if fault.KindOf(err) != fault.Invalid || fault.ReasonOf(err) != ReasonJSONInvalid {
			t.Errorf("%q: %v, read as %q", uid, err, setup.RequestUID)
		}
	}
}
