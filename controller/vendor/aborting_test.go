package vendor_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// TestNobodyPaysWhatIsBeingAborted: the wallet's payment comes after the terminal has
// looked that nobody is paying, and before the bank has aborted the withdrawal.
func TestNobodyPaysWhatIsBeingAborted(t *testing.T) {
	var c *cast
	var shop comm.Peer
	var paid error
	mine, once := newPurse(t, 1), sync.Once{}
	var id taler.WOPID
	c = newCastAt(t, func(h *banktest.House) string {
		return served(t, h.URL, nil, func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodDelete {
				once.Do(func() { paid = newWallet(t, c).pay(t, shop, id, mine) })
			}
			return false
		})
	})
	shop = c.open(t)
	selects, ended := c.selects(t, mine), make(chan error, 1)
	person := &customer{on: func(e vendor.Event) {
		if selects(e); e.Event != vendor.EventPay {
			return
		}
		go func() {
			all, err := c.Withdrawals(t.Context())
			if err == nil {
				id = all[0].WOPID
				err = c.Abort(t.Context(), &all[0], "they went away")
			}
			ended <- err
		}()
	}}
	_, sold := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, person) // refused, as aborted or by who aborts it
	check(t, <-ended)
	w, err := c.Find(t.Context(), id)
	check(t, err)
	if sold == nil || w.Status != taler.TerminalAborted || fault.ReasonOf(paid) != "being-aborted" || c.cards.Times() != 0 {
		t.Errorf("it is %s, %v; the wallet that paid was told %v; charged %d times", w.Status, sold, paid, c.cards.Times())
	}
}

// TestNoPaymentGoesOnDuringAnAbort, not even one whose last look was before it.
func TestNoPaymentGoesOnDuringAnAbort(t *testing.T) {
	if c := newCast(t); c.GoesOnDuringAnAbort() {
		t.Error("it goes on")
	}
}

// TestNobodyAbortsWhatIsBeingPaid: the card is at the provider, and whoever gives the withdrawal up
// then is told so. The bank is asked for nothing, and the customer gets their cash.
func TestNobodyAbortsWhatIsBeingPaid(t *testing.T) {
	var asked atomic.Int32
	c := newCastAt(t, func(h *banktest.House) string {
		return served(t, h.URL, nil, func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodDelete {
				asked.Add(1)
			}
			return false
		})
	})
	shop, mine := c.open(t), newPurse(t, 1)
	withdrawal := func() vendor.Withdrawal {
		all, err := c.Withdrawals(t.Context())
		if err != nil || len(all) != 1 {
			t.Errorf("%d withdrawals, %v", len(all), err)
		}
		return all[0]
	}
	var aborted error
	c.cards.Meanwhile(sync.OnceFunc(func() {
		w := withdrawal()
		aborted = c.Abort(t.Context(), &w, "they went away")
	}))
	selects, paid := c.selects(t, mine), make(chan error, 1)
	person := &customer{on: func(e vendor.Event) {
		if selects(e); e.Event == vendor.EventPay {
			go func() { paid <- newWallet(t, c).pay(t, shop, withdrawal().WOPID, mine) }()
		}
	}}
	_, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, person)
	check(t, err)
	check(t, <-paid)
	if w := withdrawal(); fault.ReasonOf(aborted) != "payment-under-way" || fault.From(aborted).Hint == "" || asked.Load() != 0 || w.Status != taler.TerminalConfirmed || c.cards.Times() != 1 {
		t.Errorf("who gave it up was told %v, the bank asked %d times; it is %s, charged %d times", aborted, asked.Load(), w.Status, c.cards.Times())
	}
}
