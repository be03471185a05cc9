package prepaid

import (
	"fmt"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestRefundsAreNoMoreThanThePayment(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:10")
	r, err := h.pay(at, "CHF:6")
	if err != nil {
		t.Fatal(err)
	}
	first := instrument.OperationID(fmt.Sprintf("%032x", 1))
	for range 3 { // the same refund again is the same refund
		if err := h.refund(first, r.Payment, "CHF:4"); err != nil {
			t.Fatal(err)
		}
	}
	wantFault(t, h.refund("", r.Payment, "CHF:2.01"), fault.Declined, "refund-too-large")
	wantFault(t, h.refund("", r.Payment, "EUR:1"), fault.Declined, "refund-too-large")
	wantFault(t, h.refund("", "nothing", ""), fault.NotFound, "payment-unknown")
	for range 2 { // all that is left; then another asks again, and it has come back
		if err := h.refund("", r.Payment, ""); err != nil {
			t.Fatal(err)
		}
	}
	wantFault(t, h.refund("", r.Payment, "CHF:0.01"), fault.Declined, "refund-too-large")
	if l := h.ledger(at); l.Balance != sum("CHF:10") || l.Refunded != sum("CHF:6") {
		t.Errorf("the ledger is %+v", l)
	}
	if p := h.purse(at); p.Balance != sum("CHF:4") {
		t.Errorf("the wallet knows of a refund that it was not told of: %s", p.Balance)
	}
	h.learn(at)
	if p := h.purse(at); p.Balance != sum("CHF:10") {
		t.Errorf("the wallet has %s", p.Balance)
	}
	h.conserved(at)
}

// A wallet that its vendor's controller lets have a refund gets it into the account
// that paid, however often and under whichever operations it asks.
func TestAWalletGetsBackWhatItPaid(t *testing.T) {
	for _, id := range []string{signedID, plainID} {
		t.Run(id, func(t *testing.T) {
			h := openHouse(t)
			at := h.charged("CHF:10")
			h.id = id
			paid, err := h.pay(at, "CHF:4")
			fine(t, err)
			for n := range 3 {
				got, err := h.ask(protocol.Refund, at, returned{Payment: paid.Payment})
				if err != nil || got.Payment != paid.Payment || got.Amount != sum("CHF:4") {
					t.Fatalf("refund %d: %+v, %v", n, got, err)
				}
			}
			if p := h.purse(at); p.Balance != sum("CHF:10") || p.Statement.Refunded != sum("CHF:4") {
				t.Errorf("the wallet can spend %s", p.Balance)
			}
			_, err = h.ask(protocol.Refund, at, returned{Payment: paid.Payment, Amount: sum("CHF:0.01")})
			wantFault(t, err, fault.Declined, "refund-too-large")
			_, err = h.ask(protocol.Refund, at, returned{Payment: "nothing"})
			wantFault(t, err, fault.NotFound, "payment-unknown")
			h.conserved(at)
		})
	}
}

// Who does not hold the account that paid gets nothing out of its payments.
func TestARefundGoesToTheAccountThatPaid(t *testing.T) {
	h := openHouse(t)
	at, other := h.charged("CHF:10"), h.charged("CHF:10")
	paid, err := h.pay(at, "CHF:4")
	fine(t, err)
	_, err = h.ask(protocol.Refund, other, returned{Payment: paid.Payment})
	wantFault(t, err, fault.Denied, "signature-wrong")
	if p := h.paid(paid.Payment); !p.Refunded.IsZero() {
		t.Errorf("refunded %s", p.Refunded)
	}
}

func TestManyRefundsAtOnce(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:10")
	r, err := h.pay(at, "CHF:5")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := h.refund("", r.Payment, "CHF:1"); err != nil && fault.KindOf(err) != fault.Declined && fault.KindOf(err) != fault.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if p := h.paid(r.Payment); p.Refunded != sum("CHF:5") || len(p.Refunds) != 5 {
		t.Errorf("refunded %s", p.Refunded)
	}
	h.conserved(at)
}
