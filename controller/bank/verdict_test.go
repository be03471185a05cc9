package bank_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestVerdicts: what the provider says decides, and stays on record with its own
// words. Only a confirmed withdrawal is in the exchange's history.
//
// Rows: provider decides.
func TestVerdicts(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Fees: amount(t, "CHF:1")})
	confirmed := 0
	for name, c := range map[string]struct {
		pay    banktest.Payment
		want   taler.State
		reason string
	}{
		"paid":            {banktest.Payment{State: "paid", Amount: amount(t, "CHF:21")}, taler.StateConfirmed, ""},
		"paid more":       {banktest.Payment{State: "paid", Amount: amount(t, "CHF:50")}, taler.StateConfirmed, ""},
		"paid less":       {banktest.Payment{State: "paid", Amount: amount(t, "CHF:20.99")}, taler.StateAborted, "the payment of CHF:20.99 is less than CHF:21"},
		"other currency":  {banktest.Payment{State: "paid", Amount: amount(t, "EUR:21")}, taler.StateAborted, "the payment is in another currency"},
		"other reference": {banktest.Payment{State: "paid", Amount: amount(t, "CHF:21"), Reference: "an invoice"}, taler.StateAborted, "the payment has the reference of something else"},
		"refunded":        {banktest.Payment{State: "paid", Amount: amount(t, "CHF:21"), Refunded: amount(t, "CHF:5")}, taler.StateAborted, "the payment was refunded"},
		"declined":        {banktest.Payment{State: "failed", Amount: amount(t, "CHF:21")}, taler.StateAborted, "the provider says that the payment failed"},
	} {
		t.Run(name, func(t *testing.T) {
			id := selected(t, h, name, taler.EddsaPublicKey(fmt.Appendf(nil, "%032s", name)))
			tx := "tx-" + strings.ReplaceAll(name, " ", "-")
			if c.pay.ID == "" {
				c.pay.ID = tx
			}
			if c.pay.Reference == "" {
				c.pay.Reference = id.Text()
			}
			h.Provider.PutAs(tx, c.pay)
			notify(t, h, id, tx)
			w := decision(t, h, id)
			if w.State != c.want || w.AbortReason != c.reason {
				t.Errorf("it is %s because %q, want %s, %q", w.State, w.AbortReason, c.want, c.reason)
			}
			var proof struct{ ID, State string }
			if err := json.Unmarshal(w.Proof, &proof); err != nil || proof.State != c.pay.State || proof.ID != c.pay.ID {
				t.Errorf("the proof is %s: %v", w.Proof, err)
			}
			if w.State == taler.StateConfirmed {
				confirmed++
			}
			if got := len(rows(t, h)); got != confirmed {
				t.Errorf("%d rows after %d confirmations", got, confirmed)
			}
		})
	}
}

// TestAProviderThatIsNotReady is asked again until it is: it does not know the
// payment yet, is down, or has not decided.
func TestAProviderThatIsNotReady(t *testing.T) {
	for name, c := range map[string]struct {
		before, after func(h *banktest.House, paid banktest.Payment)
	}{
		"answers for another one": {
			func(h *banktest.House, paid banktest.Payment) {
				id := paid.ID
				paid.ID = "another"
				h.Provider.PutAs(id, paid)
			},
			func(h *banktest.House, paid banktest.Payment) { h.Provider.Put(paid) },
		},
		"does not know it": {
			func(*banktest.House, banktest.Payment) {},
			func(h *banktest.House, paid banktest.Payment) { h.Provider.Put(paid) },
		},
		"is down": {
			func(h *banktest.House, paid banktest.Payment) { h.Provider.Put(paid); h.Provider.Break(paid.ID, 500) },
			func(h *banktest.House, paid banktest.Payment) { h.Provider.Break(paid.ID, 0) },
		},
		"has not decided": {
			func(h *banktest.House, paid banktest.Payment) { paid.State = "pending"; h.Provider.Put(paid) },
			func(h *banktest.House, paid banktest.Payment) { h.Provider.Put(paid) },
		},
		"says something new": {
			func(h *banktest.House, paid banktest.Payment) { paid.State = "authorised"; h.Provider.Put(paid) },
			func(h *banktest.House, paid banktest.Payment) { h.Provider.Put(paid) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, banktest.Options{Asking: hasty})
			id := selected(t, h, "u", key(1))
			paid := banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()}
			c.before(h, paid)
			notify(t, h, id, "tx")
			if err := h.Provider.WaitAsked(withTimeout(t), "tx", 4); err != nil {
				t.Fatal(err)
			}
			if w := look(t, h, id); w.State != taler.StateSelected {
				t.Fatalf("it was decided on nothing: %s", w.State)
			}
			refused(t, h.Bank.AbortByWallet(withTimeout(t), id), fault.Conflict, taler.ReasonAbortConfirmConflict)
			refused(t, h.Bank.AbortByTerminal(withTimeout(t), till(t, h), id), fault.Conflict, taler.ReasonAbortConfirmConflict)
			if look(t, h, id).Unfound == 0 {
				refused(t, h.Bank.AbortByOperator(withTimeout(t), id, "impatience"), fault.Conflict, taler.ReasonAbortConfirmConflict)
			}
			c.after(h, paid)
			if w := decision(t, h, id); w.State != taler.StateConfirmed {
				t.Errorf("it became %s: %s", w.State, w.AbortReason)
			}
		})
	}
}

// TestAskedAgainAtOnce: with pauses that no test survives, a repeated notice and
// the operator's retry are heard.
func TestAskedAgainAtOnce(t *testing.T) {
	for name, again := range map[string]func(t *testing.T, h *banktest.House, id taler.WOPID){
		"notice": func(t *testing.T, h *banktest.House, id taler.WOPID) { notify(t, h, id, "tx") },
		"retry": func(t *testing.T, h *banktest.House, id taler.WOPID) {
			if decided, err := h.Bank.Retry(withTimeout(t), id); err != nil || !decided {
				t.Errorf("%v, %v", decided, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, banktest.Options{Asking: bank.Asking{First: time.Hour, Longest: time.Hour}})
			id := selected(t, h, "u", key(1))
			_, err := h.Bank.Retry(withTimeout(t), id)
			refused(t, err, fault.Conflict, "nothing-to-verify")
			notify(t, h, id, "tx")
			if err := h.Provider.WaitAsked(withTimeout(t), "tx", 1); err != nil {
				t.Fatal(err)
			}
			h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
			again(t, h, id)
			if w := decision(t, h, id); w.State != taler.StateConfirmed {
				t.Errorf("it became %s", w.State)
			}
			_, err = h.Bank.Retry(withTimeout(t), id)
			refused(t, err, fault.Conflict, "nothing-to-verify")
		})
	}
}

// TestOnePaymentBuysOnce: a provider that says yes to every reference cannot sell
// one payment twice.
//
// Rows: row once.
func TestOnePaymentBuysOnce(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	one, two := selected(t, h, "one", key(1)), selected(t, h, "two", key(2))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: one.Text()})
	notify(t, h, one, "tx")
	if w := decision(t, h, one); w.State != taler.StateConfirmed {
		t.Fatalf("the first is %s", w.State)
	}
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: two.Text()})
	notify(t, h, two, "tx")
	if w := decision(t, h, two); w.State != taler.StateAborted || w.AbortReason != "the payment belongs to another withdrawal" {
		t.Errorf("the second is %s because %q", w.State, w.AbortReason)
	}
	if got := rows(t, h); len(got) != 1 || got[0].ReservePub != key(1) {
		t.Errorf("the history is %+v", got)
	}
}

// TestOneHangsAndOthersGoOn: answers about one payment, or from one whole
// provider, that do not come hold up nobody else.
func TestOneHangsAndOthersGoOn(t *testing.T) {
	h := open(t, banktest.Options{Asking: bank.Asking{First: time.Millisecond, AtOnce: 2}})
	ctx := withTimeout(t)
	slow := banktest.NewProvider()
	if err := h.AddProvider("slow", slow); err != nil {
		t.Fatal(err)
	}
	login, token, err := h.Bank.AddTerminal(ctx, "slow-till", "slow")
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Bank.Profiles().Login(ctx, "terminal", login, token)
	if err != nil {
		t.Fatal(err)
	}
	var hung []taler.WOPID
	for n := range 4 { // twice as many as may ask at once
		made, err := h.Bank.SetUp(ctx, p, taler.TerminalWithdrawalSetup{RequestUID: fmt.Sprint(n), Amount: amount(t, "CHF:20")})
		if err != nil {
			t.Fatal(err)
		}
		id, tx := made.WithdrawalID, fmt.Sprint("tx-", n)
		if _, err := h.Bank.Select(ctx, id, taler.BankWithdrawalOperationPostRequest{ReservePub: key(byte(n + 1)), SelectedExchange: banktest.ExchangeAccount}); err != nil {
			t.Fatal(err)
		}
		slow.Put(banktest.Payment{ID: tx, State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
		defer slow.Hold(tx)()
		if err := h.Bank.Confirm(ctx, p, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: tx}); err != nil {
			t.Fatal(err)
		}
		hung = append(hung, id)
	}
	id := selected(t, h, "u", key(9))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "tx")
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("it became %s", w.State)
	}
	if n := slow.Asked("tx-0") + slow.Asked("tx-1") + slow.Asked("tx-2") + slow.Asked("tx-3"); n > 2 {
		t.Errorf("it had to wait until the hanging questions were given up: %d were asked", n)
	}
	for _, id := range hung {
		if w := look(t, h, id); w.State != taler.StateSelected {
			t.Errorf("one of the others became %s", w.State)
		}
	}
}

// TestAWedgedCheck: a class that never returns from Check holds up only the
// withdrawal that it is asked about.
func TestAWedgedCheck(t *testing.T) {
	wedge := newWedge()
	h := open(t, banktest.Options{Asking: hasty, Bundles: wedge.bundles()})
	defer wedge.release()
	stuck := setUp(t, h, "stuck")
	wedge.on(stuck)
	done := make(chan error, 1)
	go func() {
		_, err := h.Bank.Select(withTimeout(t), stuck, taler.BankWithdrawalOperationPostRequest{ReservePub: key(1), SelectedExchange: banktest.ExchangeAccount})
		done <- err
	}()
	<-wedge.wedged
	id := selected(t, h, "u", key(2))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "tx")
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("it became %s", w.State)
	}
	wedge.release()
	if err := <-done; err != nil {
		t.Errorf("the wedged one, once let go: %v", err)
	}
}

// TestVerdictIsOneCommit: status, claim and row of a confirmation become visible
// together, and so are gone together.
func TestVerdictIsOneCommit(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	id := selected(t, h, "u", key(1))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	release := h.Provider.Hold("tx")
	notify(t, h, id, "tx")
	if err := h.Provider.WaitAsked(withTimeout(t), "tx", 1); err != nil {
		t.Fatal(err)
	}
	before := h.DB.Stats()
	release()
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Fatalf("it became %s", w.State)
	}
	if after := h.DB.Stats(); after.Units-before.Units != 1 || after.Commits-before.Commits != 1 {
		t.Errorf("the verdict took %d units in %d commits", after.Units-before.Units, after.Commits-before.Commits)
	}
	if _, err := h.Bank.Instruments().Find(withTimeout(t), bank.ClassWithdrawal, "provider_tx", "cards/tx"); err != nil {
		t.Errorf("the payment is not claimed: %v", err)
	}
	entries, err := h.Bank.Instruments().Journal(withTimeout(t), bank.Incoming, instrument.Page{Limit: 10})
	if err != nil || len(entries) != 1 || entries[0].Status != string(taler.StateConfirmed) {
		t.Errorf("the journal has %+v, %v", entries, err)
	}
}
