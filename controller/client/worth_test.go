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
	key := taler.EddsaPublicKey{7}
	var today instrument.Instance
	if err := today.Encode(taler.Coin{Value: value, ExchangeURL: "https://exchange.example.com/", MasterPub: key}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, state string
		ok          bool
		master      string
	}{
		{"as it is written", string(today.State), true, key.String()},
		{"as it was written", `{"value":"CHF:2.5","fee":"CHF:0","exchange_url":"https://exchange.example.com/","coin_pub":"X"}`, true, ""},
		{"behind the rest", `{"denom":"X","more":{"value":"CHF:9"},"list":[1],"value":"CHF:2.5","exchange_url":"https://exchange.example.com/"}`, true, ""},
		{"the key behind the rest", `{"list":[1],"value":"CHF:2.5","exchange_url":"https://exchange.example.com/","coin_pub":"X","master_pub":"KEY"}`, true, "KEY"},
		{"with blanks", `{"value": "CHF:2.5", "exchange_url": "https://exchange.example.com/", "master_pub": "KEY"}`, true, "KEY"},
		{"escaped", `{"value":"CHF:2\u002e5","exchange_url":"https:\/\/exchange.example.com\/","master_pub":"KEY"}`, true, "KEY"},
		{"a quote in another member", `{"fee":"\",\"value\":\"CHF:9","value":"CHF:2.5","exchange_url":"https://exchange.example.com/"}`, true, ""},
		{"nothing behind it is read", `{"value":"CHF:2.5","exchange_url":"https://exchange.example.com/",`, true, ""},
		{"no value", `{"exchange_url":"https://exchange.example.com/"}`, false, ""},
		{"no exchange", `{"value":"CHF:2.5"}`, false, ""},
		{"no amount", `{"value":7,"exchange_url":"https://exchange.example.com/"}`, false, ""},
		{"no object", `"value"`, false, ""},
		{"nothing", ``, false, ""},
	} {
		got, err := worthOf(instrument.Instance{State: json.RawMessage(c.state)})
		if (err == nil) != c.ok || c.ok && got != (worth{"CHF:2.5", "https://exchange.example.com/", c.master}) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}
