package client_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/fault/faulttest"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// inner are, of all operations of a wallet, those that are steps of something, by what they do.
func inner(t *testing.T, w *wallet) map[string][]instrument.OperationID {
	t.Helper()
	of, err := w.Inner(t.Context())
	check(t, err)
	all, err := w.Protocols().Look(t.Context(), protocol.Filter{})
	check(t, err)
	out := map[string][]instrument.OperationID{}
	for _, r := range all {
		out[r.Protocol+" "+r.Operation] = append(out[r.Protocol+" "+r.Operation], of.Of(r))
	}
	return out
}

// What a part has tried, and what has given it back, are steps of the payment, and no others are.
func TestAPartsOperationsAreStepsOfItsPayment(t *testing.T) {
	m := openMarket(t)
	m.unknown.Store("red") // so that it takes two
	whole, _ := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
	m.unknown.Store("")
	m.refuses.Store("blue")
	_, _ = m.ResumePayment(t.Context(), string(whole.Operation), client.Nobody{})
	_, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: m.operation(t, "alone"), Amount: amount(t, "CHF:3"), Instrument: m.green}, agreed)
	check(t, err)
	got := inner(t, m.wallet)
	if of := got["red.spend PAY"]; len(of) != 2 || of[0] != whole.Operation || of[1] != whole.Operation {
		t.Errorf("those that have paid the first part: %q", got)
	}
	if of := got["red.spend REFUND"]; len(of) != 1 || of[0] != whole.Operation {
		t.Errorf("the one that has given it back: %q", got)
	}
	if of := got["green.spend PAY"]; len(of) != 1 || of[0] != "" {
		t.Errorf("one that is nothing's: %q", got)
	}
}

// The card payment of a withdrawal is a step of it, whatever began it, and so is what was done to its
// reserve.
func TestAWithdrawalsOperationsAreItsSteps(t *testing.T) {
	c := openCounter(t, nil)
	_, err := c.Pay(t.Context(), client.Payment{Peer: c.peer, Operation: c.operation(t, "k")}, agreed)
	check(t, err)
	x, err := c.FindWithdrawal(t.Context(), c.uri.ID.Text())
	check(t, err)
	c.bank.aborts = true
	err = c.AbortWithdrawal(t.Context(), x, "to see it")
	check(t, err)
	got := inner(t, c.wallet)
	for _, step := range []string{"card.pay PAY", "taler.withdraw ABORT", "taler.batch-withdraw ABANDON"} {
		if of := got[step]; len(of) != 1 || of[0] != x.Operation {
			t.Errorf("%s: %q", step, got)
		}
	}
}

// The keys of what the wallet begins itself are nobody else's: an agent that was first under one kept its
// person from paying.
func TestNobodySaysAKeyOfTheWallets(t *testing.T) {
	m := openMarket(t)
	for key, want := range map[string]fault.Reason{
		"withdrawal " + string(m.red) + " 1":               "key-reserved",
		"pay " + string(m.operation(t, "whole")) + " 1.1":  "key-reserved",
		"refund " + string(m.operation(t, "whole")) + " 2": "key-reserved",
		"pay rent 2026": "",
		"withdrawal 1":  "",
		"refund " + string(m.operation(t, "whole")) + " of October": "",
	} {
		_, err := m.Wallet.OperationID(key)
		faulttest.Want(t, err, fault.KindOf(err), want)
		if _, err := m.party.OperationID(key); err != nil { // by which it finds what an earlier version has begun
			t.Error(err)
		}
	}
}
