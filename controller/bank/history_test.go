package bank_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// rewrite changes a withdrawal behind the bank's back.
func rewrite(t testing.TB, h *banktest.House, id taler.WOPID, change func(*taler.Withdrawal)) {
	t.Helper()
	found, _, err := h.Bank.Lookup(withTimeout(t), id)
	if err != nil {
		t.Fatal(err)
	}
	err = h.Bank.Instruments().Update(withTimeout(t), func(tx *instrument.Draft) error {
		i, err := tx.Get(found.ID)
		if err != nil {
			return err
		}
		var w taler.Withdrawal
		if err := i.Decode(&w); err != nil {
			return err
		}
		change(&w)
		if err := i.Encode(w); err != nil {
			return err
		}
		return tx.Put(i)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestARowThatNoExchangeWouldTake stops the withdrawal that it is of, and nothing
// else: the exchange reads on behind it. When the defect is mended it ends well.
//
// Rows: incoming bad row.
func TestARowThatNoExchangeWouldTake(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	broken := selected(t, h, "broken", key(1))
	rewrite(t, h, broken, func(w *taler.Withdrawal) { w.ReservePub = taler.EddsaPublicKey{} })
	h.Provider.Put(banktest.Payment{ID: "tx-broken", State: "paid", Amount: amount(t, "CHF:20"), Reference: broken.Text()})
	notify(t, h, broken, "tx-broken")
	for n := range byte(3) {
		confirmed(t, h, string('a'+rune(n)), 2+n)
	}
	if err := h.Provider.WaitAsked(withTimeout(t), "tx-broken", 3); err != nil {
		t.Fatal(err)
	}
	if w := look(t, h, broken); w.State != taler.StateSelected || w.ProviderTransactionID != "tx-broken" {
		t.Errorf("it is %s with the notice of %q", w.State, w.ProviderTransactionID)
	}
	if got := rows(t, h); len(got) != 3 {
		t.Errorf("the exchange reads %d rows", len(got))
	}
	rewrite(t, h, broken, func(w *taler.Withdrawal) { w.ReservePub = key(1) })
	if w := decision(t, h, broken); w.State != taler.StateConfirmed {
		t.Errorf("it is %s because %q", w.State, w.AbortReason)
	}
	if got := rows(t, h); len(got) != 4 || got[3].ReservePub != key(1) {
		t.Errorf("the exchange reads %+v", got)
	}
}

// TestWhatTheExchangeHasNotRead is counted from the start of a bank on, and as a
// whole once the exchange has said where it goes on.
func TestWhatTheExchangeHasNotRead(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	unread := func(when string, want int) {
		t.Helper()
		f, err := h.Bank.Figures(withTimeout(t))
		if err != nil || f.Unfetched != want {
			t.Errorf("%s: %d are not read, want %d: %v", when, f.Unfetched, want, err)
		}
	}
	unread("at the start", 0)
	confirmed(t, h, "a", 1)
	unread("after one", 1)
	h.Kill()
	h.Restart()
	unread("after a restart", 0)
	confirmed(t, h, "b", 2)
	unread("after one more", 1)
	all := rows(t, h)
	unread("after it has begun anew", 2)
	if _, err := h.Bank.IncomingHistory(withTimeout(t), h.Bank.Default(), instrument.Page{After: instrument.Seq(all[1].RowID), Limit: 1}, 0); err != nil {
		t.Fatal(err)
	}
	unread("after it has gone on behind all", 0)
}
