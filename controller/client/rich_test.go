package client_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestWorthlessMillionsHideNoOtherBalance: an exchange makes coins of any value.
func TestWorthlessMillionsHideNoOtherBalance(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	most := amount(t, "CHF:4503599627370496")
	for n, coin := range []taler.Coin{{Value: most, ExchangeURL: "https://rich.example/"}, {Value: most, ExchangeURL: "https://rich.example/"}, {Value: amount(t, "CHF:5"), ExchangeURL: exchangeURL}} {
		i := instrument.Instance{Class: client.ClassCoin, Status: taler.CoinFresh, Keys: map[string]string{"coin_pub": string(rune('a' + n))}}
		check(t, i.Encode(coin))
		w.party.Create(t, i)
	}
	for n := range byte(2) {
		w.reserve(t, taler.ReserveSelected, b.uri(t, n+1), n+1, func(r *taler.Reserve) {
			r.ExchangeURL, r.Amount, r.Remainder = "https://rich.example/", most, most
		})
	}
	got, err := w.Balances(t.Context())
	check(t, err)
	if len(got) != 2 || got[0].Available != amount(t, "CHF:5") || got[1].Available != most || got[1].Pending != most || got[1].Coins != 2 {
		t.Errorf("%+v", got)
	}
}
