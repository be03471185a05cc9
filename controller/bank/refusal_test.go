package bank_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestRefusedTransfersAreOnRecord, each once, also in the next life, until the operator has said
// what was done about them. What could not be put on record is not refused: it is sent again.
func TestRefusedTransfersAreOnRecord(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	confirmed(t, h, "tx", 1)
	ctx := withTimeout(t)
	for _, n := range []byte{1, 1, 2} {
		_, err := h.Bank.Transfer(ctx, h.Bank.Default(), back(t, n, "CHF:21", paidWithTx))
		refused(t, err, fault.Conflict, taler.ReasonTransferExceeds)
	}
	h.Restart()
	_, err := h.Bank.Transfer(ctx, h.Bank.Default(), back(t, 2, "CHF:21", paidWithTx))
	refused(t, err, fault.Conflict, taler.ReasonTransferExceeds)
	all, err := h.Bank.Refusals(ctx)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	want := back(t, 2, "CHF:21", paidWithTx)
	if r := all[1]; r.Number != 2 || r.Time.IsZero() || r.WTID != want.WTID || r.CreditAccount != want.CreditAccount || r.Amount != want.Amount || r.Reason != taler.ReasonTransferExceeds || r.Message == "" {
		t.Errorf("%+v", r)
	}
	for _, text := range []string{"given back in cash", "given back at the provider"} {
		if r, err := h.Bank.Resolve(ctx, 2, text); err != nil || r.Resolved != text {
			t.Errorf("%+v, %v", r, err)
		}
	}
	_, err = h.Bank.Resolve(ctx, 3, "what resolves one is none")
	refused(t, err, fault.NotFound, "refusal-unknown")
	_, err = h.Bank.Resolve(ctx, 1, "")
	refused(t, err, fault.Invalid, "explanation-malformed")
	if all, err = h.Bank.Refusals(ctx); err != nil || len(all) != 2 || all[0].Resolved != "" || all[1].Resolved != "given back at the provider" {
		t.Errorf("%+v, %v", all, err)
	}
}
