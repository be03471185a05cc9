package bank_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestATillNeedNotKnowWalleesNumber: wallee's software for tills tells them none, so
// their notices name what they have. The reference finds the payment.
func TestATillNeedNotKnowWalleesNumber(t *testing.T) {
	d := newDesk(t)
	gateway := d.initialises().Gateway
	b := newBranch(t)
	d.does(nil, b.arguments("cards")...)
	o := d.serves()
	var till credential
	d.does(&till, "terminal", "add", "till", "--provider", "cards")
	names := []func(id string) string{
		func(id string) string { return id },                 // the payment's reference
		strings.ToLower,                                      // as another program may write it
		func(string) string { return "A1B2C3" },              // a code of authorisation
		func(string) string { return "A1B2C3" },              // the same one of another card
		func(string) string { return "0000000000000000007" }, // a number of the terminal's
		func(string) string { return "../read" },
	}
	for n, name := range names {
		_, text := o.asks("POST", o.urls["terminal"]+"withdrawals", till.Login, till.Token, fmt.Sprintf(`{"request_uid":"%d","amount":"CHF:20"}`, n))
		var made struct {
			ID string `json:"withdrawal_id"`
		}
		if err := json.Unmarshal([]byte(text), &made); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		at := o.urls["integration"] + "withdrawal-operation/" + made.ID
		o.asks("POST", at, "", "", fmt.Sprintf(`{"reserve_pub":"%d%s","selected_exchange":"%s"}`, n, strings.Repeat("4", 51), account))
		number := b.charge("CHF:20", made.ID)
		for range 2 { // a notice may be repeated, also once it is confirmed
			status, text := o.asks("POST", o.urls["terminal"]+"withdrawals/"+made.ID+"/check", till.Login, till.Token, `{"provider_transaction_id":"`+name(made.ID)+`"}`)
			if status != 204 {
				t.Fatalf("%s: %d %s", name(made.ID), status, text)
			}
			if _, text = o.asks("GET", at+"?timeout_ms=60000&old_state=selected", "", "", ""); !strings.Contains(text, `"status":"confirmed"`) {
				t.Fatalf("%s: %s", name(made.ID), text)
			}
		}
		_, text = o.asks("GET", fmt.Sprintf("%shistory/incoming?limit=1&offset=%d", o.urls["wire-gateway"], n), gateway.User, gateway.Password, "")
		if !strings.Contains(text, `"payto://wallee-transaction/`+number+`?`) {
			t.Errorf("%s: the row is not of payment %s: %s", name(made.ID), number, text)
		}
	}
}
