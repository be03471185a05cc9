package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

// second is an exchange beside the house's own.
var second = bank.Exchange{
	Name: "second", URL: "https://second.example.com/", Account: "payto://x-taler-bank/localhost/second?receiver-name=Second",
}

// sold makes a confirmed withdrawal of CHF:20, set up below a path.
func sold(t testing.TB, h *banktest.House, below string, r taler.TerminalWithdrawalSetup, reserve byte) taler.WOPID {
	t.Helper()
	ctx := withTimeout(t)
	till := h.Client(below, taler.Basic(h.Terminal.Name, h.Terminal.Token))
	wallet := h.Client(below+"taler-integration/", taler.Anonymous())
	r.Amount = chf(t, "20")
	made, err := till.SetUp(ctx, r)
	if err != nil {
		t.Fatalf("set up: %v", err)
	}
	id := made.WithdrawalID
	account := banktest.ExchangeAccount
	if below != "" || r.Exchange != "" {
		account = second.Account
	}
	if _, err := wallet.Select(ctx, id, taler.BankWithdrawalOperationPostRequest{ReservePub: key(reserve), SelectedExchange: account}); err != nil {
		t.Fatalf("select: %v", err)
	}
	pay(t, h, id, r.RequestUID)
	if err := till.Check(ctx, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: r.RequestUID}); err != nil {
		t.Fatalf("check: %v", err)
	}
	if s := settled(t, h, id); s.Status != taler.StateConfirmed || s.SelectedExchange != account {
		t.Fatalf("the withdrawal became %+v", s)
	}
	return id
}

func loginOf(g bank.Gateway) banktest.Login { return banktest.Login{Name: g.User, Token: g.Password} }

func gatewayOf(h *banktest.House, g bank.Gateway) *taler.Client {
	return h.Client(g.User+gateway, taler.Basic(g.User, g.Password))
}

// TestEachExchangeHasItsOwnHistory: what is sold of one is in its history and in
// no other, numbered from one on without a gap, whether the path or the till's own
// word has chosen it, also after a restart.
//
// Rows: several exchanges.
func TestEachExchangeHasItsOwnHistory(t *testing.T) {
	h := open(t, banktest.Options{})
	ctx := withTimeout(t)
	paid(t, h, "first", 1)
	g := h.AddExchange(second) // the bank serves already
	waits := later(ctx, h.URL, request{method: "GET", path: "/second" + gateway + "history/incoming?limit=5&timeout_ms=100000", login: loginOf(g)})
	sold(t, h, "second/", taler.TerminalWithdrawalSetup{RequestUID: "by-path"}, 2)
	if rows, err := taler.ReadIncoming([]byte((<-waits).body), 0); err != nil || len(rows.IncomingTransactions) != 1 {
		t.Errorf("who waited got %+v, %v", rows, err)
	}
	paid(t, h, "then", 3)
	sold(t, h, "", taler.TerminalWithdrawalSetup{RequestUID: "by-word", Exchange: second.Name}, 4)
	h.Restart()
	sold(t, h, "second/", taler.TerminalWithdrawalSetup{RequestUID: "again"}, 5)

	for _, of := range []struct {
		name    string
		client  *taler.Client
		account taler.Payto
		keys    []byte
	}{
		{"the default", h.Exchange(), banktest.ExchangeAccount, []byte{1, 3}},
		{"the second", gatewayOf(h, g), second.Account, []byte{2, 4, 5}},
	} {
		got, err := of.client.Incoming(ctx, taler.Page{Rows: 100})
		if err != nil || got.CreditAccount != of.account || len(got.IncomingTransactions) != len(of.keys) {
			t.Fatalf("%s: %+v, %v", of.name, got, err)
		}
		for n, row := range got.IncomingTransactions {
			if row.RowID != uint64(n+1) || row.ReservePub != key(of.keys[n]) {
				t.Errorf("%s: row %d is %+v", of.name, n, row)
			}
		}
	}
}

// TestAnExchangeWithAnAccountOfThePaymentsKind: the real exchange wires money back from
// its account of the kind that the payment's has, so its account here may be of that kind.
func TestAnExchangeWithAnAccountOfThePaymentsKind(t *testing.T) {
	h := open(t, banktest.Options{Decide: handsOut})
	ctx := withTimeout(t)
	cards := bank.Exchange{Name: "cards", URL: "https://cards.example.com/", Account: "payto://simulator-transaction/cards?receiver-name=Cards"}
	g := h.AddExchange(cards)
	till := h.Client("cards/", taler.Basic(h.Terminal.Name, h.Terminal.Token))
	wallet := h.Client("cards/taler-integration/", taler.Anonymous())
	made, err := till.SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: chf(t, "20")})
	if err != nil {
		t.Fatal(err)
	}
	id := made.WithdrawalID
	if s, err := wallet.Operation(ctx, id, taler.LongPoll{}); err != nil || len(s.WireTypes) != 1 || s.WireTypes[0] != "simulator-transaction" {
		t.Errorf("a wallet is told %v, %v", s.WireTypes, err)
	}
	if _, err := wallet.Select(ctx, id, taler.BankWithdrawalOperationPostRequest{ReservePub: key(1), SelectedExchange: cards.Account}); err != nil {
		t.Fatal(err)
	}
	pay(t, h, id, "tx")
	if err := till.Check(ctx, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "tx"}); err != nil {
		t.Fatal(err)
	}
	settled(t, h, id)
	x := gatewayOf(h, g)
	rows, err := x.Incoming(ctx, taler.Page{Rows: 10})
	if err != nil || len(rows.IncomingTransactions) != 1 || rows.CreditAccount != cards.Account {
		t.Fatalf("%+v, %v", rows, err)
	}
	back := wanted(t, 1, "5", "tx")
	back.CreditAccount = rows.IncomingTransactions[0].DebitAccount
	if got, err := x.Transfer(ctx, back); err != nil || got.RowID != 1 {
		t.Errorf("what goes back: %+v, %v", got, err)
	}
	back = wanted(t, 2, "5", "tx")
	back.CreditAccount = cards.Account
	if _, err := x.Transfer(ctx, back); fault.ReasonOf(err) != taler.ReasonAccountIsExchange {
		t.Errorf("a transfer to itself: %v", err)
	}
}

// TestAnExchangeSeesItsAccountOnly: the login of one opens no other's, what one
// has been paid the other cannot wire back, and what is below one's name is its.
//
// Rows: several exchanges apart.
func TestAnExchangeSeesItsAccountOnly(t *testing.T) {
	h := open(t, banktest.Options{Decide: func(c *bank.Config) { handsOut(c); generous(c) }})
	ctx := withTimeout(t)
	g := h.AddExchange(second)
	ours := paid(t, h, "tx-a", 1)
	sold(t, h, "second/", taler.TerminalWithdrawalSetup{RequestUID: "tx-b"}, 2)
	for _, path := range []string{"history/incoming", "history/outgoing", "transfers", "transfers/1", "account/check?account=payto://x/y"} {
		send(t, h, request{method: "GET", path: gateway + path, login: loginOf(g)}).want(t, 403, taler.CodeForbidden)
		send(t, h, request{method: "GET", path: "/second" + gateway + path, login: exchange(h)}).want(t, 403, taler.CodeForbidden)
	}
	send(t, h, request{method: "POST", path: gateway + "transfer", login: loginOf(g), body: "{}"}).want(t, 403, taler.CodeForbidden)
	send(t, h, request{method: "GET", path: "/third" + gateway + "config"}).want(t, 404, taler.CodeEndpointUnknown)
	send(t, h, request{method: "GET", path: "/third/config", login: h.Terminal}).want(t, 404, taler.CodeEndpointUnknown)

	till := h.Client("second/", taler.Basic(h.Terminal.Name, h.Terminal.Token))
	if _, err := till.TerminalStatus(ctx, ours, taler.LongPoll{}); fault.ReasonOf(err) != taler.ReasonUnknownOperation {
		t.Errorf("a withdrawal of another exchange: %v", err)
	}
	wallet := h.Client("second/taler-integration/", taler.Anonymous())
	if _, err := wallet.Operation(ctx, ours, taler.LongPoll{}); fault.ReasonOf(err) != taler.ReasonUnknownOperation {
		t.Errorf("a withdrawal of another exchange: %v", err)
	}

	a, b := h.Exchange(), gatewayOf(h, g)
	if _, err := a.Transfer(ctx, wanted(t, 1, "5", "tx-b")); fault.ReasonOf(err) != taler.ReasonUnknownCreditor {
		t.Errorf("the other's payment: %v", err)
	}
	toOther := wanted(t, 1, "5", "tx-a")
	toOther.CreditAccount = second.Account
	if _, err := a.Transfer(ctx, toOther); fault.ReasonOf(err) != taler.ReasonAccountIsExchange {
		t.Errorf("a transfer to the other exchange: %v", err)
	}
	if _, err := a.AddIncoming(ctx, taler.AddIncomingRequest{Amount: chf(t, "1"), ReservePub: key(9), DebitAccount: second.Account}); fault.ReasonOf(err) != taler.ReasonAccountIsExchange {
		t.Errorf("a credit from the other exchange: %v", err)
	}
	for name, x := range map[string]*taler.Client{"tx-a": a, "tx-b": b} { // the same words of both
		got, err := x.Transfer(ctx, wanted(t, 1, "5", name))
		if err != nil || got.RowID != 1 {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		list, err := x.Transfers(ctx, taler.Page{Rows: 10}, "")
		if err != nil || len(list.Transfers) != 1 || list.Transfers[0].CreditAccount != cardPayment(name) {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
	}
	next, err := h.Bank.NextTransfer(ctx, second)
	if err != nil || next.Transfer.ProviderTransactionID != "tx-b" {
		t.Fatalf("%+v, %v", next, err)
	}
	if err := h.Bank.ReportTransfer(ctx, next.ID, bank.TransferReport{State: taler.TransferSuccess}); err != nil {
		t.Fatal(err)
	}
	out, err := b.Outgoing(ctx, taler.Page{Rows: 10})
	if err != nil || len(out.OutgoingTransactions) != 1 || out.DebitAccount != second.Account {
		t.Errorf("%+v, %v", out, err)
	}
	send(t, h, request{method: "GET", path: gateway + "history/outgoing", login: exchange(h)}).want(t, 204, 0)
	if _, err := b.AddIncoming(ctx, taler.AddIncomingRequest{Amount: chf(t, "1"), ReservePub: key(1), DebitAccount: cardPayment("x")}); fault.ReasonOf(err) != taler.ReasonReserveTaken {
		t.Errorf("a reserve of the other exchange: %v", err)
	}
}

// TestRefundsOfAFurtherExchange: they are carried out, by the life that has heard
// of the exchange first and by the next one.
func TestRefundsOfAFurtherExchange(t *testing.T) {
	h := open(t, banktest.Options{Asking: bank.Asking{First: 1, Longest: 1}})
	ctx := withTimeout(t)
	g := h.AddExchange(second)
	sold(t, h, "second/", taler.TerminalWithdrawalSetup{RequestUID: "tx"}, 2)
	for n := range byte(2) {
		if _, err := gatewayOf(h, g).Transfer(ctx, wanted(t, n+1, "5", "tx")); err != nil {
			t.Fatal(err)
		}
		out, err := gatewayOf(h, g).Outgoing(ctx, taler.Page{Rows: 10, Offset: uint64(n), Timeout: patience})
		if err != nil || len(out.OutgoingTransactions) != 1 || out.OutgoingTransactions[0].RowID != uint64(n+1) {
			t.Fatalf("%+v, %v", out, err)
		}
		h.Restart()
	}
}

// TestTheSameRequestForAnotherExchange is another request.
func TestTheSameRequestForAnotherExchange(t *testing.T) {
	h := open(t, banktest.Options{})
	h.AddExchange(second)
	body := `{"request_uid":"u","amount":"CHF:20"%s}`
	ask := func(path, more string) response {
		return send(t, h, request{method: "POST", path: path + "/withdrawals", login: h.Terminal, body: fmt.Sprintf(body, more)})
	}
	first := ask("/second", "")
	for _, again := range []response{ask("/second", ""), ask("", `,"exchange":"second"`), ask("/second", `,"exchange":"second"`)} {
		if again.status != 200 || again.body != first.body {
			t.Errorf("%d %s, and first %s", again.status, again.body, first.body)
		}
	}
	ask("", "").want(t, 409, taler.CodeRequestUIDReused)
	ask("", `,"exchange":"third"`).want(t, 404, taler.CodeEndpointUnknown)
	ask("/second", `,"exchange":"exchange"`).want(t, 400, taler.CodeJSONInvalid)
}

// TestAnExchangeIsRemoved when nothing of it is under way, and comes back with
// its numbers and a new login.
func TestAnExchangeIsRemoved(t *testing.T) {
	h := open(t, banktest.Options{Decide: handsOut})
	ctx := withTimeout(t)
	g := h.AddExchange(second)
	if _, err := h.Client("", taler.Basic(h.Terminal.Name, h.Terminal.Token)).SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "of another", Amount: chf(t, "1")}); err != nil {
		t.Fatal(err)
	}
	sold(t, h, "second/", taler.TerminalWithdrawalSetup{RequestUID: "one"}, 1)
	till := h.Client("second/", taler.Basic(h.Terminal.Name, h.Terminal.Token))
	made, err := till.SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "two", Amount: chf(t, "1")})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Bank.RemoveExchange(ctx, second.Name); fault.ReasonOf(err) != "exchange-busy" {
		t.Errorf("while a withdrawal is open: %v", err)
	}
	if err := till.Abort(ctx, made.WithdrawalID); err != nil { // it is there as before
		t.Fatal(err)
	}
	if _, err := gatewayOf(h, g).Transfer(ctx, wanted(t, 1, "5", "one")); err != nil {
		t.Fatal(err)
	}
	if err := h.Bank.RemoveExchange(ctx, second.Name); fault.ReasonOf(err) != "exchange-busy" {
		t.Errorf("while money is to go back: %v", err)
	}
	next, err := h.Bank.NextTransfer(ctx, second)
	if err == nil {
		err = h.Bank.ReportTransfer(ctx, next.ID, bank.TransferReport{State: taler.TransferSuccess})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Bank.RemoveExchange(ctx, second.Name); err != nil { // what is open at another is not its
		t.Fatal(err)
	}
	send(t, h, request{method: "GET", path: "/second" + gateway + "history/incoming", login: loginOf(g)}).want(t, 401, taler.CodeUnauthorized)
	send(t, h, request{method: "POST", path: "/second/withdrawals", login: h.Terminal, body: "{}"}).want(t, 404, taler.CodeEndpointUnknown)
	if all, err := h.Bank.Exchanges(ctx); err != nil || len(all) != 1 || !all[0].Default {
		t.Errorf("%+v, %v", all, err)
	}
	h.Restart()
	other := second
	other.URL = "https://elsewhere.example.com/"
	if _, err := h.Bank.AddExchange(ctx, other); fault.ReasonOf(err) != "exchange-differs" {
		t.Errorf("another one under its name: %v", err)
	}
	fresh := h.AddExchange(second)
	send(t, h, request{method: "GET", path: "/second" + gateway + "history/incoming", login: loginOf(g)}).want(t, 401, taler.CodeUnauthorized)
	sold(t, h, "second/", taler.TerminalWithdrawalSetup{RequestUID: "three"}, 3)
	got, err := gatewayOf(h, fresh).Incoming(ctx, taler.Page{Rows: 10})
	if err != nil || len(got.IncomingTransactions) != 2 || got.IncomingTransactions[1].RowID != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestAccountsThatAnExchangeCannotHave: among them each name that begins a path.
func TestAccountsThatAnExchangeCannotHave(t *testing.T) {
	h := open(t, banktest.Options{})
	h.AddExchange(second)
	named := func(name string) bank.Exchange {
		x := second
		x.Name, x.Account = name, "payto://x-taler-bank/localhost/third?receiver-name=Third"
		return x
	}
	type row struct {
		x      bank.Exchange
		reason fault.Reason
	}
	rows := []row{
		{named("second"), "login-taken"},
		{named(h.Terminal.Name), "login-taken"},
		{named("../x"), "name-malformed"},
		{named("a/b"), "name-malformed"},
		{named(""), "name-malformed"},
		{named(bank.DefaultExchange), "name-malformed"},
		{bank.Exchange{Name: "third", URL: second.URL, Account: second.Account}, "account-taken"},
		{bank.Exchange{Name: "third", URL: second.URL, Account: banktest.ExchangeAccount}, "account-taken"},
		{bank.Exchange{Name: "third", URL: second.URL, Account: "payto://x-taler-bank/localhost/third"}, taler.ReasonPaytoMalformed},
	}
	for _, r := range taler.Routes() {
		if r.API == taler.Terminal {
			first, _, _ := strings.Cut(r.Template[1:], "/")
			rows = append(rows, row{named(first), "name-malformed"})
		}
	}
	for _, path := range []string{rest.IntegrationPath, rest.WireGatewayPath, rest.WebhookPath, "/Config"} {
		rows = append(rows, row{named(strings.Trim(path, "/")), "name-malformed"})
	}
	for _, r := range rows {
		if _, err := h.Bank.AddExchange(withTimeout(t), r.x); fault.ReasonOf(err) != r.reason {
			t.Errorf("%+v: %v, want %s", r.x, err, r.reason)
		}
	}
	if err := h.Bank.RemoveExchange(withTimeout(t), bank.DefaultExchange); fault.ReasonOf(err) != "exchange-needed" {
		t.Errorf("the default one: %v", err)
	}
	if err := h.Bank.RemoveExchange(withTimeout(t), "third"); fault.ReasonOf(err) != taler.ReasonExchangeUnknown {
		t.Errorf("an unknown one: %v", err)
	}
}
