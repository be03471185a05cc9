package bank_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// ended waits until so many returns are on record, and all of them have ended.
func ended(t testing.TB, h *banktest.House, n int) []taler.Return {
	t.Helper()
	var all []taler.Return
	err := h.Bank.Instruments().WaitTopic(withTimeout(t), instrument.Operations, func(ctx context.Context) (bool, error) {
		var err error
		all, err = h.Bank.Returns(ctx)
		open := 0
		for _, r := range all {
			if !r.State.Final() {
				open++
			}
		}
		return len(all) >= n && open == 0, err
	})
	if err != nil || len(all) != n {
		t.Fatalf("%d of %d are given back, %v", len(all), n, err)
	}
	return all
}

// given is what the provider has given back of a payment, and in how many parts.
func given(t testing.TB, h *banktest.House, payment string) (sum string, parts int) {
	t.Helper()
	total := instrument.ZeroOf("CHF")
	for _, g := range h.Provider.Given() {
		if g.Payment != payment || g.State == "failed" {
			continue
		}
		var err error
		if total, err = total.Add(g.Amount); err != nil {
			t.Fatal(err)
		}
		parts++
	}
	return total.String(), parts
}

// TestMoneyWithoutAWithdrawal: what certainly was paid for a withdrawal and buys
// nothing goes back, once and to the cent; what was paid for something else does
// not, and is on record.
func TestMoneyWithoutAWithdrawal(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Fees: amount(t, "CHF:1")})
	returns := 0
	for n, c := range []struct {
		name    string
		pay     banktest.Payment
		want    taler.State
		back    string
		foreign bool
	}{
		{"paid", banktest.Payment{State: "paid", Amount: amount(t, "CHF:21")}, taler.StateConfirmed, "CHF:0", false},
		{"a cent too much", banktest.Payment{State: "paid", Amount: amount(t, "CHF:21.01")}, taler.StateConfirmed, "CHF:0.01", false},
		{"a cent too little", banktest.Payment{State: "paid", Amount: amount(t, "CHF:20.99")}, taler.StateAborted, "CHF:20.99", false},
		{"declined", banktest.Payment{State: "failed", Amount: amount(t, "CHF:21")}, taler.StateAborted, "CHF:0", false},
		{"other currency", banktest.Payment{State: "paid", Amount: amount(t, "EUR:21")}, taler.StateAborted, "CHF:0", true},
		{"other reference", banktest.Payment{State: "paid", Amount: amount(t, "CHF:21"), Reference: "an invoice"}, taler.StateAborted, "CHF:0", true},
		{"refunded in part", banktest.Payment{State: "paid", Amount: amount(t, "CHF:21"), Refunded: amount(t, "CHF:5")}, taler.StateAborted, "CHF:16", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx := fmt.Sprint("tx-", n)
			id := selected(t, h, tx, key(byte(n+1)))
			c.pay.ID = tx
			if c.pay.Reference == "" {
				c.pay.Reference = id.Text()
			}
			h.Provider.Put(c.pay)
			notify(t, h, id, tx)
			w := decision(t, h, id)
			if w.State != c.want || (w.Foreign != "") != c.foreign {
				t.Errorf("it is %s because %q, foreign %q", w.State, w.AbortReason, w.Foreign)
			}
			if c.back != "CHF:0" {
				returns++
			}
			all := ended(t, h, returns)
			if sum, _ := given(t, h, tx); sum != c.back {
				t.Errorf("%s went back, want %s", sum, c.back)
			}
			if c.back != "CHF:0" {
				r := all[len(all)-1]
				if r.State != taler.TransferSuccess || r.WOPID != id || r.Amount.String() != c.back || r.Reason == "" || r.Refund == "" || len(r.Proof) == 0 {
					t.Errorf("on record is %+v", r)
				}
			}
		})
	}
	for _, row := range rows(t, h) {
		if row.Amount != amount(t, "CHF:20") {
			t.Errorf("an exchange is told of %s", row.Amount)
		}
	}
	if f, err := h.Bank.Figures(withTimeout(t)); err != nil || f.Returns[taler.TransferSuccess] != returns {
		t.Errorf("a watcher sees returns %v: %v", f.Returns, err)
	}
	countsForeign(t, h, 2)
}

// TestANoticeForAnEndedWithdrawal is refused and kept: the money goes back, also
// if the provider knows of it only in the next life.
func TestANoticeForAnEndedWithdrawal(t *testing.T) {
	for _, first := range []string{"pending", "selected"} {
		t.Run(first, func(t *testing.T) {
			h := open(t, banktest.Options{Asking: hasty})
			id := setUp(t, h, "u")
			if first == "selected" {
				id = selected(t, h, "v", key(1))
			}
			if err := h.Bank.AbortByWallet(withTimeout(t), id); err != nil {
				t.Fatal(err)
			}
			notice := func(tx string) error {
				return h.Bank.Confirm(withTimeout(t), till(t, h), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: tx})
			}
			for _, tx := range []string{"tx", "tx", "another"} {
				refused(t, notice(tx), fault.Conflict, taler.ReasonConfirmAbortConflict)
			}
			if err := h.Provider.WaitAsked(withTimeout(t), "tx", 3); err != nil {
				t.Fatal(err)
			}
			if w := look(t, h, id); !w.Undecided() || w.ProviderTransactionID != "tx" || w.State != taler.StateAborted {
				t.Fatalf("on record is %+v", w)
			}
			h.Kill()
			h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
			h.Restart()
			r := ended(t, h, 1)[0]
			if r.Amount != amount(t, "CHF:20") || r.State != taler.TransferSuccess {
				t.Errorf("%+v", r)
			}
			if sum, parts := given(t, h, "tx"); sum != "CHF:20" || parts != 1 {
				t.Errorf("%s went back in %d parts", sum, parts)
			}
			// A search may have found the payment before its notice was decided.
			check(t, h.Bank.Instruments().WaitTopic(withTimeout(t), instrument.Operations, func(context.Context) (bool, error) { return !look(t, h, id).Undecided(), nil }))
			if w := look(t, h, id); w.State != taler.StateAborted || w.AbortReason != "aborted by the wallet" || len(w.Proof) == 0 || w.Undecided() {
				t.Errorf("on record is %+v", w)
			}
			if len(rows(t, h)) != 0 {
				t.Error("it is in the history")
			}
		})
	}
}

// TestRefundsThatTakeTime: a provider that is down, says pending, and at last does
// it; or says that it has failed.
func TestRefundsThatTakeTime(t *testing.T) {
	tooLittle := func(t *testing.T, h *banktest.House) taler.WOPID {
		id := selected(t, h, "u", key(1))
		h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:19"), Reference: id.Text()})
		notify(t, h, id, "tx")
		return id
	}
	t.Run("pending, and killed", func(t *testing.T) {
		h := open(t, banktest.Options{Asking: hasty})
		h.Provider.Refunds("pending")
		id := tooLittle(t, h)
		if err := h.Provider.WaitAsked(withTimeout(t), nameOf(id), 4); err != nil {
			t.Fatal(err)
		}
		h.Kill()
		h.Restart()
		h.Provider.Refunds("paid")
		if r := ended(t, h, 1)[0]; r.State != taler.TransferSuccess {
			t.Errorf("%+v", r)
		}
		if sum, parts := given(t, h, "tx"); sum != "CHF:19" || parts != 1 {
			t.Errorf("%s went back in %d parts", sum, parts)
		}
	})
	t.Run("failed", func(t *testing.T) {
		h := open(t, banktest.Options{Asking: hasty})
		h.Provider.Refunds("failed")
		tooLittle(t, h)
		if r := ended(t, h, 1)[0]; r.State != taler.TransferPermanent || r.Message == "" {
			t.Errorf("%+v", r)
		}
	})
}

// TestTransfersAreRefunded: what an exchange wires back goes to the card in parts,
// once each, and is in the outgoing history when it has gone.
func TestTransfersAreRefunded(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	confirmed(t, h, "tx", 1)
	ctx := withTimeout(t)
	h.Provider.Refunds("pending")
	for n, sum := range []string{"CHF:12", "CHF:7.99"} {
		if _, err := h.Bank.Transfer(ctx, h.Bank.Default(), back(t, byte(n+1), sum, paidWithTx)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 2 {
		if err := h.Provider.WaitAsked(ctx, back(t, byte(n+1), "CHF:1", paidWithTx).RequestUID.String(), 3); err != nil {
			t.Fatal(err)
		}
	}
	x := h.Exchange()
	outgoing := func(wait time.Duration, after uint64) []taler.OutgoingTransaction {
		t.Helper()
		got, err := x.Outgoing(ctx, taler.Page{Rows: 10, Offset: after, Timeout: wait})
		if err != nil {
			t.Fatal(err)
		}
		return got.OutgoingTransactions
	}
	if got := outgoing(0, 0); len(got) != 0 {
		t.Errorf("what has not gone is in the history: %+v", got)
	}
	h.Kill()
	h.Restart()
	x = h.Exchange()
	h.Provider.Refunds("paid")
	if got := outgoing(patience, 0); len(got) == 0 {
		t.Fatal("nothing came")
	}
	for after := uint64(1); len(outgoing(patience, after)) == 0; {
		t.Fatal("the second did not come")
	}
	if sum, parts := given(t, h, "tx"); sum != "CHF:19.99" || parts != 2 {
		t.Errorf("%s went back in %d parts", sum, parts)
	}
	h.Provider.Refunds("failed")
	got, err := h.Bank.Transfer(ctx, h.Bank.Default(), back(t, 3, "CHF:0.01", paidWithTx))
	if err != nil {
		t.Fatal(err)
	}
	err = h.Bank.Instruments().WaitTopic(ctx, instrument.Operations, func(ctx context.Context) (bool, error) {
		s, err := x.TransferStatus(ctx, got.RowID)
		return s.Status == taler.TransferPermanent && s.StatusMsg != "", err
	})
	if err != nil || len(outgoing(0, 0)) != 2 {
		t.Errorf("a refund that failed: %v, %+v", err, outgoing(0, 0))
	}
}

// full is a database in which the end of a transfer cannot be stored, so many times.
type full struct {
	controller.Store
	fails *atomic.Int32
}

func (f full) UpdateInstruments(ctx context.Context, unit func(instrument.Writer) error) error {
	return f.Store.UpdateInstruments(ctx, func(w instrument.Writer) error { return unit(fullWriter{w, f.fails}) })
}

type fullWriter struct {
	instrument.Writer
	fails *atomic.Int32
}

func (w fullWriter) Update(r instrument.Row, seen int64, holder instrument.OperationID) error {
	if r.Class == bank.ClassTransfer && r.Status == string(taler.TransferSuccess) && w.fails.Add(-1) >= 0 {
		return fault.New(fault.Unavailable, "the disk is full").Because("database-full")
	}
	return w.Writer.Update(r, seen, holder)
}

// TestATransferWhoseEndIsNotStored is asked for again until it is, in the same life: the
// provider gives back once, and the exchange is told.
func TestATransferWhoseEndIsNotStored(t *testing.T) {
	var fails atomic.Int32
	fails.Store(2)
	h := open(t, banktest.Options{Asking: hasty, Over: func(s controller.Store) controller.Store { return full{s, &fails} }})
	confirmed(t, h, "tx", 1)
	if _, err := h.Bank.Transfer(withTimeout(t), h.Bank.Default(), back(t, 1, "CHF:12", paidWithTx)); err != nil {
		t.Fatal(err)
	}
	got, err := h.Exchange().Outgoing(withTimeout(t), taler.Page{Rows: 10, Timeout: patience})
	if err != nil || len(got.OutgoingTransactions) != 1 || fails.Load() >= 0 {
		t.Errorf("the exchange was told of %+v, %v", got.OutgoingTransactions, err)
	}
	if sum, parts := given(t, h, "tx"); sum != "CHF:12" || parts != 1 {
		t.Errorf("%s went back in %d parts", sum, parts)
	}
}
