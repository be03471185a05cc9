package bank_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/store"
)

// TestKilledAndStartedAgain: after a power cut at any step everybody repeats what
// had no answer, and goes on.
func TestKilledAndStartedAgain(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	cut := func() { h.Kill(); h.Restart() }

	id := setUp(t, h, "u")
	cut()
	if again := setUp(t, h, "u"); again != id {
		t.Errorf("the same request after the cut made %s, before it %s", again, id)
	}
	choice := taler.BankWithdrawalOperationPostRequest{ReservePub: key(1), SelectedExchange: banktest.ExchangeAccount}
	if _, err := h.Bank.Select(withTimeout(t), id, choice); err != nil {
		t.Fatal(err)
	}
	cut()
	if got, err := h.Bank.Select(withTimeout(t), id, choice); err != nil || got.Status != taler.StateSelected {
		t.Errorf("the same selection after the cut: %+v, %v", got, err)
	}
	choice.ReservePub = key(2)
	_, err := h.Bank.Select(withTimeout(t), id, choice)
	refused(t, err, fault.Conflict, taler.ReasonSelectionConflict)

	h.Provider.Put(banktest.Payment{ID: "tx", State: "pending", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "tx")
	h.Kill()
	asked := h.Provider.Asked("tx")
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	h.Restart() // takes the notice up by itself
	if w := decision(t, h, id); w.State != taler.StateConfirmed || h.Provider.Asked("tx") != asked+1 {
		t.Errorf("it became %s after %d more questions", w.State, h.Provider.Asked("tx")-asked)
	}
	cut()
	notify(t, h, id, "tx")
	if got := rows(t, h); len(got) != 1 || got[0].RowID != 1 {
		t.Errorf("the history is %+v", got)
	}
	if h.Provider.Asked("tx") != asked+1 {
		t.Error("what was decided was asked about again")
	}
}

// TestPowerCutInTheVerdict: the commit of the verdict fails. Nothing of it is
// there afterwards, and the next life decides once. The control is the same
// without a cut.
func TestPowerCutInTheVerdict(t *testing.T) {
	for name, cuts := range map[string]bool{"cut": true, "control": false} {
		t.Run(name, func(t *testing.T) {
			var armed atomic.Bool
			failed := make(chan struct{}, 1)
			h := open(t, banktest.Options{Asking: hasty, Store: store.Options{BeforeCommit: func(int) error {
				if !armed.Load() {
					return nil
				}
				select {
				case failed <- struct{}{}:
				default:
				}
				return errors.New("the power is gone")
			}}})
			id := selected(t, h, "u", key(1))
			h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
			release := h.Provider.Hold("tx")
			notify(t, h, id, "tx")
			if err := h.Provider.WaitAsked(withTimeout(t), "tx", 1); err != nil {
				t.Fatal(err)
			}
			armed.Store(cuts)
			release()
			if cuts {
				<-failed
				if w := look(t, h, id); w.State != taler.StateSelected {
					t.Fatalf("it became %s without a commit", w.State)
				}
				h.Kill()
				armed.Store(false)
				h.Restart()
			}
			if w := decision(t, h, id); w.State != taler.StateConfirmed {
				t.Errorf("it became %s", w.State)
			}
			if got := rows(t, h); len(got) != 1 || got[0].RowID != 1 || got[0].ReservePub != key(1) {
				t.Errorf("the history is %+v", got)
			}
		})
	}
}

// TestClosingDoesNotWaitForProviders, and whoever asks afterwards is told.
func TestClosingDoesNotWaitForProviders(t *testing.T) {
	h := open(t, banktest.Options{Asking: bank.Asking{}})
	id := selected(t, h, "u", key(1))
	defer h.Provider.Hold("tx")()
	notify(t, h, id, "tx")
	if err := h.Provider.WaitAsked(withTimeout(t), "tx", 1); err != nil {
		t.Fatal(err)
	}
	p := till(t, h)
	if err := h.Bank.Close(withTimeout(t)); err != nil {
		t.Fatal(err)
	}
	_, err := h.Bank.SetUp(withTimeout(t), p, taler.TerminalWithdrawalSetup{RequestUID: "v", Amount: amount(t, "CHF:1")})
	refused(t, err, fault.Unavailable, "shutting-down")
}

// TestAnEndIsNoError: a bank that is ended while it still reads what earlier lives
// have left says nothing of it.
func TestAnEndIsNoError(t *testing.T) {
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelWarn}))
	h := open(t, banktest.Options{Log: log})
	for n := range byte(10) {
		id := selected(t, h, fmt.Sprint(n), key(n+1))
		if err := h.Bank.AbortByWallet(withTimeout(t), id); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		h.Restart()
	}
	h.Close()
	if said.Len() > 0 {
		t.Errorf("it said\n%s", said.String())
	}
}
