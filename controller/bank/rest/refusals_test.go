package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// Words that stand for values in the rows below.
const (
	goodExchange  = `payto://iban/CH9300762011623852957?receiver-name=Exchange`
	otherExchange = `payto://iban/DE75512108001245126199?receiver-name=Other`
)

// scene is a house with a withdrawal in each state, and what stands for them.
func scene(t *testing.T) (*banktest.House, *strings.Replacer) {
	t.Helper()
	h := open(t, banktest.Options{})
	ctx := withTimeout(t)
	pending := setUp(t, h, "pending")
	took := selected(t, h, "selected", key(1))
	aborted := selected(t, h, "aborted", key(2))
	if err := h.Wallet().AbortOperation(ctx, aborted); err != nil {
		t.Fatal(err)
	}
	noticed := selected(t, h, "noticed", key(3))
	h.Provider.Put(banktest.Payment{ID: "tx-noticed", State: "pending", Amount: chf(t, "20"), Reference: noticed.Text()})
	notify(t, h, noticed, "tx-noticed")
	confirmed := selected(t, h, "confirmed", key(4))
	pay(t, h, confirmed, "tx-confirmed")
	notify(t, h, confirmed, "tx-confirmed")
	if s := settled(t, h, confirmed); s.Status != taler.StateConfirmed {
		t.Fatalf("the withdrawal became %s", s.Status)
	}
	free, err := h.Till(h.Terminal).SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "free", SuggestedAmount: chf(t, "5")})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := h.Till(h.AddTerminal("other")).SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "pending", Amount: chf(t, "20")})
	if err != nil {
		t.Fatal(err)
	}
	return h, strings.NewReplacer(
		"{pending}", pending.Text(), "{selected}", took.Text(), "{aborted}", aborted.Text(), "{noticed}", noticed.Text(),
		"{confirmed}", confirmed.Text(), "{free}", free.WithdrawalID.Text(), "{theirs}", theirs.WithdrawalID.Text(),
		"{unknown}", strings.Repeat("0", 52), "{K1}", key(1).String(), "{K3}", key(3).String(), "{K4}", key(4).String(), "{new}", key(9).String(),
		"{E}", goodExchange, "{O}", otherExchange,
	)
}

// TestRefusals goes through the refusals of all routes. Where a row has two
// things wrong, the one that must be told first is told: the rows of selection
// are in the order of the API's document.
//
// Rows: endpoint unknown, json invalid, error body, request scope, amount form,
// quota limit.
func TestRefusals(t *testing.T) {
	h, fill := scene(t)
	const op, till = "/taler-integration/withdrawal-operation/", "/withdrawals/"
	for name, c := range map[string]struct {
		request string // method and path
		body    string
		status  int
		code    taler.Code
	}{
		"select 1: malformed id, and a malformed body":        {"POST " + op + "nonsense", `{`, 400, 26},
		"set-up: a line feed in the request_uid":              {"POST /withdrawals", `{"request_uid":"a\nb","amount":"CHF:5"}`, 400, 22},
		"set-up: a NUL in the request_uid":                    {"POST /withdrawals", `{"request_uid":"a\u0000b","amount":"CHF:5"}`, 400, 22},
		"set-up: U+0085 in the request_uid":                   {"POST /withdrawals", `{"request_uid":"a\u0085b","amount":"CHF:5"}`, 400, 22},
		"set-up: DEL in the request_uid":                      {"POST /withdrawals", "{\"request_uid\":\"a\x7fb\",\"amount\":\"CHF:5\"}", 400, 22},
		"set-up: half a surrogate in the request_uid":         {"POST /withdrawals", `{"request_uid":"\ud800","amount":"CHF:5"}`, 400, 22},
		"set-up: a request_uid that is not UTF-8":             {"POST /withdrawals", "{\"request_uid\":\"inv\xff1\",\"amount\":\"CHF:5\"}", 400, 22},
		"set-up: a NUL in the user":                           {"POST /withdrawals", `{"request_uid":"n","amount":"CHF:5","user_uuid":"a\u0000b"}`, 400, 22},
		"set-up: a tab in the lock":                           {"POST /withdrawals", `{"request_uid":"n","amount":"CHF:5","user_uuid":"a","lock":"a\tb"}`, 400, 22},
		"set-up: a line feed in the payment":                  {"POST /withdrawals", `{"request_uid":"n","amount":"CHF:5","provider_transaction_id":"a\nb"}`, 400, 22},
		"check: a line feed in the payment":                   {"POST " + till + "{selected}/check", `{"provider_transaction_id":"a\nb"}`, 400, 22},
		"set-up: a member of another type":                    {"POST /withdrawals", `{"request_uid":7}`, 400, 22},
		"select 1: an id that is too short":                   {"POST " + op + "0123", `{}`, 400, 26},
		"select 2: no JSON, of an unknown operation":          {"POST " + op + "{unknown}", `{"reserve_pub":`, 400, 22},
		"select 2: nothing":                                   {"POST " + op + "{pending}", ``, 400, 22},
		"select 2: an array":                                  {"POST " + op + "{pending}", `[]`, 400, 22},
		"select 2: null":                                      {"POST " + op + "{pending}", `null`, 400, 22},
		"select 2: more after the document":                   {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"{E}"} {}`, 400, 22},
		"select 2: no key":                                    {"POST " + op + "{pending}", `{"selected_exchange":"{E}"}`, 400, 22},
		"select 2: a key that is too short":                   {"POST " + op + "{pending}", `{"reserve_pub":"00","selected_exchange":"{E}"}`, 400, 22},
		"select 2: a key that is a number":                    {"POST " + op + "{pending}", `{"reserve_pub":7,"selected_exchange":"{E}"}`, 400, 22},
		"select 2: no account":                                {"POST " + op + "{pending}", `{"reserve_pub":"{new}"}`, 400, 22},
		"select 2: an account that is no payto":               {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"iban:7"}`, 400, 22},
		"select 2: an IBAN with a wrong checksum":             {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"payto://iban/CH0000762011623852957?receiver-name=E"}`, 400, 22},
		"select 2: an account that is cut off":                {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"payto://iban"}`, 400, 22},
		"select 2: an account that is a number":               {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":9300762011623852957}`, 400, 22},
		"select 2: an amount that is none":                    {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"{E}","amount":"20 francs"}`, 400, 5108},
		"select 2: an amount beyond all amounts":              {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"{E}","amount":"CHF:4503599627370497"}`, 400, 5104},
		"select 3: another currency, of an unknown operation": {"POST " + op + "{unknown}", `{"reserve_pub":"{new}","selected_exchange":"{E}","amount":"EUR:20"}`, 400, 30},
		"select 4: unknown operation":                         {"POST " + op + "{unknown}", `{"reserve_pub":"{new}","selected_exchange":"{E}"}`, 404, 5107},
		"select 5: aborted":                                   {"POST " + op + "{aborted}", `{"reserve_pub":"{new}","selected_exchange":"{E}"}`, 409, 5153},
		"select 5: aborted, and the same wallet":              {"POST " + op + "{aborted}", `{"reserve_pub":"{K1}","selected_exchange":"{O}"}`, 409, 5153},
		"select 6: the same again":                            {"POST " + op + "{selected}", `{"reserve_pub":"{K1}","selected_exchange":"{E}"}`, 200, 0},
		"select 6: the same again, other spelling":            {"POST " + op + "{selected}", `{"reserve_pub":"{K1}","selected_exchange":"payto://iban/CH9300762011623852957?receiver-name=E2","amount":"CHF:20.00"}`, 200, 0},
		"select 6: the same again, without a receiver-name":   {"POST " + op + "{selected}", `{"reserve_pub":"{K1}","selected_exchange":"payto://iban/CH9300762011623852957"}`, 200, 0},
		"select 6: the same again, with a message":            {"POST " + op + "{selected}", `{"reserve_pub":"{K1}","selected_exchange":"payto://iban/POFICHBEXXX/CH9300762011623852957?message=none"}`, 200, 0},
		"select 6: the same again, confirmed":                 {"POST " + op + "{confirmed}", `{"reserve_pub":"{K4}","selected_exchange":"{E}"}`, 200, 0},
		"select 7: another wallet":                            {"POST " + op + "{selected}", `{"reserve_pub":"{new}","selected_exchange":"{E}"}`, 409, 5113},
		"select 7: another wallet, confirmed":                 {"POST " + op + "{confirmed}", `{"reserve_pub":"{new}","selected_exchange":"{E}"}`, 409, 5113},
		"select 7: another exchange":                          {"POST " + op + "{selected}", `{"reserve_pub":"{K1}","selected_exchange":"{O}"}`, 409, 5113},
		"select 7: another wallet and amount":                 {"POST " + op + "{selected}", `{"reserve_pub":"{new}","selected_exchange":"{E}","amount":"CHF:1"}`, 409, 5113},
		"select 8: another amount":                            {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"{E}","amount":"CHF:21"}`, 409, 5148},
		"select 8: another amount, and a used key":            {"POST " + op + "{pending}", `{"reserve_pub":"{K1}","selected_exchange":"{E}","amount":"CHF:21"}`, 409, 5148},
		"select 8: an amount of nothing":                      {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"{E}","amount":"CHF:0"}`, 409, 5148},
		"select 9: a used key":                                {"POST " + op + "{pending}", `{"reserve_pub":"{K1}","selected_exchange":"{E}"}`, 409, 5114},
		"select 9: a used key, and another exchange":          {"POST " + op + "{pending}", `{"reserve_pub":"{K4}","selected_exchange":"{O}"}`, 409, 5114},
		"select 10: an unknown account, and no name of it":    {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"payto://iban/DE89370400440532013000"}`, 409, 5106},
		"select 10: another exchange":                         {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"{O}"}`, 409, 5106},
		"select 11: a card payment's account":                 {"POST " + op + "{pending}", `{"reserve_pub":"{new}","selected_exchange":"payto://simulator-transaction/tx-confirmed"}`, 409, 5127},
		"select 12: no amount where one is wanted":            {"POST " + op + "{free}", `{"reserve_pub":"{new}","selected_exchange":"{E}"}`, 409, 5149},
		"select 13: an amount of nothing":                     {"POST " + op + "{free}", `{"reserve_pub":"{new}","selected_exchange":"{E}","amount":"CHF:0"}`, 409, 5102},
		"status: malformed id":                                {"GET " + op + "nonsense", ``, 400, 26},
		"status: unknown":                                     {"GET " + op + "{unknown}", ``, 404, 5107},
		"status: unknown, and a wait":                         {"GET " + op + "{unknown}?timeout_ms=60000", ``, 404, 5107},
		"status: a wait that is no number":                    {"GET " + op + "{pending}?timeout_ms=soon", ``, 400, 26},
		"status: a negative wait":                             {"GET " + op + "{pending}?long_poll_ms=-1", ``, 400, 26},
		"status: an unknown old state":                        {"GET " + op + "{pending}?timeout_ms=1&old_state=started", ``, 400, 26},
		"status: a wait that cannot be decoded":               {"GET " + op + "{pending}?timeout_ms=%zz", ``, 400, 26},
		"terminal's status: a query that cannot be decoded":   {"GET " + till + "{pending}?old_state=selected;timeout_ms=1", ``, 400, 26},
		"wallet's abort: malformed id":                        {"POST " + op + "nonsense/abort", ``, 400, 26},
		"wallet's abort: unknown":                             {"POST " + op + "{unknown}/abort", ``, 404, 5107},
		"wallet's abort: confirmed":                           {"POST " + op + "{confirmed}/abort", ``, 409, 5116},
		"wallet's abort: paid and not decided":                {"POST " + op + "{noticed}/abort", ``, 409, 5116},
		"wallet's abort: aborted":                             {"POST " + op + "{aborted}/abort", ``, 204, 0},
		"setup: no JSON":                                      {"POST /withdrawals", `amount=20`, 400, 22},
		"setup: no request_uid":                               {"POST /withdrawals", `{"amount":"CHF:20"}`, 400, 22},
		"setup: another currency":                             {"POST /withdrawals", `{"request_uid":"x","amount":"EUR:20"}`, 400, 30},
		"setup: fees of another currency":                     {"POST /withdrawals", `{"request_uid":"x","amount":"CHF:20","terminal_fees":"EUR:1"}`, 400, 30},
		"setup: an amount that is none":                       {"POST /withdrawals", `{"request_uid":"x","amount":"CHF:.5"}`, 400, 5108},
		"setup: a negative amount":                            {"POST /withdrawals", `{"request_uid":"x","amount":"CHF:-5"}`, 400, 5108},
		"setup: too large an amount":                          {"POST /withdrawals", `{"request_uid":"x","amount":"CHF:4503599627370497"}`, 400, 5104},
		"setup: an amount that is a number":                   {"POST /withdrawals", `{"request_uid":"x","amount":20}`, 400, 22},
		"setup: an amount of nothing":                         {"POST /withdrawals", `{"request_uid":"x","amount":"CHF:0"}`, 409, 5102},
		"setup: a total beyond all amounts":                   {"POST /withdrawals", `{"request_uid":"x","amount":"CHF:4503599627370496","terminal_fees":"CHF:1"}`, 409, 5102},
		"setup: request_uid used for another amount":          {"POST /withdrawals", `{"request_uid":"pending","amount":"CHF:21"}`, 409, 5112},
		"setup: request_uid used, the same amount":            {"POST /withdrawals", `{"request_uid":"pending","amount":"CHF:20.0"}`, 200, 0},
		"terminal's status: malformed id":                     {"GET " + till + "nonsense", ``, 400, 26},
		"terminal's status: unknown":                          {"GET " + till + "{unknown}", ``, 404, 5107},
		"terminal's status: another terminal's":               {"GET " + till + "{theirs}", ``, 404, 5107},
		"terminal's status: another terminal's, and a wait":   {"GET " + till + "{theirs}?timeout_ms=60000", ``, 404, 5107},
		"notice: malformed id":                                {"POST " + till + "nonsense/check", `{}`, 400, 26},
		"notice: no JSON":                                     {"POST " + till + "{selected}/check", `x`, 400, 22},
		"notice: two documents":                               {"POST " + till + "{selected}/check", `{"provider_transaction_id":"7"}{}`, 400, 22},
		"notice: no transaction":                              {"POST " + till + "{selected}/check", `{}`, 400, 22},
		"notice: fees of another currency":                    {"POST " + till + "{selected}/check", `{"provider_transaction_id":"7","terminal_fees":"EUR:1"}`, 400, 30},
		"notice: unknown":                                     {"POST " + till + "{unknown}/check", `{"provider_transaction_id":"7"}`, 404, 5107},
		"notice: another terminal's":                          {"POST " + till + "{theirs}/check", `{"provider_transaction_id":"7"}`, 404, 5107},
		"notice: not selected":                                {"POST " + till + "{pending}/check", `{"provider_transaction_id":"7"}`, 409, 5130},
		"notice: aborted":                                     {"POST " + till + "{aborted}/check", `{"provider_transaction_id":"7"}`, 409, 5117},
		"notice: the same again":                              {"POST " + till + "{noticed}/check", `{"provider_transaction_id":"tx-noticed"}`, 204, 0},
		"notice: the same again, confirmed":                   {"POST " + till + "{confirmed}/check", `{"provider_transaction_id":"tx-confirmed"}`, 204, 0},
		"notice: another payment":                             {"POST " + till + "{noticed}/check", `{"provider_transaction_id":"7"}`, 409, 9999},
		"notice: another payment, confirmed":                  {"POST " + till + "{confirmed}/check", `{"provider_transaction_id":"7"}`, 409, 9999},
		"notice by GET":                                       {"GET " + till + "{selected}/check", ``, 405, 20},
		"terminal's abort: malformed id":                      {"DELETE " + till + "nonsense", ``, 400, 26},
		"terminal's abort: unknown":                           {"DELETE " + till + "{unknown}", ``, 404, 5107},
		"terminal's abort: another terminal's":                {"DELETE " + till + "{theirs}", ``, 404, 5107},
		"terminal's abort: confirmed":                         {"DELETE " + till + "{confirmed}", ``, 409, 5116},
		"terminal's abort: paid and not decided":              {"DELETE " + till + "{noticed}", ``, 409, 5116},
		"terminal's abort, the other way: paid, not decided":  {"POST " + till + "{noticed}/abort", ``, 409, 5116},
		"terminal's abort: aborted":                           {"DELETE " + till + "{aborted}", ``, 204, 0},
		"no such path":                                        {"GET /quotas/7", ``, 404, 21},
		"no such path of the wire gateway":                    {"POST /taler-wire-gateway/transfers/7/more", ``, 404, 21},
		"no path at all":                                      {"GET /", ``, 404, 21},
		"a path with an empty id":                             {"GET " + op, ``, 404, 21},
		"a double slash":                                      {"POST //withdrawals", `{}`, 404, 21},
		"a path that climbs":                                  {"GET /withdrawals/../config", ``, 404, 21},
		"a segment that hides a slash":                        {"GET " + op + "%2e%2e%2fconfig", ``, 400, 26},
		"an exchange that hides a slash":                      {"GET /taler-integration%2fconfig", ``, 404, 21},
	} {
		t.Run(name, func(t *testing.T) {
			method, path, _ := strings.Cut(fill.Replace(c.request), " ")
			r := request{method: method, path: path, body: fill.Replace(c.body)}
			if !strings.HasPrefix(path, "/taler-") {
				r.login = h.Terminal
			}
			send(t, h, r).want(t, c.status, c.code)
		})
	}
}

// TestWrongMethods asks every path by every method.
//
// Rows: method invalid.
func TestWrongMethods(t *testing.T) {
	h := open(t, banktest.Options{})
	id := strings.Repeat("0", 52)
	op := "/taler-integration/withdrawal-operation/" + id
	paths := map[string]string{ // to what is allowed
		"/config":                                "GET, HEAD, OPTIONS",
		"/withdrawals":                           "OPTIONS, POST",
		"/withdrawals/" + id:                     "DELETE, GET, HEAD, OPTIONS",
		"/withdrawals/" + id + "/check":          "OPTIONS, POST",
		"/withdrawals/" + id + "/abort":          "OPTIONS, POST",
		"/quotas/me":                             "GET, HEAD, OPTIONS",
		"/quotas/me/lock":                        "OPTIONS, POST",
		"/quotas/me/lock/l":                      "DELETE, OPTIONS",
		"/taler-integration/config":              "GET, HEAD, OPTIONS",
		op:                                       "GET, HEAD, OPTIONS, POST",
		op + "/abort":                            "OPTIONS, POST",
		"/taler-wire-gateway/config":             "GET, HEAD, OPTIONS",
		"/taler-wire-gateway/history/incoming":   "GET, HEAD, OPTIONS",
		"/taler-wire-gateway/history/outgoing":   "GET, HEAD, OPTIONS",
		"/taler-wire-gateway/transfer":           "OPTIONS, POST",
		"/taler-wire-gateway/transfers":          "GET, HEAD, OPTIONS",
		"/taler-wire-gateway/transfers/1":        "GET, HEAD, OPTIONS",
		"/taler-wire-gateway/account/check":      "GET, HEAD, OPTIONS",
		"/taler-wire-gateway/admin/add-incoming": "OPTIONS, POST",
		"/taler-wire-gateway/admin/add-kycauth":  "OPTIONS, POST",
	}
	if len(taler.Routes()) != 22 {
		t.Errorf("the table has %d routes: are all of their paths here?", len(taler.Routes()))
	}
	for path, allowed := range paths {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} {
			got := send(t, h, request{method: method, path: path})
			if strings.Contains(allowed, method) {
				if got.status == http.StatusMethodNotAllowed {
					t.Errorf("%s %s is refused", method, path)
				}
				continue
			}
			got.want(t, 405, 20)
			if got.header.Get("Allow") != allowed {
				t.Errorf("%s %s: Allow: %q, want %q", method, path, got.header.Get("Allow"), allowed)
			}
		}
	}
}

// An amount is taken to the last digit that Taler has, at SETUP, as fees in a notice
// and from a wallet that chooses, and is the same in the history.
//
// Rows: amount form.
func TestAmountsAreAsFineAsTalers(t *testing.T) {
	h := open(t, banktest.Options{})
	ctx := withTimeout(t)
	for n, row := range []struct {
		asked taler.TerminalWithdrawalSetup
		chose taler.Amount
		fees  taler.Amount
		paid  string
	}{
		{taler.TerminalWithdrawalSetup{Amount: chf(t, "1.00000001")}, taler.Amount{}, chf(t, "0.00500002"), "1.00500003"},
		{taler.TerminalWithdrawalSetup{SuggestedAmount: chf(t, "1.001")}, chf(t, "1.00000001"), taler.Amount{}, "1.00000001"},
	} {
		row.asked.RequestUID = row.paid
		made, err := h.Till(h.Terminal).SetUp(ctx, row.asked)
		if err != nil {
			t.Fatal(err)
		}
		id := made.WithdrawalID
		_, err = h.Wallet().Select(ctx, id, taler.BankWithdrawalOperationPostRequest{ReservePub: key(byte(n + 1)), SelectedExchange: banktest.ExchangeAccount, Amount: row.chose})
		if err != nil {
			t.Fatal(err)
		}
		h.Provider.Put(banktest.Payment{ID: row.paid, State: "paid", Amount: chf(t, row.paid), Reference: id.Text()})
		if err := h.Till(h.Terminal).Check(ctx, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: row.paid, TerminalFees: row.fees}); err != nil {
			t.Fatal(err)
		}
		if s := settled(t, h, id); s.Status != taler.StateConfirmed || s.Amount != chf(t, "1.00000001") {
			t.Errorf("it became %s, of %s", s.Status, s.Amount)
		}
	}
	got, err := h.Exchange().Incoming(ctx, taler.Page{Rows: 10})
	if err != nil || len(got.IncomingTransactions) != 2 {
		t.Fatalf("the history is %+v, %v", got, err)
	}
	for _, row := range got.IncomingTransactions {
		if row.Amount != chf(t, "1.00000001") {
			t.Errorf("row %d is of %s", row.RowID, row.Amount)
		}
	}
	back, err := h.Bank.Returns(ctx)
	if err != nil || len(back) != 0 {
		t.Errorf("given back: %+v, %v", back, err)
	}
}
