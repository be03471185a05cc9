package bank_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
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

// alter changes a bit of what is sealed of an instrument.
func alter(t *testing.T, h *banktest.House, class instrument.ClassID, key, value string) {
	t.Helper()
	i, err := h.Bank.Instruments().Lookup(withTimeout(t), class, key, value)
	check(t, err)
	r, err := h.DB.Row(withTimeout(t), i.ID)
	check(t, err)
	r.Sealed = slices.Clone(r.Sealed)
	r.Sealed[len(r.Sealed)-1] ^= 1
	check(t, h.DB.UpdateInstruments(withTimeout(t), func(w instrument.Writer) error { return w.Update(r, r.Version, r.Lease) }))
	if _, err := h.Bank.Instruments().View(withTimeout(t), i.ID); fault.ReasonOf(err) != "seal-broken" {
		t.Fatalf("control: it was not altered: %v", err)
	}
}

func alterWithdrawal(t *testing.T, h *banktest.House, id taler.WOPID) {
	t.Helper()
	alter(t, h, bank.ClassWithdrawal, bank.KeyWOPID, id.Text())
}

// TestOneAlteredWithdrawalHoldsUpNoOther: what a bank cannot open of an earlier life is named
// in its log, and all else is done: notices are decided, what has expired ends, and money that
// buys nothing is found.
func TestOneAlteredWithdrawalHoldsUpNoOther(t *testing.T) {
	var clock watch
	var said bytes.Buffer
	h := open(t, banktest.Options{
		Clock: clock.now, Decide: restless, Asking: bank.Asking{First: time.Hour, Longest: time.Hour},
		Log: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	paid := func(id taler.WOPID, tx, state string) {
		h.Provider.Put(banktest.Payment{ID: tx, State: state, Amount: amount(t, "CHF:20"), Reference: id.Text()})
	}
	aborted := func(uid string) taler.WOPID {
		id := setUp(t, h, uid)
		check(t, h.Bank.AbortByTerminal(withTimeout(t), till(t, h), id))
		return id
	}
	brokenUnpaid, brokenOver := selected(t, h, "broken", key(1)), aborted("broken and over")
	noticed, unpaid, over := selected(t, h, "noticed", key(2)), selected(t, h, "unpaid", key(3)), aborted("over")
	paid(noticed, "tx", "pending")
	notify(t, h, noticed, "tx")
	check(t, h.Provider.WaitAsked(withTimeout(t), "tx", 1))
	alterWithdrawal(t, h, brokenUnpaid)
	alterWithdrawal(t, h, brokenOver)
	h.Kill()
	said.Reset() // that life may have met them, too
	paid(noticed, "tx", "paid")
	paid(over, "late", "paid")
	h.Restart()
	if w := decision(t, h, noticed); w.State != taler.StateConfirmed {
		t.Errorf("a notice of before became %s", w.State)
	}
	clock.passes(time.Minute)
	if all := ended(t, h, 1); all[0].WOPID != over {
		t.Errorf("%+v goes back", all[0])
	}
	clock.passes(time.Hour)
	becomes(t, h, unpaid, taler.StateAborted)
	shown := map[taler.WOPID]bool{}
	check(t, h.Bank.EachWithdrawal(withTimeout(t), "", func(w taler.Withdrawal) (bool, error) {
		shown[w.WOPID] = true
		return true, nil
	}))
	if !shown[noticed] || !shown[unpaid] || !shown[over] || len(shown) != 3 {
		t.Errorf("an operator is shown %v", shown)
	}
	_, _, err := h.Bank.Withdrawal(withTimeout(t), brokenUnpaid)
	if fault.ReasonOf(err) != "seal-broken" {
		t.Errorf("the altered one: %v", err)
	}
	h.Close()
	if n := strings.Count(said.String(), "its seal is broken"); n != 2 {
		t.Errorf("the log names %d of two, each once:\n%s", n, said.String())
	}
}

// TestOneAlteredRefundHoldsUpNoOther: nor do a transfer and a return, neither for the life in
// which they are met nor for the start of the next.
func TestOneAlteredRefundHoldsUpNoOther(t *testing.T) {
	h := open(t, banktest.Options{Asking: bank.Asking{First: time.Hour, Longest: time.Hour}, Decide: func(c *bank.Config) {
		restless(c)
		c.HandsOut = true // nobody carries them out in this life
	}})
	confirmed(t, h, "tx", 1)
	var wired []taler.TransferRequest
	for n, sum := range []string{"CHF:1", "CHF:2", "CHF:3"} {
		r := back(t, byte(n+1), sum, paidWithTx)
		wired = append(wired, r)
		_, err := h.Bank.Transfer(withTimeout(t), h.Bank.Default(), r)
		check(t, err)
	}
	alter(t, h, bank.ClassTransfer, bank.KeyRequestUID, wired[0].RequestUID.String())
	next, err := h.Bank.NextTransfer(withTimeout(t), h.Bank.Default())
	if err != nil || next.Transfer.Request.RequestUID != wired[1].RequestUID {
		t.Errorf("behind the altered one comes %+v, %v", next.Transfer.Request, err)
	}
	h.Restart()
	open := map[taler.HashCode]bool{wired[1].RequestUID: true, wired[2].RequestUID: true} // in the order of ids, which one millisecond has not
	for range wired[1:] {
		next, err := h.Bank.NextTransfer(withTimeout(t), h.Bank.Default())
		if uid := next.Transfer.Request.RequestUID; err != nil || !open[uid] {
			t.Errorf("in the next life comes %+v, %v", next.Transfer.Request, err)
		} else {
			delete(open, uid)
		}
	}
}

// TestOneAlteredReturnHoldsUpNoOther, nor the start of the bank.
func TestOneAlteredReturnHoldsUpNoOther(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	h.Provider.Refunds("pending")
	for n, tx := range []string{"tx-1", "tx-2"} {
		id := selected(t, h, tx, key(byte(n+1)))
		h.Provider.Put(banktest.Payment{ID: tx, State: "paid", Amount: amount(t, "CHF:19"), Reference: id.Text()})
		notify(t, h, id, tx)
		if w := decision(t, h, id); w.State != taler.StateAborted {
			t.Fatalf("%s became %s", tx, w.State)
		}
	}
	alter(t, h, bank.ClassReturn, bank.KeyPayment, bank.ProviderTx(banktest.ProviderName, "tx-1"))
	h.Kill()
	h.Provider.Refunds("paid")
	h.Restart()
	i, err := h.Bank.Instruments().Lookup(withTimeout(t), bank.ClassReturn, bank.KeyPayment, bank.ProviderTx(banktest.ProviderName, "tx-2"))
	check(t, err)
	err = h.Bank.Instruments().WaitFor(withTimeout(t), i.ID, func(now instrument.Instance) (bool, error) {
		i = now
		return now.Status == string(taler.TransferSuccess), nil
	})
	if err != nil || i.Status != string(taler.TransferSuccess) {
		t.Errorf("the other one is %s, %v", i.Status, err)
	}
}

// TestAnAlteredQuotaIsNotAFreshOne: of a user whose record cannot be opened nobody is told that
// all may be withdrawn, and nothing more is.
func TestAnAlteredQuotaIsNotAFreshOne(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: func(c *bank.Config) { c.Quotas = bank.Quotas{Amount: amount(t, "CHF:60"), Within: time.Hour} }})
	sells := func(uid string) error {
		_, err := h.Bank.SetUp(withTimeout(t), till(t, h), taler.TerminalWithdrawalSetup{RequestUID: uid, Amount: amount(t, "CHF:20"), UserUUID: "amy"})
		return err
	}
	check(t, sells("first"))
	if left, err := h.Bank.Quota(withTimeout(t), "amy"); err != nil || left.Limit != amount(t, "CHF:40") {
		t.Fatalf("control: %+v, %v", left, err)
	}
	alter(t, h, bank.ClassQuota, "user", "amy")
	if left, err := h.Bank.Quota(withTimeout(t), "amy"); fault.ReasonOf(err) != "seal-broken" {
		t.Errorf("a till is told that %+v is left, %v", left, err)
	}
	if err := sells("second"); fault.ReasonOf(err) != "seal-broken" {
		t.Errorf("a second withdrawal: %v", err)
	}
}

// fitful is a database that cannot be read for what ended, so many times.
type fitful struct {
	controller.Store
	fails *atomic.Int32
}

func (f fitful) Rows(ctx context.Context, filter instrument.Filter) ([]instrument.Row, error) {
	if filter.Status == string(taler.StateAborted) && f.fails.Add(-1) >= 0 {
		return nil, fault.New(fault.Unavailable, "the database is in use by another process").Because("database-busy")
	}
	return f.Store.Rows(ctx, filter)
}

// TestWhatEndedBeforeIsReadAtLast: that it cannot be read when the bank starts does not keep
// payments for it from being looked for in that life.
func TestWhatEndedBeforeIsReadAtLast(t *testing.T) {
	var clock watch
	var fails atomic.Int32
	h := open(t, banktest.Options{Clock: clock.now, Decide: restless, Asking: hasty, Over: func(s controller.Store) controller.Store { return fitful{s, &fails} }})
	over := setUp(t, h, "over")
	check(t, h.Bank.AbortByTerminal(withTimeout(t), till(t, h), over))
	h.Kill()
	fails.Store(2)
	h.Provider.Put(banktest.Payment{ID: "late", State: "paid", Amount: amount(t, "CHF:20"), Reference: over.Text()})
	h.Restart()
	clock.passes(time.Minute)
	if all := ended(t, h, 1); all[0].WOPID != over {
		t.Errorf("%+v goes back", all[0])
	}
	if fails.Load() >= 0 {
		t.Error("control: it could be read at once")
	}
}
