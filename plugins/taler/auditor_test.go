package taler_test

import (
	"testing"

	wire "github.com/swaperoo/swaperoo/comm/taler"
)

// TestAnAuditedDenominationIsRevoked: the exchange takes it out of its list and leaves
// the auditor's word of it there. What else it lists is used as before.
func TestAnAuditedDenominationIsRevoked(t *testing.T) {
	w := readyWallet(t)
	w.mint.with(func() {
		k := &w.mint.keys
		word := k.Auditors[0].DenominationKeys[0]
		k.Recoup, k.Denominations = []wire.Recoup{{HDenomPub: word.DenomPubHash}}, k.Denominations[1:]
		w.mint.sign()
		k.Auditors[0].DenominationKeys = append(k.Auditors[0].DenominationKeys, word)
	})
	if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
		t.Fatal(err)
	}
	if s := w.state(); len(s.Denominations) != 2 || w.View(t, w.exchange).Status != wire.ExchangeActive {
		t.Errorf("%d denominations are used, want the two that are not revoked", len(s.Denominations))
	}
}
