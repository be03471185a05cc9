package bank_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

func notice(h *banktest.House, t *testing.T, id taler.WOPID, transaction string) error {
	t.Helper()
	return h.Bank.Confirm(withTimeout(t), till(t, h), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: transaction})
}

// unfound waits until it is on record that the provider does not know a notice.
func unfound(t *testing.T, h *banktest.House, id taler.WOPID, transaction string) {
	t.Helper()
	markedUnfound(t, h, id, id.Text())
	if w := look(t, h, id); w.ProviderTransactionID != transaction || w.State != taler.StateSelected {
		t.Fatalf("it is %s, %q", w.State, w.ProviderTransactionID)
	}
}

// markedUnfound waits for the mark, which a question follows.
func markedUnfound(t *testing.T, h *banktest.House, id taler.WOPID, asked string) {
	t.Helper()
	for n := 1; look(t, h, id).Unfound == 0; n++ {
		if err := h.Provider.WaitAsked(withTimeout(t), asked, n); err != nil {
			t.Fatal(err)
		}
	}
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

// TestFailedPaymentsEndANoticeWithoutANumber, after the time in which it may still be
// paid: what is known of the withdrawal has failed, and the notice names nothing that
// could come. A good payment that comes first confirms, and one that comes later goes
// back.
func TestFailedPaymentsEndANoticeWithoutANumber(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: 1, For: time.Hour}
	}})
	over, again, running, none := selected(t, h, "over", key(1)), selected(t, h, "again", key(2)), selected(t, h, "running", key(3)), selected(t, h, "none", key(4))
	put := func(tx, state string, id taler.WOPID) {
		h.Provider.Put(banktest.Payment{ID: tx, State: state, Amount: amount(t, "CHF:20"), Reference: id.Text()})
	}
	put("one", "failed", over)
	put("two", "failed", again)
	put("three", "failed", running)
	put("four", "pending", running)
	for _, id := range []taler.WOPID{over, again, running, none} {
		notify(t, h, id, id.Text()) // as a till does that is not told wallee's numbers
		unfound(t, h, id, id.Text())
	}
	clock.passes(29 * time.Minute)
	put("good", "paid", again)
	if w := decision(t, h, again); w.State != taler.StateConfirmed {
		t.Errorf("what was charged again is %s: %s", w.State, w.AbortReason)
	}
	stays := func(name string, id taler.WOPID) {
		if err := h.Provider.WaitAsked(withTimeout(t), id.Text(), h.Provider.Asked(id.Text())+2); err != nil { // the first may have been asked before
			t.Fatal(err)
		}
		if w := look(t, h, id); w.State != taler.StateSelected {
			t.Errorf("%s is %s", name, w.State)
		}
	}
	stays("after 29 minutes it", over)
	clock.passes(2 * time.Minute)
	if w := decision(t, h, over); w.State != taler.StateAborted || w.ProviderTransactionID != "one" || w.Misnamed != over.Text() {
		t.Errorf("it is %s by %q, named %q", w.State, w.ProviderTransactionID, w.Misnamed)
	}
	put("late", "paid", over)
	if all := ended(t, h, 1); all[0].ProviderTransactionID != "late" || all[0].Amount != amount(t, "CHF:20") {
		t.Errorf("given back is %+v", all[0])
	}
	stays("one with a payment that is not decided", running)
	stays("one without any payment", none)
}

// TestUselessPaymentsEndANoticeWithoutANumber in the same way: what was paid and buys
// nothing goes back, and what is of another currency is shown.
func TestUselessPaymentsEndANoticeWithoutANumber(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: 1, For: time.Hour}
	}})
	little, foreign, running := selected(t, h, "little", key(1)), selected(t, h, "foreign", key(2)), selected(t, h, "running", key(3))
	put := func(tx, state, sum string, id taler.WOPID) {
		h.Provider.Put(banktest.Payment{ID: tx, State: state, Amount: amount(t, sum), Reference: id.Text()})
	}
	put("declined", "failed", "CHF:20", little)
	put("less", "paid", "CHF:19.99", little)
	put("half", "paid", "CHF:10", little)
	put("euro", "paid", "EUR:20", foreign)
	put("half of it", "paid", "CHF:10", running)
	put("rest", "pending", "CHF:20", running)
	for _, id := range []taler.WOPID{little, foreign, running} {
		notify(t, h, id, id.Text())
		unfound(t, h, id, id.Text())
	}
	stays := func(name string, id taler.WOPID) {
		t.Helper()
		if err := h.Provider.WaitAsked(withTimeout(t), id.Text(), h.Provider.Asked(id.Text())+2); err != nil { // the first may have been asked before
			t.Fatal(err)
		}
		if w := look(t, h, id); w.State != taler.StateSelected {
			t.Errorf("%s is %s because %q", name, w.State, w.AbortReason)
		}
	}
	clock.passes(29 * time.Minute)
	stays("after 29 minutes it", little)
	clock.passes(2 * time.Minute)
	if w := decision(t, h, little); w.State != taler.StateAborted || w.Misnamed != little.Text() || w.Foreign != "" {
		t.Errorf("it is %s, named %q, foreign %q", w.State, w.Misnamed, w.Foreign)
	}
	if w := decision(t, h, foreign); w.State != taler.StateAborted || w.Foreign != "euro" {
		t.Errorf("what was paid in another currency is %s with %q: %s", w.State, w.Foreign, w.AbortReason)
	}
	back := map[string]instrument.Amount{}
	for _, r := range ended(t, h, 2) {
		back[r.ProviderTransactionID] = r.Amount
	}
	if want := map[string]instrument.Amount{"less": amount(t, "CHF:19.99"), "half": amount(t, "CHF:10")}; !maps.Equal(back, want) {
		t.Errorf("given back is %v", back)
	}
	stays("one with a payment that is not decided", running)
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

// TestAPaymentEndsTheNoticeOfWhatWasAborted that does not name it, as soon as nothing else
// is waited for: it went back, and nobody has to end what is left.
func TestAPaymentEndsTheNoticeOfWhatWasAborted(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: 1, For: 10 * time.Hour}
	}})
	id, none := selected(t, h, "paid", key(1)), selected(t, h, "none", key(2))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	for _, id := range []taler.WOPID{id, none} {
		if err := h.Bank.AbortByWallet(withTimeout(t), id); err != nil {
			t.Fatal(err)
		}
		refused(t, notice(h, t, id, id.Text()), fault.Conflict, taler.ReasonConfirmAbortConflict)
		markedUnfound(t, h, id, id.Text())
	}
	if all := ended(t, h, 1); all[0].ProviderTransactionID != "tx" {
		t.Errorf("given back is %+v", all[0])
	}
	clock.passes(31 * time.Minute)
	err := h.Bank.Instruments().WaitTopic(withTimeout(t), instrument.Operations, func(context.Context) (bool, error) { return !look(t, h, id).Undecided(), nil })
	if w := look(t, h, id); err != nil || w.State != taler.StateAborted || w.AbortReason != "aborted by the wallet" || w.Misnamed != id.Text() {
		t.Errorf("it is %s because %q, its notice %q waits: %v, %v", w.State, w.AbortReason, w.ProviderTransactionID, w.Undecided(), err)
	}
	if sum, parts := given(t, h, "tx"); sum != "CHF:20" || parts != 1 {
		t.Errorf("%s went back in %d parts", sum, parts)
	}
	if w := look(t, h, none); !w.Undecided() {
		t.Error("a notice of which nothing is known is over")
	}
}

// TestTheOperatorEndsAWrongNoticeOfWhatWasAborted, which nobody would know an answer
// to; the payment is found by its reference all the same.
func TestTheOperatorEndsAWrongNoticeOfWhatWasAborted(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: 1, For: time.Hour}
	}})
	id := selected(t, h, "u", key(1))
	if err := h.Bank.AbortByWallet(withTimeout(t), id); err != nil {
		t.Fatal(err)
	}
	refused(t, notice(h, t, id, "wrong"), fault.Conflict, taler.ReasonConfirmAbortConflict)
	markedUnfound(t, h, id, "wrong")
	if err := h.Bank.AbortByOperator(withTimeout(t), id, "the till made a mistake"); err != nil {
		t.Fatal(err)
	}
	if w := look(t, h, id); w.State != taler.StateAborted || w.Undecided() || w.AbortReason != "aborted by the wallet" {
		t.Fatalf("it is %s because %q, and its notice waits: %v", w.State, w.AbortReason, w.Undecided())
	}
	h.Provider.Put(banktest.Payment{ID: "late", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	if all := ended(t, h, 1); all[0].ProviderTransactionID != "late" || all[0].Amount != amount(t, "CHF:20") {
		t.Errorf("given back is %+v", all[0])
	}
}

// TestAnAnswerAboutAnotherNotice comes when the terminal has replaced that one: it is decided by
// what the notice says that is there now, and whoever repeats that is right.
func TestAnAnswerAboutAnotherNotice(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	id := selected(t, h, "u", key(1))
	notify(t, h, id, "first")
	unfound(t, h, id, "first")
	release := h.Provider.Hold("first")
	defer release()
	if err := h.Provider.WaitAsked(withTimeout(t), "first", h.Provider.Asked("first")+1); err != nil {
		t.Fatal(err)
	}
	if err := notice(h, t, id, "second"); err != nil {
		t.Fatal(err)
	}
	h.Provider.Put(banktest.Payment{ID: "paid", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	release()
	if w := decision(t, h, id); w.State != taler.StateConfirmed || w.ProviderTransactionID != "paid" || w.Misnamed != "second" {
		t.Errorf("it became %s by %q, misnamed %q: %s", w.State, w.ProviderTransactionID, w.Misnamed, w.AbortReason)
	}
	if err := notice(h, t, id, "second"); err != nil {
		t.Errorf("the notice again: %v", err)
	}
}
