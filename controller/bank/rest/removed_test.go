package rest_test

import (
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestNobodyGivesUpAtARemovedExchange: taler-exchange-transfer never sends again what is
// answered 404, and a wallet gives up a withdrawal that is gone. So the former waits until
// its account is open again, and the latter hears what became of the withdrawal.
func TestNobodyGivesUpAtARemovedExchange(t *testing.T) {
	h := open(t, banktest.Options{Decide: handsOut})
	ctx := withTimeout(t)
	was := h.AddExchange(second)
	id := sold(t, h, "second/", taler.TerminalWithdrawalSetup{RequestUID: "one"}, 1)
	if err := h.Bank.RemoveExchange(ctx, second.Name); err != nil {
		t.Fatal(err)
	}
	send(t, h, request{method: "GET", path: "/second" + gateway + "history/incoming?delta=5", login: loginOf(was)}).want(t, 401, taler.CodeUnauthorized)
	send(t, h, request{method: "POST", path: "/second" + gateway + "transfer", login: loginOf(was), body: "{}"}).want(t, 401, taler.CodeUnauthorized)

	wallet := h.Client("second/taler-integration/", taler.Anonymous())
	if _, err := wallet.IntegrationConfig(ctx); err != nil {
		t.Errorf("config: %v", err)
	}
	if s, err := wallet.Operation(ctx, id, taler.LongPoll{}); err != nil || s.Status != taler.StateConfirmed {
		t.Errorf("%+v, %v", s, err)
	}
	again := taler.BankWithdrawalOperationPostRequest{ReservePub: key(1), SelectedExchange: second.Account}
	if s, err := wallet.Select(ctx, id, again); err != nil || s.Status != taler.StateConfirmed {
		t.Errorf("%+v, %v", s, err)
	}

	for _, path := range []string{"/second/", "/third/"} { // nothing is sold of either
		send(t, h, request{method: "GET", path: path + "config", login: h.Terminal}).want(t, 404, taler.CodeEndpointUnknown)
		send(t, h, request{method: "POST", path: path + "withdrawals", login: h.Terminal, body: `{"request_uid":"two","amount":"CHF:1"}`}).
			want(t, 404, taler.CodeEndpointUnknown)
	}
	send(t, h, request{method: "GET", path: "/third" + gateway + "history/incoming", login: loginOf(was)}).want(t, 404, taler.CodeEndpointUnknown)

	if _, err := gatewayOf(h, h.AddExchange(second)).Transfer(ctx, wanted(t, 1, "5", "one")); err != nil {
		t.Errorf("when it is open again: %v", err)
	}
}

// TestOnlyTheRootHasAChoice of exchanges: a path below a name is one.
func TestOnlyTheRootHasAChoice(t *testing.T) {
	h := open(t, banktest.Options{Decide: handsOut})
	h.AddExchange(second)
	for path, want := range map[string][]taler.ExchangeChoice{
		"": {{Name: bank.DefaultExchange, URL: banktest.ExchangeURL}, {Name: second.Name, URL: second.URL}}, "second/": nil,
	} {
		cfg, err := h.Client(path, taler.Basic(h.Terminal.Name, h.Terminal.Token)).TerminalConfig(withTimeout(t))
		if err != nil || !slices.Equal(cfg.Exchanges, want) {
			t.Errorf("at %q a terminal may choose among %v, %v", path, cfg.Exchanges, err)
		}
	}
}
