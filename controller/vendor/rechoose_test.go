package vendor_test

import (
	"context"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// undecided is a customer who wants to pay with their wallet, and then by card.
type undecided struct {
	customer
	chosen []vendor.Means
}

func (u *undecided) Choose(context.Context, vendor.Withdrawal) (vendor.Means, error) {
	by := vendor.Means{}
	if len(u.chosen) > 0 {
		by.Card = "approved"
	}
	u.chosen = append(u.chosen, by)
	return by, nil
}

// Once a card is to pay, a wallet that comes after all is refused: the customer pays once.
func TestOtherMeansTakeThePlaceOfAWallet(t *testing.T) {
	c := newCast(t)
	shop, mine := c.open(t), newPurse(t, 1)
	selects, late := c.selects(t, mine), make(chan error, 1)
	u := &undecided{}
	u.on = func(e vendor.Event) {
		if selects(e); e.Event != vendor.EventPay {
			return
		}
		go func() {
			all, err := c.Withdrawals(t.Context())
			if err != nil {
				t.Error(err)
			}
			if c.Rechoose(all[0], vendor.Means{}) {
				t.Error("the same means are other means")
			}
			if !c.Rechoose(all[0], vendor.Means{Card: "approved"}) || c.Rechoose(all[0], vendor.Means{Card: "approved"}) {
				t.Error("they do not take its place, or twice")
			}
			late <- newWallet(t, c).pay(t, shop, all[0].WOPID, mine)
		}()
	}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, u)
	if err != nil || w.Status != taler.TerminalConfirmed || !slices.Equal(u.events, []string{"setup", "selected", "pay", "paid", "confirmed"}) {
		t.Errorf("%+v, %v, after %v", w, err, u.events)
	}
	if err := <-late; fault.ReasonOf(err) != taler.ReasonUnknownOperation || c.cards.Times() != 1 {
		t.Errorf("the wallet is told %v; %d charges", err, c.cards.Times())
	}
}

// Nothing takes the place of a wallet that is paying.
func TestOtherMeansDoNotTakeThePlaceOfAPayment(t *testing.T) {
	c := newCast(t)
	shop, mine := c.open(t), newPurse(t, 1)
	selects := c.selects(t, mine)
	u := &undecided{}
	paid := make(chan error, 1)
	c.cards.Meanwhile(func() {
		all, err := c.Withdrawals(t.Context())
		if err != nil || c.Rechoose(all[0], vendor.Means{Card: "approved"}) {
			t.Errorf("the card is being charged, and other means are taken; %v", err)
		}
	})
	u.on = func(e vendor.Event) {
		if selects(e); e.Event != vendor.EventPay {
			return
		}
		go func() {
			all, err := c.Withdrawals(t.Context())
			if err != nil {
				t.Error(err)
			}
			paid <- newWallet(t, c).pay(t, shop, all[0].WOPID, mine)
		}()
	}
	_, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, u)
	check(t, err)
	if err := <-paid; err != nil || len(u.chosen) != 1 || c.cards.Times() != 1 {
		t.Errorf("paid: %v, chosen %d times, %d charges", err, len(u.chosen), c.cards.Times())
	}
}
