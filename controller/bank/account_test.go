package bank_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/profile"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tries sets a withdrawal up and wants a reason, empty for none.
func tries(t *testing.T, h *banktest.House, uid, sum string, want fault.Reason) taler.WOPID {
	t.Helper()
	out, err := h.Bank.SetUp(withTimeout(t), till(t, h), taler.TerminalWithdrawalSetup{RequestUID: uid, Amount: amount(t, sum)})
	if fault.ReasonOf(err) != want || (err == nil) != (want == "") {
		t.Errorf("%s: %v; want %q", uid, err, want)
	}
	return out.WithdrawalID
}

func owes(t *testing.T, h *banktest.House, want string) {
	t.Helper()
	a, err := h.Bank.Account(t.Context(), h.Terminal.Name)
	check(t, err)
	if a.Owes == nil || a.Owes.String() != want {
		t.Errorf("the account is %+v, and should owe %s", a, want)
	}
}

// A credit line counts what is being sold and what was; what was aborted it gives
// back, and a repeated request it counts once, also across a power cut.
func TestACreditLine(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	check(t, h.Bank.SetCredit(t.Context(), h.Terminal.Name, amount(t, "CHF:50")))
	first := tries(t, h, "one", "CHF:20", "")
	tries(t, h, "one", "CHF:20", "")
	tries(t, h, "one", "CHF:30", taler.ReasonRequestUIDReused)
	owes(t, h, "CHF:20")
	second := tries(t, h, "two", "CHF:30", "")
	tries(t, h, "three", "CHF:1", "credit-overdrawn")
	h.Kill()
	h.Restart()
	tries(t, h, "one", "CHF:20", "") // the terminal asks again, and gets what it has
	tries(t, h, "three", "CHF:1", "credit-overdrawn")
	owes(t, h, "CHF:50")

	check(t, h.Bank.AbortByOperator(t.Context(), second, "nobody came"))
	third := tries(t, h, "three", "CHF:30", "") // what was aborted is noticed when it matters
	tries(t, h, "four", "", "amount-needed")

	_, err := h.Bank.Select(t.Context(), first, taler.BankWithdrawalOperationPostRequest{ReservePub: key(1), SelectedExchange: banktest.ExchangeAccount})
	check(t, err)
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: first.Text()})
	notify(t, h, first, "tx")
	if w := decision(t, h, first); w.State != taler.StateConfirmed {
		t.Fatalf("it became %s", w.State)
	}
	owes(t, h, "CHF:50")
	check(t, h.Bank.AbortByOperator(t.Context(), third, "nobody came"))
	owes(t, h, "CHF:20")
	check(t, h.Bank.Settle(t.Context(), h.Terminal.Name))
	owes(t, h, "CHF:0")
	tries(t, h, "five", "CHF:50", "")
}

// A cancelled account begins nothing new; what it has begun ends as it would
// have, for the money may have left the card.
func TestACancelledAccount(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	id := selected(t, h, "one", key(1))
	check(t, h.Bank.Cancel(t.Context(), h.Terminal.Name, "the shop has closed"))
	tries(t, h, "two", "CHF:20", "account-cancelled")
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "tx")
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("what was begun became %s", w.State)
	}
	check(t, h.Bank.Restore(t.Context(), h.Terminal.Name))
	tries(t, h, "two", "CHF:20", "")
	for name, err := range map[string]error{
		"cancel": h.Bank.Cancel(t.Context(), "nobody", "x"), "credit": h.Bank.SetCredit(t.Context(), "nobody", amount(t, "CHF:1")), "settle": h.Bank.Settle(t.Context(), "nobody"),
	} {
		refused(t, err, fault.NotFound, "account-unknown")
		_ = name
	}
	refused(t, h.Bank.SetCredit(t.Context(), h.Terminal.Name, amount(t, "EUR:1")), fault.Invalid, "currency-differs")
	all, err := h.Bank.Accounts(t.Context())
	if err != nil || len(all) != 1 || all[0] != (bank.Account{Name: h.Terminal.Name}) {
		t.Errorf("%+v, %v", all, err)
	}
}

// A request that is refused counts nothing, and opens no way past the line for
// another one under its name.
func TestARefusedRequestCountsNothing(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	check(t, h.Bank.SetCredit(t.Context(), h.Terminal.Name, amount(t, "CHF:50")))
	_, err := h.Bank.SetUp(withTimeout(t), till(t, h), taler.TerminalWithdrawalSetup{
		RequestUID: "one", Amount: amount(t, "CHF:1"), TerminalFees: amount(t, "CHF:4503599627370496"),
	})
	refused(t, err, fault.Conflict, taler.ReasonAmountOutOfRange)
	tries(t, h, "one", "CHF:1000000", "credit-overdrawn")
	owes(t, h, "CHF:0")
	tries(t, h, "one", "CHF:50", "")
	tries(t, h, "one", "CHF:1", taler.ReasonRequestUIDReused) // and what counts stays what was made
	owes(t, h, "CHF:50")
	tries(t, h, "two", "CHF:1", "credit-overdrawn")
}

// The policy permits what no grant names, for plugins of others bring it: so every protocol of the
// bank's own has to be named, or strangers could run operations that nobody has meant for them.
func TestThePolicyNamesEveryProtocolOfTheBanksOwn(t *testing.T) {
	stranger := profile.Principal{ID: "stranger", Kind: profile.Person}
	for _, b := range bundles() {
		for _, p := range b.Protocols {
			asked := profile.Action{Principal: stranger, Protocol: p.Info().ID, Operation: "NOTHING-OF-IT"}
			if reason := refusal(bank.Policy(), t.Context(), asked); reason != "not-granted" {
				t.Errorf("%s of the bundle %s: %q", p.Info().ID, b.Name, reason)
			}
		}
	}
}

func refusal(p profile.Policy, ctx context.Context, a profile.Action) fault.Reason {
	for _, rule := range p {
		if err := rule(ctx, a); err != nil {
			return fault.ReasonOf(err)
		}
	}
	return ""
}
