package bank_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestATerminalThatHangsUpHasGivenNotice: the operation goes on without its
// caller, and so does what follows from it.
func TestATerminalThatHangsUpHasGivenNotice(t *testing.T) {
	stuck := newWedge()
	h := open(t, banktest.Options{Asking: hasty, Bundles: stuck.bundles()})
	t.Cleanup(stuck.release)
	id := selected(t, h, "u", key(1))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	stuck.on(id)
	login := till(t, h)
	ctx, hangUp := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		answered <- h.Bank.Confirm(ctx, login, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "tx"})
	}()
	<-stuck.wedged
	hangUp()
	refused(t, <-answered, fault.Unknown, "pending")
	stuck.release()
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("a paid withdrawal is %s", w.State)
	}
}
