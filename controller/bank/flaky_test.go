package bank_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
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

// flaky is a database that cannot be used for what its functions say; those that are nil say
// nothing.
type flaky struct {
	controller.Store
	rows     func(instrument.Filter) bool
	row      func() bool
	entries  func(instrument.Topic, instrument.Page) bool
	appended func(instrument.Topic) bool
}

func busy() error {
	return fault.New(fault.Unavailable, "the database is in use by another process").Because("database-busy")
}

func (f flaky) Rows(ctx context.Context, filter instrument.Filter) ([]instrument.Row, error) {
	if f.rows != nil && f.rows(filter) {
		return nil, busy()
	}
	return f.Store.Rows(ctx, filter)
}

func (f flaky) Row(ctx context.Context, id instrument.ID) (instrument.Row, error) {
	if f.row != nil && f.row() {
		return instrument.Row{}, busy()
	}
	return f.Store.Row(ctx, id)
}

func (f flaky) Entries(ctx context.Context, t instrument.Topic, p instrument.Page) ([]instrument.EntryRow, error) {
	if f.entries != nil && f.entries(t, p) {
		return nil, busy()
	}
	return f.Store.Entries(ctx, t, p)
}

func (f flaky) UpdateInstruments(ctx context.Context, unit func(instrument.Writer) error) error {
	return f.Store.UpdateInstruments(ctx, func(w instrument.Writer) error { return unit(flakyWriter{w, f}) })
}

type flakyWriter struct {
	instrument.Writer
	of flaky
}

func (w flakyWriter) Append(e instrument.EntryRow, seal func(instrument.Seq) ([]byte, error)) (instrument.Seq, error) {
	if w.of.appended != nil && w.of.appended(e.Topic) {
		return 0, busy()
	}
	return w.Writer.Append(e, seal)
}

// openFlaky is open over such a database.
func openFlaky(t *testing.T, o banktest.Options, f flaky) *banktest.House {
	t.Helper()
	o.Over = func(s controller.Store) controller.Store {
		f.Store = s
		return f
	}
	return open(t, o)
}

// TestNoticesBeforeAreReadAtLast: that they cannot be read when the bank starts does not keep
// them from being decided in that life.
func TestNoticesBeforeAreReadAtLast(t *testing.T) {
	var fails atomic.Int32
	h := openFlaky(t, banktest.Options{Decide: restless, Asking: hasty}, flaky{rows: func(f instrument.Filter) bool {
		return f.Status == string(taler.StateSelected) && fails.Add(-1) >= 0
	}})
	id := selected(t, h, "u", key(1))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "pending", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "tx")
	h.Kill()
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	fails.Store(50) // those that look for what has expired read them as well
	h.Restart()
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("it is %s", w.State)
	}
}

// TestATransferIsReadAtLast and carried out, in the life in which it could not be read.
func TestATransferIsReadAtLast(t *testing.T) {
	var fails atomic.Int32
	h := openFlaky(t, banktest.Options{Asking: hasty}, flaky{entries: func(topic instrument.Topic, p instrument.Page) bool {
		return topic == bank.Transfers && !p.Reverse && fails.Add(-1) >= 0
	}})
	confirmed(t, h, "tx", 1)
	fails.Store(3)
	_, err := h.Bank.Transfer(withTimeout(t), h.Bank.Default(), back(t, 1, "CHF:12", paidWithTx))
	check(t, err)
	got, err := h.Exchange().Outgoing(withTimeout(t), taler.Page{Rows: 10, Timeout: patience})
	if err != nil || len(got.OutgoingTransactions) != 1 || fails.Load() >= 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestASecondNoticeThatWasNotWritten counts when it comes again.
func TestASecondNoticeThatWasNotWritten(t *testing.T) {
	var fails atomic.Int32
	h := openFlaky(t, banktest.Options{Asking: hasty, Decide: searching}, flaky{appended: func(topic instrument.Topic) bool {
		return topic == bank.SecondNotices && fails.Add(-1) >= 0
	}})
	id := paidOnce(t, h)
	h.Provider.Put(banktest.Payment{ID: "second", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	fails.Store(1)
	for range 2 {
		refused(t, notice(h, t, id, "second"), fault.Conflict, taler.ReasonPaymentDiffers)
	}
	if r := ended(t, h, 1)[0]; r.ProviderTransactionID != "second" || fails.Load() >= 0 {
		t.Errorf("given back is %+v", r)
	}
	stillConfirmed(t, h, id)
}

// TestANoticeThatCannotBeReadAtOnce was stored, so it is asked about all the same.
func TestANoticeThatCannotBeReadAtOnce(t *testing.T) {
	var fails atomic.Int32
	h := openFlaky(t, banktest.Options{Asking: hasty}, flaky{row: func() bool {
		return bytes.Contains(debug.Stack(), []byte(".heard(")) && fails.Add(-1) >= 0 // which reads what was stored
	}})
	id := selected(t, h, "u", key(1))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	fails.Store(1)
	notify(t, h, id, "tx")
	if w := decision(t, h, id); w.State != taler.StateConfirmed || fails.Load() > 0 {
		t.Errorf("it is %s", w.State)
	}
}

// TestOneThatIsAlteredWhenItEndsHoldsUpNoOther: the searcher, which reads the journal, meets a
// withdrawal that it cannot open, and goes on to the next.
func TestOneThatIsAlteredWhenItEndsHoldsUpNoOther(t *testing.T) {
	var said bytes.Buffer
	var reads atomic.Bool
	var clock watch
	h := openFlaky(t, banktest.Options{
		Clock: clock.now, Decide: restless, Asking: hasty, Log: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelError})),
	}, flaky{entries: func(topic instrument.Topic, p instrument.Page) bool {
		return topic == instrument.Operations && !p.Reverse && !reads.Load()
	}})
	var ids [2]taler.WOPID
	for n := range ids {
		ids[n] = setUp(t, h, string('a'+rune(n)))
		check(t, h.Bank.AbortByTerminal(withTimeout(t), till(t, h), ids[n]))
	}
	alterWithdrawal(t, h, ids[0])
	h.Provider.Put(banktest.Payment{ID: "late", State: "paid", Amount: amount(t, "CHF:20"), Reference: ids[1].Text()})
	reads.Store(true)
	clock.passes(time.Minute)
	if all := ended(t, h, 1); all[0].WOPID != ids[1] {
		t.Errorf("%+v goes back", all[0])
	}
	h.Close()
	if n := strings.Count(said.String(), "its seal is broken"); n != 1 {
		t.Errorf("the log names it %d times:\n%s", n, said.String())
	}
}

// TestARefusalThatWasNotWritten is none yet: the exchange sends the transfer again.
func TestARefusalThatWasNotWritten(t *testing.T) {
	var fails atomic.Int32
	h := openFlaky(t, banktest.Options{Asking: hasty}, flaky{appended: func(topic instrument.Topic) bool {
		return topic == bank.Refusals && fails.Add(-1) >= 0
	}})
	confirmed(t, h, "tx", 1)
	fails.Store(1)
	for n, want := range []bool{false, true} {
		_, err := h.Bank.Transfer(withTimeout(t), h.Bank.Default(), back(t, 1, "CHF:21", paidWithTx))
		if all, _ := h.Bank.Refusals(withTimeout(t)); err == nil || errors.Is(err, fault.Conflict) != want || len(all) != n {
			t.Errorf("%v, and on record is %+v", err, all)
		}
	}
}
