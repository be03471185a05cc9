package vendor_test

import (
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// doubtful is a payment by card and from an account of which nobody could say whether the card
// was charged. It was.
func doubtful(t *testing.T, cardFirst bool) (c *cast, v *visit, w *client.Wallet, name string) {
	t.Helper()
	c = newCast(t)
	shop := c.open(t)
	v = c.visit(t, shop)
	check(t, v.payIn(v.number, "first", "CHF:20"))
	check(t, checkBalance(v, "CHF:20"))
	c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = true, true })
	w = client.New(v.Controller, v.me, nil)
	op, err := v.OperationID("both")
	check(t, err)
	shares := []client.Share{{Instrument: v.card, Amount: amount(t, "CHF:4")}, {Instrument: v.account, Amount: amount(t, "CHF:6")}}
	if !cardFirst {
		slices.Reverse(shares)
	}
	got, err := w.PayTogether(t.Context(), client.Together{Peer: shop, Operation: op, Amount: amount(t, "CHF:10"), Shares: shares}, content{})
	if got.Status != client.PaymentOpen || fault.ReasonOf(err) != "pending" {
		t.Fatalf("it is %s: %v", got.Status, err)
	}
	c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = false, false })
	c.cards.Settle()
	return c, v, w, string(got.Operation)
}

// What may have been paid is not given up for something else that is refused since, nor by a
// word that is for what was not paid: the next operation of the part finds it.
func TestWhatMayHaveBeenPaidIsNotGivenUp(t *testing.T) {
	for what, does := range map[string]func(*testing.T, *cast, *client.Wallet, string) (client.Whole, error){
		"wanted back": func(t *testing.T, _ *cast, w *client.Wallet, name string) (client.Whole, error) {
			return w.RefundPayment(t.Context(), name)
		},
		"abandoned": func(t *testing.T, _ *cast, w *client.Wallet, name string) (client.Whole, error) {
			return w.AbandonPayment(t.Context(), name)
		},
		"the shop takes no cards any more": func(t *testing.T, c *cast, w *client.Wallet, name string) (client.Whole, error) {
			all, err := c.Providers(t.Context())
			check(t, err)
			check(t, c.RemoveProvider(t.Context(), "cards"))
			defer func() {
				all[0].Name = "cards again"
				check(t, c.AddProvider(t.Context(), all[0]))
			}()
			return w.ResumePayment(t.Context(), name, client.Nobody{})
		},
		"the customer is above their limits": func(t *testing.T, c *cast, w *client.Wallet, name string) (client.Whole, error) {
			id := instrument.PrincipalID("customer:" + w.Self().Key)
			limit := func(l profile.Limits) {
				check(t, c.Profiles().Change(t.Context(), id, func(p *profile.Principal) error { p.Limits = l; return nil }))
			}
			check(t, c.AddCustomer(t.Context(), vendor.Customer{Name: "Ada", Key: w.Self().Key}))
			limit(profile.Limits{PerOperation: map[string]instrument.Amount{"CHF": amount(t, "CHF:1")}})
			defer limit(profile.Limits{})
			return w.ResumePayment(t.Context(), name, client.Nobody{})
		},
	} {
		t.Run(what, func(t *testing.T) {
			c, v, w, name := doubtful(t, true)
			charged := c.cards.Times()
			_, err := does(t, c, w, name)
			got, missing := w.FindPayment(t.Context(), name)
			check(t, missing)
			if err == nil || got.Status != client.PaymentOpen || got.Parts[0].State != client.PartWaiting {
				t.Fatalf("it is %s, %s, %v", got.Status, got.Parts[0].State, err)
			}
			first := got.Parts[0].Operation
			got, err = w.ResumePayment(t.Context(), name, client.Nobody{})
			if err != nil || got.Status != client.PaymentPaid || c.cards.Times() != charged {
				t.Errorf("then it is %s, %v; charged %d times more", got.Status, err, c.cards.Times()-charged)
			}
			check(t, checkBalance(v, "CHF:14"))
			if _, err := c.Refund(t.Context(), string(first)); fault.KindOf(err) != fault.NotFound || c.cards.Refunds() != 0 {
				t.Errorf("what another operation has paid is given back: %v; %d refunds", err, c.cards.Refunds())
			}
		})
	}
}

// It is given up by the payer's word alone, and what certainly was paid comes back.
func TestWhatMayHaveBeenPaidIsForgone(t *testing.T) {
	for status, cardFirst := range map[string]bool{client.PaymentAborted: true, client.PaymentRefunded: false} {
		t.Run(status, func(t *testing.T) {
			_, v, w, name := doubtful(t, cardFirst)
			got, err := w.ForgoPayment(t.Context(), name)
			if err != nil || got.Status != status {
				t.Errorf("it is %s: %v", got.Status, err)
			}
			check(t, checkBalance(v, "CHF:20"))
		})
	}
}

// However often a part is tried while its provider has not decided: what it has charged is found
// when it has.
func TestAPartThatIsLongInDoubtIsPaidAtLast(t *testing.T) {
	c, _, w, name := doubtful(t, true)
	charged := c.cards.Times()
	c.cards.Be(func(m *banktest.Mood) { m.Queued = true }) // it does not show it yet
	for range 40 {
		if got, err := w.ResumePayment(t.Context(), name, client.Nobody{}); got.Status != client.PaymentOpen || got.Parts[0].State != client.PartWaiting {
			t.Fatalf("it is %s, %v", got.Status, err)
		}
	}
	c.cards.Settle()
	got, err := w.ResumePayment(t.Context(), name, client.Nobody{})
	if err != nil || got.Status != client.PaymentPaid || c.cards.Times() != charged {
		t.Errorf("it is %s, %v; charged %d times more", got.Status, err, c.cards.Times()-charged)
	}
	all, err := c.AllPayments(t.Context())
	check(t, err)
	if back, err := c.Refund(t.Context(), string(all[0].Parts[0].Operation)); err != nil || !back.Done {
		t.Errorf("%+v, %v", back, err)
	}
}
