package bank_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// between is a database in which something happens once after withdrawals of a status were read,
// before anything is done about them.
type between struct {
	controller.Store
	status taler.State
	then   *atomic.Pointer[func()]
}

func (b between) Rows(ctx context.Context, f instrument.Filter) ([]instrument.Row, error) {
	rows, err := b.Store.Rows(ctx, f)
	if f.Class == bank.ClassWithdrawal && f.Status == string(b.status) {
		if then := b.then.Swap(nil); then != nil {
			(*then)()
		}
	}
	return rows, err
}

// TestANoticeAtTheLastMomentKeepsAWithdrawal that was read as expired.
func TestANoticeAtTheLastMomentKeepsAWithdrawal(t *testing.T) {
	var clock watch
	var then atomic.Pointer[func()]
	h := open(t, banktest.Options{
		Asking: hasty, Clock: clock.now, Decide: restless,
		Over: func(s controller.Store) controller.Store { return between{s, taler.StateSelected, &then} },
	})
	id := selected(t, h, "u", key(1))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	noticed := make(chan error, 1)
	login := till(t, h)
	pay := func() {
		clock.passes(time.Hour)
		noticed <- h.Bank.Confirm(context.Background(), login, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "tx"})
	}
	late := selected(t, h, "late", key(2)) // ends, which shows that both were looked at
	then.Store(&pay)
	if err := <-noticed; err != nil {
		t.Fatal(err)
	}
	becomes(t, h, late, taler.StateAborted)
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("it is %s: %s", w.State, w.AbortReason)
	}
	if sum, _ := given(t, h, "tx"); sum != "CHF:0" {
		t.Errorf("%s went back", sum)
	}
}

// TestAHeldWithdrawalHoldsUpNoOther: what an operation holds is looked at again later, and those
// after it expire.
func TestAHeldWithdrawalHoldsUpNoOther(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: restless})
	held, other := selected(t, h, "held", key(1)), selected(t, h, "other", key(2))
	i, _, err := h.Bank.Withdrawal(withTimeout(t), held)
	check(t, err)
	const holder = "an operation"
	check(t, h.DB.UpdateInstruments(withTimeout(t), func(w instrument.Writer) error { return w.Lease(i.ID, i.Version, holder) }))
	clock.passes(time.Hour)
	becomes(t, h, other, taler.StateAborted)
	if w := look(t, h, held); w.State != taler.StateSelected {
		t.Errorf("what is held is %s", w.State)
	}
	check(t, h.DB.UpdateInstruments(withTimeout(t), func(w instrument.Writer) error { return w.Release(holder) }))
	becomes(t, h, held, taler.StateAborted)
}

// TestAPaymentThatBoughtSomethingElseEndsNothing: a withdrawal whose notice names nothing is
// not ended by what its reference leads to, if that has confirmed another one. Its own payment
// may still come.
func TestAPaymentThatBoughtSomethingElseEndsNothing(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	confirmed(t, h, "tx", 1)
	id := selected(t, h, "u", key(2))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()}) // by now
	notify(t, h, id, "nobody")
	check(t, h.Provider.WaitAsked(withTimeout(t), id.Text(), 3))
	h.Provider.Forget("tx")
	h.Provider.Put(banktest.Payment{ID: "own", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	if w := decision(t, h, id); w.State != taler.StateConfirmed || w.ProviderTransactionID != "own" {
		t.Errorf("it is %s by %q: %s", w.State, w.ProviderTransactionID, w.AbortReason)
	}
	if got := rows(t, h); len(got) != 2 {
		t.Errorf("the history is %+v", got)
	}
}

// TestBanksAtOnce on one database each find a free number for what an exchange wires back.
func TestBanksAtOnce(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: handsOut})
	const banks, each = 8, 10
	for n := range banks {
		confirmed(t, h, fmt.Sprint("tx-", n), byte(1+n))
	}
	got := make(chan uint64, banks*each)
	for n := range banks {
		b := bank.Look(withTimeout(t), h.Bank.Controller, h.Bank.Config())
		for m := range each {
			request := back(t, byte(1+n*each+m), "CHF:0.1", fmt.Sprintf("payto://simulator-transaction/tx-%d?receiver-name=x", n))
			go func() {
				out, err := b.Transfer(withTimeout(t), b.Default(), request)
				if err != nil {
					t.Error(err)
				}
				got <- out.RowID
			}()
		}
	}
	numbers := map[uint64]bool{}
	for range cap(got) {
		numbers[<-got] = true
	}
	if len(numbers) != cap(got) || numbers[0] {
		t.Errorf("the numbers are %v", numbers)
	}
}
