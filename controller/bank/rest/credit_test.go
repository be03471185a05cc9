package rest_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// generous permits the test tools of an exchange to credit it.
func generous(c *bank.Config) { c.AdminIncoming = true }

// TestCreditsForTests: they are rows like others, and a reserve that they have
// paid is used for wallets, too.
//
// Rows: add-incoming credited, add-kycauth credited.
func TestCreditsForTests(t *testing.T) {
	h := open(t, banktest.Options{Decide: generous})
	ctx, x := withTimeout(t), h.Exchange()
	alice := taler.Payto("payto://x-taler-bank/localhost/alice?receiver-name=alice")
	paid(t, h, "tx", 1)
	got, err := x.AddIncoming(ctx, taler.AddIncomingRequest{Amount: chf(t, "7.5"), ReservePub: key(2), DebitAccount: alice})
	if err != nil || got.RowID != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	for n := range 2 { // the same key as often as one likes, a reserve's as well
		kyc, err := x.AddKYCAuth(ctx, taler.AddKYCAuthRequest{Amount: chf(t, "0.01"), AccountPub: key(2), DebitAccount: alice})
		if err != nil || kyc.RowID != uint64(3+n) {
			t.Fatalf("%+v, %v", kyc, err)
		}
	}
	page, err := x.Incoming(ctx, taler.Page{Rows: 10})
	if err != nil || len(page.IncomingTransactions) != 4 {
		t.Fatalf("%+v, %v", page, err)
	}
	want := taler.IncomingTransaction{
		Type: taler.TypeReserve, RowID: 2, Date: got.Timestamp, Amount: chf(t, "7.5"), DebitAccount: alice, ReservePub: key(2),
	}
	if row := page.IncomingTransactions[1]; row != want {
		t.Errorf("the row is %+v, want %+v", row, want)
	}
	if row := page.IncomingTransactions[3]; row.Type != taler.TypeKYCAuth || row.AccountPub != key(2) || !row.ReservePub.IsZero() {
		t.Errorf("the row is %+v", row)
	}
	id := setUp(t, h, "late")
	send(t, h, request{
		method: "POST", path: "/taler-integration/withdrawal-operation/" + id.Text(),
		body: `{"reserve_pub":"` + key(2).String() + `","selected_exchange":"` + goodExchange + `"}`,
	}).want(t, 409, 5114)
}

// TestNobodyIsCreditedUnasked: without the operator's permission there is no
// money out of nothing, whatever the request.
//
// Rows: admin off.
func TestNobodyIsCreditedUnasked(t *testing.T) {
	h := open(t, banktest.Options{})
	good := `{"amount":"CHF:1","reserve_pub":"` + key(9).String() + `","account_pub":"` + key(9).String() + `","debit_account":"` + otherExchange + `"}`
	for _, path := range []string{"admin/add-incoming", "admin/add-kycauth"} {
		send(t, h, request{method: "POST", path: gateway + path, login: exchange(h), body: good}).want(t, 403, 44)
		send(t, h, request{method: "POST", path: gateway + path, body: good}).want(t, 401, 25)
		send(t, h, request{method: "POST", path: gateway + path, login: h.Terminal, body: good}).want(t, 401, 40)
	}
	send(t, h, request{method: "GET", path: gateway + "history/incoming", login: exchange(h)}).want(t, 204, 0)
}
