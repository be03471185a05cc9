package taler_test

import (
	"encoding/json"
	"net/http"
	"testing"

	wire "github.com/swaperoo/swaperoo/comm/taler"
)

// TestMembersOfKeysThatMayBeMissing, and those that may be null, are none.
func TestMembersOfKeysThatMayBeMissing(t *testing.T) {
	for _, name := range []string{
		"stefan_abs", "stefan_log", "stefan_lin", "extensions", "zero_limits", "hard_limits", "recoup", "auditors",
		"wallet_balance_limit_without_kyc", "shopping_url", "tiny_amount", "wads",
	} {
		for how, change := range map[string]func(document map[string]json.RawMessage){
			"missing": func(document map[string]json.RawMessage) { delete(document, name) },
			"null":    func(document map[string]json.RawMessage) { document[name] = json.RawMessage("null") },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				w := openWallet(t)
				var document map[string]json.RawMessage
				text, err := json.Marshal(w.mint.keys)
				if err == nil {
					err = json.Unmarshal(text, &document)
				}
				if err != nil {
					t.Fatal(err)
				}
				change(document)
				w.mint.with(func() {
					w.mint.intercept = func(rw http.ResponseWriter, r *http.Request) bool {
						if r.URL.Path != "/keys" {
							return false
						}
						w.mint.document(rw, document)
						return true
					}
				})
				if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
					t.Fatal(err)
				}
				if s := w.state(); len(s.Denominations) != 3 || w.View(t, w.exchange).Status != wire.ExchangeActive {
					t.Errorf("kept %+v", s)
				}
			})
		}
	}
}

// TestRestrictionsThatAreNull are none, and signed as none.
func TestRestrictionsThatAreNull(t *testing.T) {
	w := openWallet(t)
	w.mint.with(func() {
		for n := range w.mint.keys.Accounts {
			w.mint.keys.Accounts[n].CreditRestrictions, w.mint.keys.Accounts[n].DebitRestrictions = json.RawMessage("null"), json.RawMessage("null")
		}
	})
	if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
		t.Fatal(err)
	}
	if s := w.state(); s.Account([]string{"x-taler-bank", "iban"}, "") == "" {
		t.Errorf("no account takes money: %+v", s.Accounts)
	}
}
