package vendor_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/protocol"
)

// asked is a customer who does something when they are asked for their wallet.
type asked struct {
	customer
	does func()
}

func (a *asked) SameWallet(ctx context.Context, groups string) (bool, error) {
	a.does()
	return a.customer.SameWallet(ctx, groups)
}

// TestNobodyPaysWhatABankThatIsAwayIsToAbort: whoever gave the withdrawal up did not wait
// until the bank answers, and the operation goes on: it arrives once the bank is back.
func TestNobodyPaysWhatABankThatIsAwayIsToAbort(t *testing.T) {
	for _, card := range []string{"approved", ""} {
		t.Run("card "+card, func(t *testing.T) {
			var away atomic.Bool
			away.Store(true)
			left := make(chan struct{}, 64)
			c := newCastAt(t, func(h *banktest.House) string {
				return served(t, h.URL, nil, func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method != http.MethodDelete || !away.Load() {
						return false
					}
					w.WriteHeader(http.StatusServiceUnavailable)
					select {
					case left <- struct{}{}:
					default:
					}
					return true
				})
			})
			shop, mine := c.open(t), newPurse(t, 1)
			giveUp := func() {
				all, err := c.Withdrawals(t.Context())
				check(t, err)
				ctx, cut := context.WithCancel(t.Context())
				go func() { <-left; cut() }()
				if err := c.Abort(ctx, &all[0], "they went away"); fault.ReasonOf(err) != protocol.ReasonPending {
					t.Errorf("the abort: %v", err)
				}
			}
			var paid error
			selects := c.selects(t, mine)
			person := &asked{customer: customer{on: func(e vendor.Event) {
				if selects(e); e.Event == vendor.EventPay {
					go func() {
						defer away.Store(false)
						giveUp()
						all, err := c.Withdrawals(t.Context())
						check(t, err)
						paid = newWallet(t, c).pay(t, shop, all[0].WOPID, mine)
					}()
				}
			}}, does: giveUp}
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: card}, person)
			if card == "" {
				err = paid
			}
			away.Store(false)
			if fault.ReasonOf(err) != "being-aborted" || c.cards.Times() != 0 {
				t.Errorf("it is %s: %v; charged %d times", w.Status, err, c.cards.Times())
			}
		})
	}
}

// TestNobodyPaysWhatWasAborted beside, if the bank cannot be asked any more.
func TestNobodyPaysWhatWasAborted(t *testing.T) {
	var away atomic.Bool
	c := newCastAt(t, func(h *banktest.House) string {
		return served(t, h.URL, nil, func(w http.ResponseWriter, _ *http.Request) bool {
			if away.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return away.Load()
		})
	})
	person := &asked{customer: customer{on: c.selects(t, newPurse(t, 1))}, does: func() {
		all, err := c.Withdrawals(t.Context())
		check(t, err)
		check(t, c.Abort(t.Context(), &all[0], "they went away"))
		away.Store(true)
	}}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, person)
	if w.Status != taler.TerminalAborted || err == nil || c.cards.Times() != 0 {
		t.Errorf("it is %s: %v; charged %d times", w.Status, err, c.cards.Times())
	}
}

// late is a customer who accepts what somebody else is giving up.
type late struct {
	customer
	before func()
}

func (l *late) Accept(ctx context.Context, q vendor.Quote) (bool, error) {
	l.before()
	return l.customer.Accept(ctx, q)
}

// Whoever goes on with a withdrawal that another process is changing is told that, and not of the lock
// on some instrument.
func TestAnotherProcessIsAtWork(t *testing.T) {
	left := make(chan struct{}, 64)
	c := newCastAt(t, func(h *banktest.House) string {
		return served(t, h.URL, nil, func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodDelete {
				return false
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			select {
			case left <- struct{}{}:
			default:
			}
			return true
		})
	})
	person := &late{before: func() {
		all, err := c.Withdrawals(t.Context())
		check(t, err)
		ctx, cut := context.WithCancel(t.Context())
		go func() { <-left; cut() }()
		if err := c.Abort(ctx, &all[0], "they went away"); fault.ReasonOf(err) != protocol.ReasonPending {
			t.Errorf("the abort: %v", err)
		}
	}}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, person)
	f := fault.From(err)
	if err == nil || f.Kind != fault.Locked || f.Message != "another process is at work on the withdrawal" || f.Hint != "go on with `terminal resume "+w.Short()+"`" {
		t.Errorf("%v", err)
	}
}
