package bank_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// patient stores no notice before the provider has spoken, and hurried waits for no word of it.
var (
	patient = bank.Asking{First: time.Hour, Longest: time.Hour, Early: patience}
	hurried = bank.Asking{First: time.Millisecond, Longest: 5 * time.Millisecond, Early: 1}
)

func pays(t *testing.T, h *banktest.House, id taler.WOPID, tx, state, sum string) {
	t.Helper()
	h.Provider.Put(banktest.Payment{ID: tx, State: state, Amount: amount(t, sum), Reference: id.Text()})
}

// TestANoticeAndItsVerdictAreOneCommit where the provider says yes at once: the withdrawal is
// confirmed when its terminal has the answer, and the provider was asked once.
func TestANoticeAndItsVerdictAreOneCommit(t *testing.T) {
	h := open(t, banktest.Options{Asking: patient})
	id := selected(t, h, "u", key(1))
	pays(t, h, id, "tx", "paid", "CHF:20")
	before := h.DB.Stats().Commits
	notify(t, h, id, "tx")
	if w := look(t, h, id); w.State != taler.StateConfirmed || w.ProviderTransactionID != "tx" || w.Paid != amount(t, "CHF:20") || w.Noticed == 0 {
		t.Errorf("it is %s, paid %s by %q", w.State, w.Paid, w.ProviderTransactionID)
	}
	if n := h.DB.Stats().Commits - before; n != 1 {
		t.Errorf("it took %d commits", n)
	}
	if got := rows(t, h); len(got) != 1 || got[0].Amount != amount(t, "CHF:20") {
		t.Errorf("the history is %+v", got)
	}
	notify(t, h, id, "tx")
	if n := h.Provider.Asked("tx"); n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
	h.Kill()
	h.Restart()
	if w := look(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("after a crash it is %s", w.State)
	}
}

// TestAProviderThatTakesItsTime holds up no notice, and is not asked a second time for what
// it has not answered yet.
func TestAProviderThatTakesItsTime(t *testing.T) {
	h := open(t, banktest.Options{Asking: hurried})
	id := selected(t, h, "u", key(1))
	pays(t, h, id, "tx", "paid", "CHF:20")
	release := h.Provider.Hold("tx")
	defer release()
	notify(t, h, id, "tx")
	if w := look(t, h, id); w.State != taler.StateSelected || w.ProviderTransactionID != "tx" {
		t.Errorf("it is %s with the notice of %q", w.State, w.ProviderTransactionID)
	}
	release()
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("it became %s", w.State)
	}
	if n := h.Provider.Asked("tx"); n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// TestOnlyAPlainYesIsEarly: what else the provider says of a payment ends as it does when the
// notice is stored first.
func TestOnlyAPlainYesIsEarly(t *testing.T) {
	for name, c := range map[string]struct {
		state, sum string
		want       taler.State
		back       string
	}{
		"too little": {"paid", "CHF:19", taler.StateAborted, "CHF:19"},
		"too much":   {"paid", "CHF:21", taler.StateConfirmed, "CHF:1"},
		"declined":   {"failed", "CHF:20", taler.StateAborted, "CHF:0"},
		"foreign":    {"paid", "EUR:20", taler.StateAborted, "CHF:0"},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, banktest.Options{Asking: patient})
			id := selected(t, h, "u", key(1))
			pays(t, h, id, "tx", c.state, c.sum)
			notify(t, h, id, "tx")
			if w := decision(t, h, id); w.State != c.want || w.Noticed == 0 {
				t.Errorf("it became %s", w.State)
			}
			if c.back != "CHF:0" {
				ended(t, h, 1)
			}
			if sum, _ := given(t, h, "tx"); sum != c.back {
				t.Errorf("%s went back, want %s", sum, c.back)
			}
		})
	}
}

// TestAnEarlyYesDoesNotOverruleARefusal: a notice that is refused decides nothing, whatever
// the provider says of the payment.
func TestAnEarlyYesDoesNotOverruleARefusal(t *testing.T) {
	h := open(t, banktest.Options{Asking: patient, Decide: restless})
	made, err := h.Bank.SetUp(withTimeout(t), till(t, h), taler.TerminalWithdrawalSetup{
		RequestUID: "u", Amount: amount(t, "CHF:19"), TerminalFees: amount(t, "CHF:1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	id := made.WithdrawalID
	choose(t, h, id, key(1))
	pays(t, h, id, "tx", "paid", "CHF:20")
	refused(t, h.Bank.Confirm(withTimeout(t), till(t, h), id, taler.TerminalWithdrawalConfirmationRequest{
		ProviderTransactionID: "tx", TerminalFees: amount(t, "CHF:0.5"),
	}), fault.Conflict, taler.ReasonAmountDiffers)
	if w := look(t, h, id); w.State != taler.StateSelected || w.ProviderTransactionID != "" || len(rows(t, h)) != 0 {
		t.Errorf("it is %s by %q", w.State, w.ProviderTransactionID)
	}
	notify(t, h, id, "tx")
	if w := look(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("after a notice without fees it is %s", w.State)
	}
}

// TestTwoWithdrawalsNameOnePayment in notices that both have a yes for: one is confirmed, and
// the other one ends, with its notice on record.
func TestTwoWithdrawalsNameOnePayment(t *testing.T) {
	h := open(t, banktest.Options{Asking: patient})
	one := selected(t, h, "u", key(1))
	pays(t, h, one, "tx", "paid", "CHF:20")
	notify(t, h, one, "tx")
	two := selected(t, h, "v", key(2))
	pays(t, h, two, "tx", "paid", "CHF:20") // the provider has changed its mind on what the payment is for
	notify(t, h, two, "tx")
	if w := decision(t, h, two); w.State != taler.StateAborted || w.AbortReason != "the payment belongs to another withdrawal" || w.Foreign != "tx" {
		t.Errorf("the second is %s because %q", w.State, w.AbortReason)
	}
	if got := rows(t, h); len(got) != 1 || got[0].ReservePub != key(1) {
		t.Errorf("the history is %+v", got)
	}
}

// TestManyNoticesAreNotManyQuestions, at once or one after the other: while the first is asked
// about the others are stored, and about what is stored one question is asked at a time.
func TestManyNoticesAreNotManyQuestions(t *testing.T) {
	h := open(t, banktest.Options{Asking: patient})
	id := selected(t, h, "u", key(1))
	pays(t, h, id, "tx", "paid", "CHF:20")
	release := h.Provider.Hold("tx")
	defer release()
	p := till(t, h)
	tells := func() error {
		return h.Bank.Confirm(context.Background(), p, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "tx"})
	}
	first := make(chan error, 1)
	go func() { first <- tells() }()
	if err := h.Provider.WaitAsked(withTimeout(t), "tx", 1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := tells(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait() // the provider has said nothing yet
	}
	if w := look(t, h, id); w.State != taler.StateSelected || w.ProviderTransactionID != "tx" {
		t.Errorf("it is %s by %q", w.State, w.ProviderTransactionID)
	}
	if n := h.Provider.Asked("tx"); n > 2 {
		t.Errorf("the provider was asked %d times for nine notices", n)
	}
	release()
	if err := <-first; err != nil {
		t.Errorf("the first notice: %v", err)
	}
	if w := decision(t, h, id); w.State != taler.StateConfirmed || len(rows(t, h)) != 1 {
		t.Errorf("it is %s, with %d rows in the history", w.State, len(rows(t, h)))
	}
}

// TestWhatIsPendingIsAskedAgain: a provider that has not decided when the notice comes decides later.
func TestWhatIsPendingIsAskedAgain(t *testing.T) {
	h := open(t, banktest.Options{Asking: patient})
	id := selected(t, h, "u", key(1))
	pays(t, h, id, "tx", "pending", "CHF:20")
	notify(t, h, id, "tx")
	if w := look(t, h, id); !w.Undecided() || w.State != taler.StateSelected {
		t.Errorf("it is %s by %q", w.State, w.ProviderTransactionID)
	}
	pays(t, h, id, "tx", "paid", "CHF:20")
	notify(t, h, id, "tx")
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("it became %s", w.State)
	}
}
