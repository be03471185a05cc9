package client

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestWorthReadsCoins: what a coin is worth is read wherever it stands, and a
// coin that does not say it is an error and not worth nothing.
func TestWorthReadsCoins(t *testing.T) {
	value, err := instrument.ParseAmount("CHF:2.5")
	if err != nil {
		t.Fatal(err)
	}
	var today instrument.Instance
	if err := today.Encode(taler.Coin{Value: value, ExchangeURL: "https://exchange.example.com/"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, state string
		ok          bool
	}{
		{"as it is written", string(today.State), true},
		{"behind the rest", `{"denom":"X","more":{"value":"CHF:9"},"list":[1],"value":"CHF:2.5","exchange_url":"https://exchange.example.com/"}`, true},
		{"nothing behind it is read", `{"value":"CHF:2.5","exchange_url":"https://exchange.example.com/",`, true},
		{"no value", `{"exchange_url":"https://exchange.example.com/"}`, false},
		{"no exchange", `{"value":"CHF:2.5"}`, false},
		{"no amount", `{"value":7,"exchange_url":"https://exchange.example.com/"}`, false},
		{"no object", `"value"`, false},
		{"nothing", ``, false},
	} {
		got, exchange, err := worth(instrument.Instance{State: json.RawMessage(c.state)})
		if (err == nil) != c.ok || c.ok && (got != value || exchange != "https://exchange.example.com/") {
			t.Errorf("%s: %v at %q, %v", c.name, got, exchange, err)
		}
	}
}
