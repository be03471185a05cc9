package bank_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// rewrite changes a withdrawal behind the bank's back.
func rewrite(t testing.TB, h *banktest.House, id taler.WOPID, change func(*taler.Withdrawal)) {
	t.Helper()
	found, _, err := h.Bank.Withdrawal(withTimeout(t), id)
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

// Rows as every version so far has written them: their text is in databases, and
// what the exchange is sent is made of it.
const (
	oldIncoming = `{"type":"RESERVE","row_id":0,"date":{"t_s":1700000000},"amount":"CHF:20","debit_account":"payto://simulator-transaction/127.0.0.1/tx-1?receiver-name=Card\u0026x=1","reserve_pub":"041061050R3GG28A1C60T3GF208H44RM2MB1E60S38DHR78Z3Y10"}`
	oldOutgoing = `{"row_id":0,"date":{"t_s":1700000001},"amount":"CHF:5.5","credit_account":"payto://simulator-transaction/127.0.0.1/tx-1?receiver-name=Card","wtid":"041061050R3GG28A1C60T3GF208H44RM2MB1E60S38DHR78Z3Y10","exchange_base_url":"https://exchange.example.com/","metadata":"\"row_id\":0,"}`
)

// TestAnExistingHistoryIsServed: rows of an earlier version are sent as that
// version sent them, among rows of this one, which have the same form.
//
// Rows: pages.
func TestAnExistingHistoryIsServed(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	err := h.Bank.Instruments().Update(withTimeout(t), func(tx *instrument.Draft) error {
		for range 2 {
			if err := tx.Append(bank.Incoming, "", json.RawMessage(oldIncoming)); err != nil {
				return err
			}
		}
		return tx.Append(bank.Outgoing, "", json.RawMessage(oldOutgoing))
	})
	if err != nil {
		t.Fatal(err)
	}
	confirmed(t, h, "new", 3)
	h.Kill()
	h.Restart()

	row := func(text string, n int) string {
		return strings.Replace(text, `"row_id":0`, fmt.Sprintf(`"row_id":%d`, n), 1)
	}
	account, err := json.Marshal(h.Bank.Default().Account)
	if err != nil {
		t.Fatal(err)
	}
	page, err := h.Bank.IncomingHistory(withTimeout(t), h.Bank.Default(), instrument.Page{Limit: 2}, 0)
	if want := fmt.Sprintf(`{"credit_account":%s,"incoming_transactions":[%s,%s]}`, account, row(oldIncoming, 1), row(oldIncoming, 2)); err != nil || string(page) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, page, want)
	}
	page, err = h.Bank.OutgoingHistory(withTimeout(t), h.Bank.Default(), instrument.Page{Limit: 5}, 0)
	if want := fmt.Sprintf(`{"debit_account":%s,"outgoing_transactions":[%s]}`, account, row(oldOutgoing, 1)); err != nil || string(page) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, page, want)
	}
	if all := rows(t, h); len(all) != 3 || all[1].Amount != all[2].Amount || all[2].ReservePub != key(3) {
		t.Errorf("the exchange reads %+v", all)
	}
	entries, err := h.Bank.Instruments().Journal(withTimeout(t), bank.Incoming, instrument.Page{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	shape := regexp.MustCompile(`:("[^"]*"|\d+)`)
	if was, is := shape.ReplaceAllString(oldIncoming, ":"), shape.ReplaceAllString(string(entries[2].Body), ":"); was != is {
		t.Errorf("new rows are kept as\n%s\nand old ones as\n%s", is, was)
	}
}
