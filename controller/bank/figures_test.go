package bank_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestRefundsAreNoNotices: what a provider is asked to give back is counted apart from
// the payments about which it has not decided.
func TestRefundsAreNoNotices(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	confirmed(t, h, "tx", 1)
	h.Provider.Refunds("pending")
	r := back(t, 1, "CHF:5", paidWithTx)
	if _, err := h.Bank.Transfer(withTimeout(t), h.Bank.Default(), r); err != nil {
		t.Fatal(err)
	}
	if err := h.Provider.WaitAsked(withTimeout(t), r.RequestUID.String(), 1); err != nil {
		t.Fatal(err)
	}
	// The notice that was decided counts until its errand has ended.
	counts(t, h, func(f bank.Figures) bool { return f.Asking == 0 && f.Transfers[taler.TransferPending] == 1 })
	id := selected(t, h, "undecided", key(2))
	h.Provider.Put(banktest.Payment{ID: "tx-2", State: "pending", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "tx-2")
	if err := h.Provider.WaitAsked(withTimeout(t), "tx-2", 1); err != nil {
		t.Fatal(err)
	}
	if f, err := h.Bank.Figures(withTimeout(t)); err != nil || f.Asking != 1 {
		t.Errorf("of one notice: %d: %v", f.Asking, err)
	}
}
