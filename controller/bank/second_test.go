package bank_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

func searching(c *bank.Config) {
	restless(c)
	c.Searching = bank.Searching{First: 1, Longest: time.Millisecond, For: time.Hour}
}

// paidOnce makes a withdrawal that the payment "first" has confirmed.
func paidOnce(t *testing.T, h *banktest.House) taler.WOPID {
	t.Helper()
	id := selected(t, h, "u", key(1))
	h.Provider.Put(banktest.Payment{ID: "first", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "first")
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Fatalf("it is %s because %q", w.State, w.AbortReason)
	}
	return id
}

// stillConfirmed wants that nothing of the first payment has gone back.
func stillConfirmed(t *testing.T, h *banktest.House, id taler.WOPID) {
	t.Helper()
	if w := look(t, h, id); w.State != taler.StateConfirmed || w.ProviderTransactionID != "first" {
		t.Errorf("it is %s by %q", w.State, w.ProviderTransactionID)
	}
	if sum, _ := given(t, h, "first"); sum != "CHF:0" {
		t.Errorf("%s went back of the payment that bought the cash", sum)
	}
	if got := rows(t, h); len(got) != 1 || got[0].Amount != amount(t, "CHF:20") {
		t.Errorf("the history is %+v", got)
	}
}

// leftAlone waits until these payments are on record as for something else.
func leftAlone(t *testing.T, h *banktest.House, id taler.WOPID, payments ...string) {
	t.Helper()
	err := h.Bank.Instruments().WaitTopic(withTimeout(t), instrument.Operations, func(context.Context) (bool, error) {
		var names []string
		for _, f := range look(t, h, id).AllForeign() {
			names = append(names, f.Payment)
		}
		slices.Sort(names)
		return slices.Equal(names, payments), nil
	})
	if err != nil {
		t.Errorf("left alone is %+v: %v", look(t, h, id).AllForeign(), err)
	}
}

// TestASecondPaymentGoesBack whole and once, although its notice is refused; what is
// no money, or for something else, does not, and never the payment that confirmed.
func TestASecondPaymentGoesBack(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: searching})
	id := paidOnce(t, h)
	put := func(tx, state, sum, reference string) {
		h.Provider.Put(banktest.Payment{ID: tx, State: state, Amount: amount(t, sum), Reference: reference})
	}
	put("second", "paid", "CHF:20", id.Text())
	put("declined", "failed", "CHF:20", id.Text())
	put("foreign", "paid", "EUR:20", id.Text())
	put("invoice", "paid", "CHF:20", "an invoice")
	put("late", "pending", "CHF:7", id.Text())
	for _, tx := range []string{"second", "second", "invoice", "nothing"} {
		refused(t, notice(h, t, id, tx), fault.Conflict, taler.ReasonPaymentDiffers)
	}
	r := ended(t, h, 1)[0]
	if r.ProviderTransactionID != "second" || r.Amount != amount(t, "CHF:20") || r.WOPID != id || r.State != taler.TransferSuccess || !strings.Contains(r.Reason, "another payment") {
		t.Errorf("given back is %+v", r)
	}
	h.Kill()
	put("late", "paid", "CHF:7", id.Text())
	h.Restart()
	ended(t, h, 2)
	for n := range 3 {
		if err := h.Provider.WaitAsked(withTimeout(t), id.Text(), h.Provider.Asked(id.Text())+n); err != nil {
			t.Fatal(err)
		}
	}
	ended(t, h, 2)
	for tx, want := range map[string]string{"second": "CHF:20", "late": "CHF:7", "declined": "CHF:0", "foreign": "CHF:0", "invoice": "CHF:0"} {
		if sum, parts := given(t, h, tx); sum != want || parts > 1 {
			t.Errorf("%s of %s went back in %d parts, want %s", sum, tx, parts, want)
		}
	}
	stillConfirmed(t, h, id)
	leftAlone(t, h, id, "foreign", "invoice")
	if err := notice(h, t, id, "first"); err != nil {
		t.Errorf("the first notice again: %v", err)
	}
}

// TestAnOperatorHasASecondPaymentGivenBack of which nobody has sent a notice, beside
// the bank: whole, once, and never the payment that confirmed.
func TestAnOperatorHasASecondPaymentGivenBack(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: searching})
	id := paidOnce(t, h)
	b := bank.Look(withTimeout(t), h.Bank.Controller, h.Bank.Config())
	nothing := func() {
		t.Helper()
		_, err := b.Retry(withTimeout(t), id)
		refused(t, err, fault.Conflict, "nothing-to-verify")
	}
	nothing()
	put := func(tx, state, sum string) {
		h.Provider.Put(banktest.Payment{ID: tx, State: state, Amount: amount(t, sum), Reference: id.Text()})
	}
	put("second", "pending", "CHF:20")
	put("declined", "failed", "CHF:20")
	put("foreign", "paid", "EUR:20")
	nothing()
	put("second", "paid", "CHF:20")
	if found, err := b.Retry(withTimeout(t), id); err != nil || !found {
		t.Fatalf("%v, %v", found, err)
	}
	nothing()
	if r := ended(t, h, 1)[0]; r.ProviderTransactionID != "second" || r.Amount != amount(t, "CHF:20") || r.State != taler.TransferSuccess {
		t.Errorf("given back is %+v", r)
	}
	for tx, want := range map[string]string{"second": "CHF:20", "declined": "CHF:0", "foreign": "CHF:0"} {
		if sum, parts := given(t, h, tx); sum != want || parts > 1 {
			t.Errorf("%s of %s went back in %d parts, want %s", sum, tx, parts, want)
		}
	}
	stillConfirmed(t, h, id)
}

// TestASecondNoticeOverASession does what one over REST does.
func TestASecondNoticeOverASession(t *testing.T) {
	net := inproc.NewNetwork()
	h := open(t, banktest.Options{Asking: hasty, Net: net, Decide: searching})
	id := paidOnce(t, h)
	h.Provider.Put(banktest.Payment{ID: "second", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	till := begin(t, h, net, comm.Vendor, h.Terminal)
	refused(t, till.execute(taler.OperationConfirm, taler.ConfirmArgs{WOPID: id, ProviderTransactionID: "second"}, nil), fault.Conflict, taler.ReasonPaymentDiffers)
	if r := ended(t, h, 1)[0]; r.ProviderTransactionID != "second" {
		t.Errorf("given back is %+v", r)
	}
	stillConfirmed(t, h, id)
}

// TestASecondNoticeIsKept before the terminal is refused: the next life looks for the
// payment, and searches as long as it would have after an abort, and no longer.
func TestASecondNoticeIsKept(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: time.Minute, For: time.Hour}
	}})
	id := paidOnce(t, h)
	refused(t, notice(h, t, id, "second"), fault.Conflict, taler.ReasonPaymentDiffers)
	h.Kill()
	h.Provider.Put(banktest.Payment{ID: "second", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	h.Restart()
	ended(t, h, 1)
	asked := h.Provider.Asked(id.Text())
	clock.passes(time.Hour)
	if err := h.Provider.WaitAsked(withTimeout(t), id.Text(), asked+1); err != nil {
		t.Fatal(err)
	}
	h.Kill()
	clock.passes(time.Hour) // and more than twice as long ago
	asked = h.Provider.Asked(id.Text())
	h.Restart()
	other := setUp(t, h, "other")
	if err := h.Bank.AbortByWallet(withTimeout(t), other); err != nil {
		t.Fatal(err)
	}
	clock.passes(time.Minute)
	if err := h.Provider.WaitAsked(withTimeout(t), other.Text(), 1); err != nil {
		t.Fatal(err)
	}
	if n := h.Provider.Asked(id.Text()); n != asked {
		t.Errorf("it was looked for again %d times", n-asked)
	}
	stillConfirmed(t, h, id)
}

// TestASecondNoticeBeforeTheVerdict waits for it: the first payment confirms, and the
// other one goes back; or the first one fails, and what was paid goes back as of any
// aborted withdrawal.
func TestASecondNoticeBeforeTheVerdict(t *testing.T) {
	for state, want := range map[string]taler.State{"paid": taler.StateConfirmed, "failed": taler.StateAborted} {
		t.Run(state, func(t *testing.T) {
			h := open(t, banktest.Options{Asking: hasty, Decide: searching})
			id := selected(t, h, "u", key(1))
			h.Provider.Put(banktest.Payment{ID: "first", State: state, Amount: amount(t, "CHF:20"), Reference: id.Text()})
			release := h.Provider.Hold("first")
			defer release()
			notify(t, h, id, "first")
			h.Provider.Put(banktest.Payment{ID: "second", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
			refused(t, notice(h, t, id, "second"), fault.Conflict, taler.ReasonPaymentDiffers)
			release()
			if w := decision(t, h, id); w.State != want {
				t.Fatalf("it is %s because %q", w.State, w.AbortReason)
			}
			if r := ended(t, h, 1)[0]; r.ProviderTransactionID != "second" || r.Amount != amount(t, "CHF:20") {
				t.Errorf("given back is %+v", r)
			}
			if want == taler.StateConfirmed {
				stillConfirmed(t, h, id)
			}
		})
	}
}

// TestASecondPaymentUnderTheNameOfANotice that has led to the first one: it appears
// after the withdrawal was confirmed, and nobody gives notice again.
func TestASecondPaymentUnderTheNameOfANotice(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: searching})
	id := selected(t, h, "u", key(1))
	h.Provider.Put(banktest.Payment{ID: "first", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "second")
	if w := decision(t, h, id); w.State != taler.StateConfirmed || w.Misnamed != "second" {
		t.Fatalf("it is %s, misnamed %q", w.State, w.Misnamed)
	}
	h.Provider.Put(banktest.Payment{ID: "second", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	if r := ended(t, h, 1)[0]; r.ProviderTransactionID != "second" || r.Amount != amount(t, "CHF:20") {
		t.Errorf("given back is %+v", r)
	}
	stillConfirmed(t, h, id)
}

// TestPaymentsThatAreShownInAnotherWay: where the provider does not show the payment
// that has confirmed, what it shows may be that payment, and stays. The search for it
// has the pauses and the end of every other.
func TestPaymentsThatAreShownInAnotherWay(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: time.Minute, For: time.Hour, AtOnce: 1} // one after the other, in the order in which they are due
	}})
	id := selected(t, h, "u", key(1))
	h.Provider.PutAs("first", banktest.Payment{ID: "first", State: "paid", Amount: amount(t, "CHF:20"), Reference: strings.ToLower(id.Text())}) // no search for the usual spelling finds it
	notify(t, h, id, "first")
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Fatalf("it is %s because %q", w.State, w.AbortReason)
	}
	h.Provider.Put(banktest.Payment{ID: "1st", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	refused(t, notice(h, t, id, "1st"), fault.Conflict, taler.ReasonPaymentDiffers)
	asked := func(of taler.WOPID, times int) {
		t.Helper()
		if err := h.Provider.WaitAsked(withTimeout(t), of.Text(), times); err != nil {
			t.Fatal(err)
		}
	}
	asked(id, 1)
	clock.passes(time.Minute)
	asked(id, 2)
	clock.passes(time.Hour)
	asked(id, 3) // for the last time
	other := setUp(t, h, "other")
	if err := h.Bank.AbortByWallet(withTimeout(t), other); err != nil {
		t.Fatal(err)
	}
	clock.passes(2 * time.Minute)
	asked(other, 1)
	clock.passes(10 * time.Minute)
	asked(other, 2)
	if n := h.Provider.Asked(id.Text()); n != 3 {
		t.Errorf("it was looked for %d times", n)
	}
	if all, err := h.Bank.Returns(withTimeout(t)); err != nil || len(all) != 0 {
		t.Errorf("given back: %+v, %v", all, err)
	}
	stillConfirmed(t, h, id)
}

// TestAPaymentThatBoughtSomethingElse does not go back, whatever reference the
// provider shows for it by now.
func TestAPaymentThatBoughtSomethingElse(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: searching})
	id := paidOnce(t, h)
	other := selected(t, h, "other", key(2))
	p := banktest.Payment{ID: "other's", State: "paid", Amount: amount(t, "CHF:20"), Reference: other.Text()}
	h.Provider.Put(p)
	notify(t, h, other, p.ID)
	if w := decision(t, h, other); w.State != taler.StateConfirmed {
		t.Fatalf("it is %s because %q", w.State, w.AbortReason)
	}
	p.Reference = id.Text()
	h.Provider.Put(p)
	refused(t, notice(h, t, id, p.ID), fault.Conflict, taler.ReasonPaymentDiffers)
	if err := h.Provider.WaitAsked(withTimeout(t), id.Text(), 4); err != nil {
		t.Fatal(err)
	}
	if all, err := h.Bank.Returns(withTimeout(t)); err != nil || len(all) != 0 {
		t.Errorf("given back: %+v, %v", all, err)
	}
}

// TestALatePaymentOfAnAbortedWithdrawalGoesBack, also when a notice of something else came first,
// and nobody looks for payments of the withdrawal any more.
func TestALatePaymentOfAnAbortedWithdrawalGoesBack(t *testing.T) {
	var later atomic.Int64
	h := open(t, banktest.Options{Asking: hasty, Decide: searching, Clock: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }})
	id := selected(t, h, "u", key(1))
	if err := h.Bank.AbortByOperator(withTimeout(t), id, "nobody came"); err != nil {
		t.Fatal(err)
	}
	until := func(is func(taler.Withdrawal) bool) {
		t.Helper()
		err := h.Bank.Instruments().WaitTopic(withTimeout(t), instrument.Operations, func(context.Context) (bool, error) { return is(look(t, h, id)), nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	later.Store(int64(2 * time.Hour))
	until(func(w taler.Withdrawal) bool { return w.Searched != 0 })
	h.Provider.Put(banktest.Payment{ID: "invoice", State: "paid", Amount: amount(t, "CHF:20"), Reference: "an invoice"})
	refused(t, notice(h, t, id, "invoice"), fault.Conflict, taler.ReasonConfirmAbortConflict)
	until(func(w taler.Withdrawal) bool { return w.Foreign == "invoice" })
	h.Provider.Put(banktest.Payment{ID: "late", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	refused(t, notice(h, t, id, "late"), fault.Conflict, taler.ReasonConfirmAbortConflict)
	if r := ended(t, h, 1)[0]; r.ProviderTransactionID != "late" || r.Amount != amount(t, "CHF:20") || r.State != taler.TransferSuccess {
		t.Errorf("given back is %+v", r)
	}
	if sum, _ := given(t, h, "invoice"); sum != "CHF:0" {
		t.Errorf("%s of somebody else's went back", sum)
	}
}
