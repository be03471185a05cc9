package bank_test

import (
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/profile"
)

func notice(h *banktest.House, t *testing.T, id taler.WOPID, transaction string) error {
	t.Helper()
	return h.Bank.Confirm(withTimeout(t), till(t, h), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: transaction})
}

// unfound waits until it is on record that the provider does not know a notice.
func unfound(t *testing.T, h *banktest.House, id taler.WOPID, transaction string) {
	t.Helper()
	for n := 1; look(t, h, id).Unfound == 0; n++ {
		if err := h.Provider.WaitAsked(withTimeout(t), id.Text(), n); err != nil {
			t.Fatal(err)
		}
	}
	if w := look(t, h, id); w.ProviderTransactionID != transaction || w.State != taler.StateSelected {
		t.Fatalf("it is %s, %q", w.State, w.ProviderTransactionID)
	}
}

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

// TestANoticeThatNobodyKnowsIsReplaced, and no other one.
func TestANoticeThatNobodyKnowsIsReplaced(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	id := selected(t, h, "u", key(1))
	release := h.Provider.Hold("wrong")
	defer release()
	notify(t, h, id, "wrong")
	if err := h.Provider.WaitAsked(withTimeout(t), "wrong", 1); err != nil {
		t.Fatal(err)
	}
	refused(t, notice(h, t, id, "right"), fault.Conflict, taler.ReasonPaymentDiffers)
	release()
	unfound(t, h, id, "wrong")
	refused(t, h.Bank.AbortByTerminal(withTimeout(t), till(t, h), id), fault.Conflict, taler.ReasonAbortConfirmConflict)
	refused(t, h.Bank.AbortByWallet(withTimeout(t), id), fault.Conflict, taler.ReasonAbortConfirmConflict)
	h.Provider.Put(banktest.Payment{ID: "right", State: "pending", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	if err := notice(h, t, id, "right"); err != nil {
		t.Fatal(err)
	}
	if err := h.Provider.WaitAsked(withTimeout(t), "right", 2); err != nil {
		t.Fatal(err)
	}
	refused(t, notice(h, t, id, "wrong"), fault.Conflict, taler.ReasonPaymentDiffers)
	h.Provider.Put(banktest.Payment{ID: "right", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	if w := decision(t, h, id); w.State != taler.StateConfirmed || w.ProviderTransactionID != "right" {
		t.Errorf("it became %s by %q: %s", w.State, w.ProviderTransactionID, w.AbortReason)
	}
}

// TestTheOperatorEndsWhatTheProviderDoesNotKnow: a payment that appears later goes
// back.
func TestTheOperatorEndsWhatTheProviderDoesNotKnow(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: 1, For: time.Hour}
	}})
	id := selected(t, h, "u", key(1))
	notify(t, h, id, "wrong")
	unfound(t, h, id, "wrong")
	if err := h.Bank.AbortByOperator(withTimeout(t), id, "the till made a mistake"); err != nil {
		t.Fatal(err)
	}
	if w := look(t, h, id); w.State != taler.StateAborted || w.Undecided() {
		t.Fatalf("it is %s, and its notice waits: %v", w.State, w.Undecided())
	}
	h.Provider.Put(banktest.Payment{ID: "late", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	if all := ended(t, h, 1); all[0].ProviderTransactionID != "late" || all[0].Amount != amount(t, "CHF:20") {
		t.Errorf("given back is %+v", all[0])
	}
}

// TestANameThatCannotBeOneIsRefusedAtOnce at a provider that names payments with
// numbers.
func TestANameThatCannotBeOneIsRefusedAtOnce(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	ctx := withTimeout(t)
	if err := h.Bank.AddProviderKey(ctx, bank.Provider{Name: "w", Kind: "wallee", URL: "http://127.0.0.1:1/", Space: 1, User: 1}, "a2V5"); err != nil {
		t.Fatal(err)
	}
	if p, err := h.Bank.ProviderOf(ctx, "w"); err != nil || p.URL != "http://127.0.0.1:1/api/" {
		t.Errorf("it is asked at %s, %v", p.URL, err)
	}
	login, token, err := h.Bank.AddTerminal(ctx, "numbers", "w")
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Bank.Profiles().Login(ctx, profile.Terminal, login, token)
	if err != nil {
		t.Fatal(err)
	}
	made, err := h.Bank.SetUp(ctx, p, taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount(t, "CHF:20")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Bank.Select(ctx, made.WithdrawalID, taler.BankWithdrawalOperationPostRequest{ReservePub: key(1), SelectedExchange: banktest.ExchangeAccount})
	if err != nil {
		t.Fatal(err)
	}
	err = h.Bank.Confirm(ctx, p, made.WithdrawalID, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "pay-xyz"})
	refused(t, err, fault.Invalid, taler.ReasonParameterMalformed)
	if w := look(t, h, made.WithdrawalID); w.ProviderTransactionID != "" {
		t.Error("the notice was taken")
	}
}
