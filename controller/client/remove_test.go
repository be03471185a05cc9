package client_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// A withdrawal that has begun needs its exchange, although there is nothing in it yet: its bank may have
// heard of it, or somebody may be about to transfer money.
func TestAnExchangeIsNotRemovedUnderAWithdrawal(t *testing.T) {
	for status, gone := range map[string]bool{
		taler.ReserveCreated: false, taler.ReserveSelected: false, taler.ReserveSent: false, taler.ReserveDone: true, taler.ReserveAborted: true,
	} {
		t.Run(status, func(t *testing.T) {
			w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
			e := instrument.Instance{Class: client.ClassExchange, Owner: profile.Everyone, Name: exchangeURL, Status: taler.ExchangeNew, Keys: map[string]string{"url": exchangeURL}}
			check(t, e.Encode(taler.ExchangeState{URL: exchangeURL}))
			w.party.Create(t, e)
			w.reserve(t, status, b.uri(t, 1), 1, nil)
			switch err := w.RemoveExchange(t.Context(), exchangeURL); {
			case gone && err != nil, !gone && fault.ReasonOf(err) != "exchange-in-use":
				t.Errorf("removed: %v", err)
			}
		})
	}
}
