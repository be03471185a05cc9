package bank_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// restoring is a bank of which a backup is made while withdrawals are open, which
// goes on with them, and is then restored.
type restoring struct {
	*banktest.House
	before, noticed, selected, pending taler.WOPID
	copied                             string
	later                              atomic.Int64 // the clock is so many seconds ahead
}

func newRestoring(t *testing.T) *restoring {
	r := &restoring{copied: filepath.Join(t.TempDir(), "copy.db")}
	r.House = open(t, banktest.Options{
		Asking: hasty,
		Clock:  func() time.Time { return time.Now().Add(time.Duration(r.later.Load()) * time.Second) },
		Decide: func(c *bank.Config) {
			c.Searching = bank.Searching{First: 5 * time.Millisecond, Longest: 5 * time.Millisecond}
			c.Expiry = bank.Expiry{Every: 5 * time.Millisecond}
		},
	})
	pay := func(id taler.WOPID, tx, state string) {
		r.Provider.Put(banktest.Payment{ID: tx, State: state, Amount: amount(t, "CHF:20"), Reference: id.Text()})
	}
	confirm := func(id taler.WOPID, tx string) {
		notify(t, r.House, id, tx)
		if w := decision(t, r.House, id); w.State != taler.StateConfirmed {
			t.Fatalf("it is %s", w.State)
		}
	}
	r.before = selected(t, r.House, "before", key(1))
	pay(r.before, "tx-1", "paid")
	confirm(r.before, "tx-1")
	r.Provider.Refunds("pending")
	if _, err := r.Bank.Transfer(withTimeout(t), r.Bank.Default(), back(t, 1, "CHF:5", "payto://simulator-transaction/tx-1?receiver-name=x")); err != nil {
		t.Fatal(err)
	}
	r.noticed, r.selected, r.pending = selected(t, r.House, "noticed", key(2)), selected(t, r.House, "selected", key(3)), setUp(t, r.House, "pending")
	pay(r.noticed, "tx-2", "pending")
	notify(t, r.House, r.noticed, "tx-2")

	if err := r.DB.CopyTo(withTimeout(t), r.copied); err != nil {
		t.Fatal(err)
	}
	r.Provider.Refunds("paid")
	pay(r.noticed, "tx-2", "paid")
	pay(r.selected, "tx-3", "paid")
	pay(r.pending, "tx-4", "paid")
	if w := decision(t, r.House, r.noticed); w.State != taler.StateConfirmed {
		t.Fatalf("it is %s", w.State)
	}
	confirm(r.selected, "tx-3")
	_, err := r.Bank.Select(withTimeout(t), r.pending, taler.BankWithdrawalOperationPostRequest{ReservePub: key(4), SelectedExchange: banktest.ExchangeAccount})
	if err != nil {
		t.Fatal(err)
	}
	confirm(r.pending, "tx-4")
	if n := len(rows(t, r.House)); n != 4 {
		t.Fatalf("the exchange has read %d rows", n)
	}
	return r
}

// found waits until the bank has found the payments of what has ended.
func (r *restoring) found(t *testing.T, is func(taler.Withdrawal) bool) {
	t.Helper()
	err := r.Bank.Instruments().WaitTopic(withTimeout(t), instrument.Operations, func(context.Context) (bool, error) {
		for _, id := range []taler.WOPID{r.selected, r.pending} {
			if w := look(t, r.House, id); w.State != taler.StateAborted || !is(w) {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestARestoredBankDoesNothingTwice: what the exchange has had is not given back as
// well, refunds are made once, and rows have numbers that it has not seen.
func TestARestoredBankDoesNothingTwice(t *testing.T) {
	r := newRestoring(t)
	r.Restore(r.copied, func(ctx context.Context, b *bank.Bank) error {
		for _, n := range []instrument.Seq{0, 1, 10_000_003} {
			if err := b.GoOn(ctx, n); err == nil {
				t.Errorf("it goes on with row %d", n)
			}
		}
		if err := b.GoOn(ctx, 5); err != nil {
			return err
		}
		return b.GoOn(ctx, 5) // as after an interruption
	})
	if w := decision(t, r.House, r.noticed); w.State != taler.StateConfirmed || w.Restored == 0 {
		t.Errorf("%+v", w)
	}
	got := rows(t, r.House)
	if len(got) != 2 || got[0].RowID != 1 || got[1].RowID != 5 || got[1].ReservePub != key(2) {
		t.Errorf("the history is %+v", got)
	}
	r.later.Store(3600) // what nobody has said to be paid expires
	r.found(t, func(w taler.Withdrawal) bool { return w.Foreign != "" })
	if back, err := r.Bank.Returns(withTimeout(t)); err != nil || len(back) != 0 {
		t.Errorf("%+v is given back, %v", back, err)
	}
	if sum, parts := given(t, r.House, "tx-1"); sum != "CHF:5" || parts != 1 || len(r.Provider.Given()) != 1 {
		t.Errorf("%s went back in %d parts, of all %+v", sum, parts, r.Provider.Given())
	}
	next, err := r.Bank.Transfer(withTimeout(t), r.Bank.Default(), back(t, 2, "CHF:1", "payto://simulator-transaction/tx-1?receiver-name=x"))
	if err != nil || next.RowID != 5 {
		t.Errorf("the next transfer is %d, %v", next.RowID, err)
	}
	again, err := r.Bank.Transfer(withTimeout(t), r.Bank.Default(), back(t, 3, "CHF:1", "payto://simulator-transaction/tx-1?receiver-name=x"))
	if err != nil || again.RowID != 6 {
		t.Errorf("the one after it is %d, %v", again.RowID, err)
	}
	out, err := r.Exchange().Outgoing(withTimeout(t), taler.Page{Rows: 10, Offset: 4, Timeout: patience})
	if err != nil || out.OutgoingTransactions[0].RowID != 5 {
		t.Errorf("the exchange reads %+v, %v", out, err)
	}
}

// TestWithoutTheMarkMoneyGoesBackTwice is the control: an operator who sets the
// number and nothing else.
func TestWithoutTheMarkMoneyGoesBackTwice(t *testing.T) {
	r := newRestoring(t)
	r.Restore(r.copied, func(ctx context.Context, b *bank.Bank) error { return b.Instruments().Skip(ctx, bank.Incoming, 5) })
	r.later.Store(3600)
	r.found(t, func(w taler.Withdrawal) bool {
		all, err := r.Bank.ReturnsOf(withTimeout(t), w.WOPID)
		return err == nil && slices.ContainsFunc(all, func(x taler.Return) bool { return x.State == taler.TransferSuccess })
	})
}

// TestAnOperationOfTheBackupHoldsAWithdrawal: whoever restores the bank is told how that is ended.
func TestAnOperationOfTheBackupHoldsAWithdrawal(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	id := selected(t, h, "held", key(1))
	i, err := h.Bank.Instruments().Lookup(withTimeout(t), bank.ClassWithdrawal, bank.KeyWOPID, id.Text())
	check(t, err)
	row, err := h.DB.Row(withTimeout(t), i.ID)
	check(t, err)
	held := row
	held.Lease = "an operation"
	check(t, h.DB.UpdateInstruments(withTimeout(t), func(w instrument.Writer) error { return w.Update(held, row.Version, row.Lease) }))
	operates(t, h, func(ctx context.Context, b *bank.Bank) error {
		if err := b.GoOn(ctx, 2); fault.ReasonOf(err) != "operation-open" || !strings.Contains(fault.From(err).Hint, "bank operation abandon") {
			t.Errorf("%v (%s)", err, fault.From(err).Hint)
		}
		return nil
	})
}
