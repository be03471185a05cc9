package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

const gateway = "/taler-wire-gateway/"

// exchange are the credentials of the house's exchange.
func exchange(h *banktest.House) banktest.Login {
	return banktest.Login{Name: h.Gateway.User, Token: h.Gateway.Password}
}

// cardPayment is the account that the history names for a transaction.
func cardPayment(transaction string) taler.Payto {
	return taler.Payto("payto://simulator-transaction/" + transaction + "?receiver-name=Card%20payment")
}

// paid makes a confirmed withdrawal of CHF:20.
func paid(t testing.TB, h *banktest.House, transaction string, reserve byte) taler.WOPID {
	t.Helper()
	id := selected(t, h, transaction, key(reserve))
	pay(t, h, id, transaction)
	notify(t, h, id, transaction)
	if s := settled(t, h, id); s.Status != taler.StateConfirmed {
		t.Fatalf("the withdrawal became %s", s.Status)
	}
	return id
}

// wanted is the n-th request for a refund of a test.
func wanted(t testing.TB, n byte, sum, transaction string) taler.TransferRequest {
	t.Helper()
	return taler.TransferRequest{
		RequestUID: taler.HashCode(bytes.Repeat([]byte{n}, 64)), WTID: taler.ShortHash(bytes.Repeat([]byte{n}, 32)),
		Amount: chf(t, sum), ExchangeBaseURL: banktest.ExchangeURL, CreditAccount: cardPayment(transaction), Metadata: "batch-7:1",
	}
}

// done reports a success of the next transfer.
func report(t testing.TB, h *banktest.House, state taler.TransferState, message string) {
	t.Helper()
	next, err := h.Bank.NextTransfer(withTimeout(t), h.Bank.Default())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Bank.ReportTransfer(withTimeout(t), next.ID, bank.TransferReport{State: state, Message: message}); err != nil {
		t.Fatal(err)
	}
}

// handsOut leaves transfers to the test.
func handsOut(c *bank.Config) { c.HandsOut = true }

// TestRefundsOfAnExchange goes the whole way: asked, listed, carried out, and
// only then in the outgoing history.
//
// Rows: transfer stored, transfer list, transfer fate, outgoing rows,
// outgoing empty, outgoing held.
func TestRefundsOfAnExchange(t *testing.T) {
	h := open(t, banktest.Options{Decide: handsOut})
	ctx := withTimeout(t)
	paid(t, h, "tx", 1)
	x := h.Exchange()
	var asked []taler.TransferResponse
	for n := range 4 {
		got, err := x.Transfer(ctx, wanted(t, byte(n+1), "4.5", "tx"))
		if err != nil || got.RowID != uint64(n+1) {
			t.Fatalf("%+v, %v", got, err)
		}
		asked = append(asked, got)
	}
	if _, err := x.Transfer(ctx, wanted(t, 5, "2.01", "tx")); err == nil {
		t.Error("more than was paid is given back")
	}
	send(t, h, request{method: "GET", path: gateway + "history/outgoing", login: exchange(h)}).want(t, 204, 0)

	waits := later(ctx, h.URL, request{method: "GET", path: gateway + "history/outgoing?delta=1024&long_poll_ms=100000", login: exchange(h)})
	report(t, h, taler.TransferTransient, "the provider is down")
	report(t, h, taler.TransferPermanent, "the card is gone")
	report(t, h, taler.TransferSuccess, "")
	if rows, err := taler.ReadOutgoing([]byte((<-waits).body), 0); err != nil || len(rows.OutgoingTransactions) != 1 {
		t.Errorf("the auditor who waited: %+v, %v", rows, err)
	}
	out, err := x.Outgoing(ctx, taler.Page{Rows: 10})
	if err != nil || len(out.OutgoingTransactions) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	row, third := out.OutgoingTransactions[0], wanted(t, 3, "4.5", "tx")
	if row.RowID != 1 || row.WTID != third.WTID || row.Amount != third.Amount || row.CreditAccount != third.CreditAccount ||
		row.ExchangeBaseURL != third.ExchangeBaseURL || row.Metadata != third.Metadata || out.DebitAccount != banktest.ExchangeAccount {
		t.Errorf("the row of the history is %+v of %s", row, out.DebitAccount)
	}

	states := []taler.TransferState{taler.TransferTransient, taler.TransferPermanent, taler.TransferSuccess, taler.TransferPending}
	list, err := x.Transfers(ctx, taler.Page{Rows: 10}, "")
	if err != nil || len(list.Transfers) != 4 || list.DebitAccount != banktest.ExchangeAccount {
		t.Fatalf("%+v, %v", list, err)
	}
	for n, got := range list.Transfers {
		want := taler.TransferListStatus{
			RowID: uint64(n + 1), Status: states[n], Amount: chf(t, "4.5"), CreditAccount: cardPayment("tx"), Timestamp: asked[n].Timestamp,
		}
		if got != want {
			t.Errorf("listed as %+v, want %+v", got, want)
		}
		one, err := x.TransferStatus(ctx, got.RowID)
		if err != nil || one.Status != states[n] || one.WTID != wanted(t, byte(n+1), "4.5", "tx").WTID || one.Metadata != "batch-7:1" {
			t.Errorf("its fate is %+v, %v", one, err)
		}
	}
	if one, _ := x.TransferStatus(ctx, 2); one.StatusMsg != "the card is gone" {
		t.Errorf("its message is %q", one.StatusMsg)
	}
	// What failed for good may be asked for again, as another transfer.
	if _, err := x.Transfer(ctx, wanted(t, 6, "6.5", "tx")); err != nil {
		t.Error(err)
	}
}

// TestTransferPages asks for parts of a list of five by number and by state.
//
// Rows: transfer list, transfer filter, transfer row.
func TestTransferPages(t *testing.T) {
	h := open(t, banktest.Options{Decide: handsOut})
	paid(t, h, "tx", 1)
	for n := range 5 {
		if _, err := h.Exchange().Transfer(withTimeout(t), wanted(t, byte(n+1), "1", "tx")); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []taler.TransferState{taler.TransferSuccess, taler.TransferPermanent, taler.TransferSuccess} {
		report(t, h, state, "")
	}
	for query, want := range map[string]string{
		"":                                     "[5 4 3 2 1]",
		"?limit=2":                             "[1 2]",
		"?limit=2&offset=3":                    "[4 5]",
		"?delta=-2&start=3":                    "[2 1]",
		"?limit=9&offset=5":                    "[]",
		"?limit=-9&offset=0":                   "[]",
		"?status=success":                      "[3 1]",
		"?limit=1&status=success":              "[1]",
		"?limit=9&status=pending":              "[4 5]",
		"?status=permanent_failure":            "[2]",
		"?status=transient_failure":            "[]",
		"?limit=9&timeout_ms=1000000&offset=5": "[]", // never held
		"?limit=9&timeout_ms=x":                "[1 2 3 4 5]",
		"?limit=9&long_poll_ms=90000&offset=5": "[]",
		"?limit=9&long_poll_ms=x":              "[1 2 3 4 5]",
	} {
		got := send(t, h, request{method: "GET", path: gateway + "transfers" + query, login: exchange(h)})
		var list taler.TransferList
		if got.status == http.StatusOK {
			if err := taler.Unmarshal([]byte(got.body), &list); err != nil {
				t.Fatal(err)
			}
		}
		rows := []uint64{}
		for _, one := range list.Transfers {
			rows = append(rows, one.RowID)
		}
		if fmt.Sprint(rows) != want || (len(rows) == 0) != (got.status == http.StatusNoContent) {
			t.Errorf("%s: %d %v, want %s", query, got.status, rows, want)
		}
	}
	for path, code := range map[string]taler.Code{
		"transfers?limit=0": 26, "transfers?status=": 26, "transfers?status=Success": 26, "transfers?status=done": 26, "transfers?offset=-1": 26,
		"transfers?status=%zz": 26, "transfers?limit=5;offset=7": 26, "account/check?account=%zz": 26,
		"history/incoming?delta=%zz": 26, "history/incoming?limit=5;offset=7": 26, "history/outgoing?limit=%zz": 26, // and not the newest 20 rows
		"transfers/x": 26, "transfers/-1": 26, "transfers/1.5": 26,
	} {
		send(t, h, request{method: "GET", path: gateway + path, login: exchange(h)}).want(t, 400, code)
	}
	for _, path := range []string{"transfers/0", "transfers/6", "transfers/18446744073709551615", "transfers/99999999999999999999999"} {
		send(t, h, request{method: "GET", path: gateway + path, login: exchange(h)}).want(t, 404, 5107)
	}
}

// TestGatewayRefusals goes through the refusals of what an exchange posts, in the
// order of the API's document.
//
// Rows: amount form, amount equality.
func TestGatewayRefusals(t *testing.T) {
	h := open(t, banktest.Options{Decide: generous})
	paid(t, h, "tx", 1)
	open := selected(t, h, "open", key(2))
	_ = open
	if _, err := h.Exchange().Transfer(withTimeout(t), wanted(t, 1, "5", "tx")); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer(
		"{uid1}", wanted(t, 1, "5", "tx").RequestUID.String(), "{wtid1}", wanted(t, 1, "5", "tx").WTID.String(),
		"{uid9}", wanted(t, 9, "5", "tx").RequestUID.String(), "{wtid9}", wanted(t, 9, "5", "tx").WTID.String(),
		"{tx}", string(cardPayment("tx")), "{E}", goodExchange, "{O}", otherExchange, "{base}", banktest.ExchangeURL,
		"{K1}", key(1).String(), "{K2}", key(2).String(), "{K9}", key(9).String(),
	)
	transfer := func(uid, amount, base, wtid, account string) string {
		return `{"request_uid":"` + uid + `","amount":"` + amount + `","exchange_base_url":"` + base + `","wtid":"` + wtid + `","credit_account":"` + account + `"}`
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       taler.Code
	}{
		"transfer: no JSON":                             {"transfer", `{`, 400, 22},
		"transfer: nothing":                             {"transfer", ``, 400, 22},
		"transfer: no request_uid":                      {"transfer", `{"amount":"CHF:1","exchange_base_url":"{base}","wtid":"{wtid9}","credit_account":"{tx}"}`, 400, 22},
		"transfer: a request_uid that is too short":     {"transfer", transfer("{wtid9}", "CHF:1", "{base}", "{wtid9}", "{tx}"), 400, 22},
		"transfer: no amount":                           {"transfer", `{"request_uid":"{uid9}","exchange_base_url":"{base}","wtid":"{wtid9}","credit_account":"{tx}"}`, 400, 22},
		"transfer: malformed amount":                    {"transfer", transfer("{uid9}", "CHF:1.", "{base}", "{wtid9}", "{tx}"), 400, 5108},
		"transfer: an amount that is too large":         {"transfer", transfer("{uid9}", "CHF:4503599627370497", "{base}", "{wtid9}", "{tx}"), 400, 5104},
		"transfer: no wtid":                             {"transfer", `{"request_uid":"{uid9}","amount":"CHF:1","exchange_base_url":"{base}","credit_account":"{tx}"}`, 400, 22},
		"transfer: a wtid that is too long":             {"transfer", transfer("{uid9}", "CHF:1", "{base}", "{uid9}", "{tx}"), 400, 22},
		"transfer: no exchange":                         {"transfer", `{"request_uid":"{uid9}","amount":"CHF:1","wtid":"{wtid9}","credit_account":"{tx}"}`, 400, 22},
		"transfer: exchange of another scheme":          {"transfer", transfer("{uid9}", "CHF:1", "file:///etc", "{wtid9}", "{tx}"), 400, 22},
		"transfer: no account":                          {"transfer", `{"request_uid":"{uid9}","amount":"CHF:1","exchange_base_url":"{base}","wtid":"{wtid9}"}`, 400, 22},
		"transfer: not a payto":                         {"transfer", transfer("{uid9}", "CHF:1", "{base}", "{wtid9}", "mailto:a"), 400, 24},
		"transfer: a payto without a name":              {"transfer", transfer("{uid9}", "CHF:1", "{base}", "{wtid9}", "payto://iban/DE75512108001245126199"), 400, 24},
		"transfer: an account that is a number":         {"transfer", `{"request_uid":"{uid9}","amount":"CHF:1","exchange_base_url":"{base}","wtid":"{wtid9}","credit_account":7}`, 400, 22},
		"transfer: metadata that is too strange":        {"transfer", `{"metadata":"a b",` + transfer("{uid9}", "CHF:1", "{base}", "{wtid9}", "{tx}")[1:], 400, 22},
		"transfer: another currency, before all":        {"transfer", transfer("{uid1}", "EUR:5", "{base}", "{wtid1}", "{tx}"), 400, 30},
		"transfer: the same again":                      {"transfer", transfer("{uid1}", "CHF:5.00", "{base}", "{wtid1}", "payto://simulator-transaction/tx"), 200, 0},
		"transfer: request_uid for another amount":      {"transfer", transfer("{uid1}", "CHF:6", "{base}", "{wtid1}", "{tx}"), 409, 5112},
		"transfer: request_uid for an unknown creditor": {"transfer", transfer("{uid1}", "CHF:5", "{base}", "{wtid1}", "{O}"), 409, 5112},
		"transfer: request_uid for another wtid":        {"transfer", transfer("{uid1}", "CHF:5", "{base}", "{wtid9}", "{tx}"), 409, 5112},
		"transfer: request_uid for another exchange":    {"transfer", transfer("{uid1}", "CHF:5", "https://x.example/", "{wtid1}", "{tx}"), 409, 5112},
		"transfer: wtid used":                           {"transfer", transfer("{uid9}", "CHF:1", "{base}", "{wtid1}", "{O}"), 409, 5154},
		"transfer: unknown creditor":                    {"transfer", transfer("{uid9}", "CHF:100", "{base}", "{wtid9}", "{O}"), 409, 5124},
		"transfer: unknown payment":                     {"transfer", transfer("{uid9}", "CHF:1", "{base}", "{wtid9}", "payto://simulator-transaction/other"), 409, 5124},
		"transfer: to the exchange":                     {"transfer", transfer("{uid9}", "CHF:1", "{base}", "{wtid9}", "{E}"), 409, 5126},
		"transfer: more than is left":                   {"transfer", transfer("{uid9}", "CHF:15.00000001", "{base}", "{wtid9}", "{tx}"), 409, 5102},
		"transfer: nothing of value":                    {"transfer", transfer("{uid9}", "CHF:0", "{base}", "{wtid9}", "{tx}"), 409, 5102},

		"check: the exchange's":  {"GET account/check?account=" + "payto%3A%2F%2Fiban%2FCH9300762011623852957%3Freceiver-name%3DX", ``, 200, 0},
		"check: a payment":       {"GET account/check?account=payto://simulator-transaction/tx", ``, 200, 0},
		"check: without a name":  {"GET account/check?account=payto://iban/CH9300762011623852957", ``, 200, 0},
		"check: as it is shown":  {"GET account/check?account=payto://simulator-transaction/tx?receiver-name=Card%20payment", ``, 200, 0},
		"check: no IBAN":         {"GET account/check?account=payto://iban/CH9300762011623852958", ``, 400, 26},
		"check: an unknown one":  {"GET account/check?account=payto://simulator-transaction/ty", ``, 404, 5106},
		"check: of another bank": {"GET account/check?account=payto%3A%2F%2Fiban%2FDE75512108001245126199%3Freceiver-name%3DX", ``, 404, 5106},
		"check: none":            {"GET account/check", ``, 400, 25},
		"check: empty":           {"GET account/check?account=", ``, 400, 26},
		"check: malformed":       {"GET account/check?account=iban:7", ``, 400, 26},

		"add-incoming: no JSON":                   {"admin/add-incoming", `[`, 400, 22},
		"add-incoming: no key":                    {"admin/add-incoming", `{"amount":"CHF:1","debit_account":"{O}"}`, 400, 22},
		"add-incoming: no amount":                 {"admin/add-incoming", `{"reserve_pub":"{K9}","debit_account":"{O}"}`, 400, 22},
		"add-incoming: no account":                {"admin/add-incoming", `{"amount":"CHF:1","reserve_pub":"{K9}"}`, 400, 22},
		"add-incoming: account incomplete":        {"admin/add-incoming", `{"amount":"CHF:1","reserve_pub":"{K9}","debit_account":"payto://iban/DE75512108001245126199"}`, 400, 22},
		"add-incoming: another currency":          {"admin/add-incoming", `{"amount":"EUR:1","reserve_pub":"{K1}","debit_account":"{O}"}`, 400, 30},
		"add-incoming: key of a paid withdrawal":  {"admin/add-incoming", `{"amount":"CHF:1","reserve_pub":"{K1}","debit_account":"{O}"}`, 409, 5114},
		"add-incoming: key of an open withdrawal": {"admin/add-incoming", `{"amount":"CHF:1","reserve_pub":"{K2}","debit_account":"{O}"}`, 409, 5114},
		"add-incoming: from the exchange":         {"admin/add-incoming", `{"amount":"CHF:1","reserve_pub":"{K9}","debit_account":"{E}"}`, 409, 5126},
		"add-incoming: nothing":                   {"admin/add-incoming", `{"amount":"CHF:0","reserve_pub":"{K9}","debit_account":"{O}"}`, 409, 5102},
		"add-mapped: not offered":                 {"admin/add-mapped", `{"amount":"CHF:1","authorization_pub":"{K9}","debit_account":"{O}"}`, 404, 21},
		"add-kycauth: two documents":              {"admin/add-kycauth", `{"amount":"CHF:1","account_pub":"{K9}","debit_account":"{O}"}{}`, 400, 22},
		"add-incoming: two documents":             {"admin/add-incoming", `{"amount":"CHF:1","reserve_pub":"{K9}","debit_account":"{O}"}{}`, 400, 22},
		"transfer: two documents":                 {"transfer", transfer("{uid9}", "CHF:1", "{base}", "{wtid9}", "{tx}") + "{}", 400, 22},
		"add-kycauth: no key":                     {"admin/add-kycauth", `{"amount":"CHF:1","debit_account":"{O}"}`, 400, 22},
		"add-kycauth: another currency":           {"admin/add-kycauth", `{"amount":"EUR:1","account_pub":"{K1}","debit_account":"{O}"}`, 400, 30},
		"add-kycauth: from the exchange":          {"admin/add-kycauth", `{"amount":"CHF:1","account_pub":"{K1}","debit_account":"{E}"}`, 409, 5126},
	} {
		t.Run(name, func(t *testing.T) {
			method, path, given := strings.Cut(c.path, " ")
			if !given {
				method, path = http.MethodPost, c.path
			}
			send(t, h, request{method: method, path: gateway + path, login: exchange(h), body: fill.Replace(c.body)}).want(t, c.status, c.code)
		})
	}
	if rows, err := h.Exchange().Incoming(withTimeout(t), taler.Page{Rows: 10}); err != nil || len(rows.IncomingTransactions) != 1 {
		t.Errorf("refused requests have left %d rows, %v", len(rows.IncomingTransactions)-1, err)
	}
}

// TestRecordedTools sends what the real programs have sent to their bank, bytes
// and headers as they were: what they credit is credited, the same reserve is not
// credited twice, and merchants have no card payment to be paid back to.
//
// Rows: exchange tools.
func TestRecordedTools(t *testing.T) {
	h := open(t, banktest.Options{Decide: func(c *bank.Config) { generous(c); c.Currency = "KUDOS" }})
	var all []wireRequest
	recorded(t, "wirewatch-requests.json", &all)
	credits := 0
	for _, w := range all {
		r := w.request(t, h)
		switch {
		case strings.HasSuffix(r.path, "/admin/add-incoming"):
			credits++
			got := send(t, h, r)
			got.want(t, 200, 0)
			sameShape(t, r.path, []byte(got.body), w.Answer)
			var row taler.AddIncomingResponse
			if err := json.Unmarshal([]byte(got.body), &row); err != nil || row.RowID != uint64(credits) {
				t.Errorf("%s, %v", got.body, err)
			}
			send(t, h, r).want(t, 409, 5114)
		case strings.HasSuffix(r.path, "/transfer"):
			send(t, h, r).want(t, 409, 5124)
		}
	}
	if credits != 2 {
		t.Errorf("%d credits were replayed", credits)
	}
}
