package client_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// leaver goes away with the first thing that they are shown.
type leaver struct {
	person
	leave context.CancelFunc
}

func (l *leaver) Show(e client.Event) {
	l.person.Show(e)
	l.leave()
}

// TestATransferIsAskedForWithItsConditions, in the language of the person.
func TestATransferIsAskedForWithItsConditions(t *testing.T) {
	const to = "payto://iban/CH9300762011623852957?receiver-name=Exchange"
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	w.Languages = "de-CH"
	e := instrument.Instance{Class: client.ClassExchange, Owner: profile.Everyone, Name: exchangeURL, Status: taler.ExchangeNew, Keys: map[string]string{"url": exchangeURL}}
	check(t, e.Encode(taler.ExchangeState{URL: exchangeURL, Accounts: []taler.ExchangeAccount{
		{PaytoURI: "payto://iban/DE75512108001245126199?receiver-name=Exchange"},
		{PaytoURI: to, ConversionURL: "https://rates.example/", CreditRestrictions: json.RawMessage(
			`[{"type":"regex","payto_regex":"^payto://iban/CH.*$","human_hint":"Swiss accounts only","human_hint_i18n":{"de":"Nur Schweizer Konten"}}]`)},
		{PaytoURI: "payto://iban/DE02120300000000202051?receiver-name=Exchange"},
	}}))
	at := w.party.Create(t, e)
	w.reserve(t, taler.ReserveCreated, b.uri(t, 1), 1, func(r *taler.Reserve) {
		r.BankURL, r.WOPID, r.Exchange, r.Account = "", taler.WOPID{}.ID(), at, to
	})
	all, err := w.Withdrawals(t.Context())
	check(t, err)
	ctx, leave := context.WithCancel(t.Context())
	p := &leaver{leave: leave}
	if err := w.Resume(ctx, all[0], client.Withdrawal{Key: "savings"}, p); err == nil {
		t.Fatal("it has ended well")
	}
	asked := p.events[0]
	if asked.Event != "transfer" || !slices.Equal(asked.Restrictions, []string{"Nur Schweizer Konten"}) || asked.ConversionURL != "https://rates.example/" ||
		asked.Operation != all[0].Operation || asked.Key != "savings" {
		t.Errorf("it is asked for as %+v", asked)
	}
}

// TestAnExchangeIsNotRemovedUnderSomebodyElse who has coins of it in the same wallet.
func TestAnExchangeIsNotRemovedUnderSomebodyElse(t *testing.T) {
	w := newWallet(t, inproc.NewNetwork())
	e := instrument.Instance{Class: client.ClassExchange, Owner: profile.Everyone, Name: exchangeURL, Status: taler.ExchangeNew, Keys: map[string]string{"url": exchangeURL}}
	check(t, e.Encode(taler.ExchangeState{URL: exchangeURL}))
	w.party.Create(t, e)
	coin := instrument.Instance{Class: client.ClassCoin, Owner: "amy", Status: taler.CoinFresh, Keys: map[string]string{"coin_pub": "1"}}
	check(t, coin.Encode(taler.Coin{Value: amount(t, "CHF:1"), ExchangeURL: exchangeURL}))
	id := w.party.CreateFor(t, "amy", coin)
	if err := w.RemoveExchange(t.Context(), exchangeURL); fault.ReasonOf(err) != "exchange-in-use" {
		t.Errorf("removed: %v", err)
	}
	check(t, w.Instruments().Update(t.Context(), func(tx *instrument.Draft) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		i.Status = taler.CoinSpent
		return tx.Put(i)
	}))
	check(t, w.RemoveExchange(t.Context(), exchangeURL))
}
