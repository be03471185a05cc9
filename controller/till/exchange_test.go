package till_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// Of several exchanges a till chooses by the name or by the address that the config says, in any
// spelling of it.
func TestTillsChooseAnExchangeByNameOrAddress(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	zurich := banktest.ExchangeURL + "zurich/"
	h.bank.AddExchange(bank.Exchange{Name: "zurich", URL: zurich, Account: "payto://x-taler-bank/localhost/zurich?receiver-name=Zurich"})
	for _, row := range []struct{ said, sold string }{
		{"", banktest.ExchangeURL},
		{"exchange", banktest.ExchangeURL},
		{"zurich", zurich},
		{zurich, zurich},
		{banktest.ExchangeURL, banktest.ExchangeURL},
		{strings.TrimSuffix(strings.Replace(zurich, "https://exchange.example.com", "HTTPS://Exchange.Example.com:443", 1), "/"), zurich},
		{strings.TrimSuffix(banktest.ExchangeURL, "/"), banktest.ExchangeURL},
	} {
		v := h.begin(`,"exchange":"` + row.said + `"`)
		if v.Exchange != row.sold || v.Needs != "acceptance" {
			t.Errorf("%q sells %+v", row.said, v)
		}
	}
	h.refuses(404, "exchange-unknown", http.MethodPost, "/withdrawals", `{"key":"k","amount":"CHF:20","exchange":"https://other.example/"}`)
	if r := h.ask(http.MethodGet, "/withdrawals?status=aborted", ""); r.body != `{"withdrawals":[]}` {
		t.Errorf("the till has %s", r.body)
	}
}
