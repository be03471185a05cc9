package bank_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestAWrongNameDoesNotHoldAPaymentBack: what was paid with the right reference
// confirms under its own name, whatever the terminal calls it.
func TestAWrongNameDoesNotHoldAPaymentBack(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	id := selected(t, h, "u", key(1))
	h.Provider.Put(banktest.Payment{ID: "failed", State: "failed", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	h.Provider.Put(banktest.Payment{ID: "right", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	h.Provider.Put(banktest.Payment{ID: "foreign", State: "paid", Amount: amount(t, "CHF:20"), Reference: "an invoice"})
	notify(t, h, id, "wrong")
	if w := decision(t, h, id); w.State != taler.StateConfirmed || w.ProviderTransactionID != "right" || w.Misnamed != "wrong" {
		t.Fatalf("it became %s by %q, named %q: %s", w.State, w.ProviderTransactionID, w.Misnamed, w.AbortReason)
	}
	if got := rows(t, h); len(got) != 1 {
		t.Errorf("%d rows", len(got))
	}
	for _, name := range []string{"wrong", "right"} {
		if err := notice(h, t, id, name); err != nil {
			t.Errorf("the notice of %q again: %v", name, err)
		}
	}
	refused(t, notice(h, t, id, "third"), fault.Conflict, taler.ReasonPaymentDiffers)
}

// TestAnotherPaymentsNameDoesNotEndAPaidWithdrawal: what the notice names is somebody
// else's, and is left alone; the withdrawal's own payment confirms. Without one, or
// with one that does not pass, the withdrawal ends as before.
func TestAnotherPaymentsNameDoesNotEndAPaidWithdrawal(t *testing.T) {
	right := banktest.Payment{State: "paid", Amount: amount(t, "CHF:20")}
	for name, c := range map[string]struct {
		named, own banktest.Payment
		want       taler.State
	}{
		"of an invoice":         {banktest.Payment{State: "paid", Amount: amount(t, "CHF:20"), Reference: "an invoice"}, right, taler.StateConfirmed},
		"not decided":           {banktest.Payment{State: "pending", Amount: amount(t, "CHF:20"), Reference: "an invoice"}, right, taler.StateConfirmed},
		"failed":                {banktest.Payment{State: "failed", Amount: amount(t, "CHF:20"), Reference: "an invoice"}, right, taler.StateConfirmed},
		"in another currency":   {banktest.Payment{State: "paid", Amount: amount(t, "EUR:20")}, right, taler.StateConfirmed},
		"and its own is none":   {banktest.Payment{State: "paid", Amount: amount(t, "CHF:20"), Reference: "an invoice"}, banktest.Payment{}, taler.StateAborted},
		"and its own too small": {banktest.Payment{State: "paid", Amount: amount(t, "CHF:20"), Reference: "an invoice"}, banktest.Payment{State: "paid", Amount: amount(t, "CHF:19")}, taler.StateAborted},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, banktest.Options{Asking: hasty, Decide: restless})
			id := selected(t, h, "u", key(1))
			for tx, p := range map[string]banktest.Payment{"named": c.named, "own": c.own} {
				if p.ID = tx; p.Reference == "" {
					p.Reference = id.Text()
				}
				if p.State != "" {
					h.Provider.Put(p)
				}
			}
			notify(t, h, id, "named")
			w := decision(t, h, id)
			if w.State != c.want {
				t.Fatalf("it is %s because %q", w.State, w.AbortReason)
			}
			if c.want == taler.StateConfirmed {
				if w.ProviderTransactionID != "own" || w.Misnamed != "named" || len(rows(t, h)) != 1 {
					t.Errorf("it is confirmed by %q, misnamed %q, with %d rows", w.ProviderTransactionID, w.Misnamed, len(rows(t, h)))
				}
				for _, name := range []string{"named", "own"} {
					if err := notice(h, t, id, name); err != nil {
						t.Errorf("the notice of %q again: %v", name, err)
					}
				}
			} else if w.Foreign != "named" || len(rows(t, h)) != 0 {
				t.Errorf("it has %q, and %d rows", w.Foreign, len(rows(t, h)))
			}
			if sum, _ := given(t, h, "named"); sum != "CHF:0" {
				t.Errorf("%s of somebody else's payment went back", sum)
			}
		})
	}
}

// TestTwoTillsThatMixTheirPaymentsUp: each withdrawal is confirmed by its own
// payment, whatever the notices name.
func TestTwoTillsThatMixTheirPaymentsUp(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	one, two := selected(t, h, "one", key(1)), selected(t, h, "two", key(2))
	h.Provider.Put(banktest.Payment{ID: "tx-one", State: "paid", Amount: amount(t, "CHF:20"), Reference: one.Text()})
	h.Provider.Put(banktest.Payment{ID: "tx-two", State: "paid", Amount: amount(t, "CHF:20"), Reference: two.Text()})
	notify(t, h, one, "tx-two")
	notify(t, h, two, "tx-one")
	for id, tx := range map[taler.WOPID]string{one: "tx-one", two: "tx-two"} {
		if w := decision(t, h, id); w.State != taler.StateConfirmed || w.ProviderTransactionID != tx {
			t.Errorf("it is %s by %q: %s", w.State, w.ProviderTransactionID, w.AbortReason)
		}
	}
	if got := rows(t, h); len(got) != 2 {
		t.Errorf("%d rows", len(got))
	}
}
