package prepaid

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// What was paid in since the last statement can be spent at once: the payment asks for it.
func TestAPaymentAsksForWhatWasPaidIn(t *testing.T) {
	for _, id := range []string{signedID, plainID} {
		t.Run(id, func(t *testing.T) {
			h := openHouse(t)
			h.id = id
			at := h.open()
			for _, source := range []string{"first", "second"} {
				if err := h.credit(at, "CHF:2", source); err != nil {
					t.Fatal(err)
				}
				for _, price := range []string{"CHF:1.50", "CHF:0.50"} {
					if _, err := h.pay(at, price); err != nil {
						t.Fatal(err)
					}
				}
			}
			if p := h.purse(at); !p.Balance.IsZero() || len(p.Open) > 0 || p.Statement.Credited != sum("CHF:4") {
				t.Errorf("the purse is %+v", p)
			}
			h.conserved(at)
		})
	}
}

// One that is too small all the same pays nothing, and neither side keeps waiting.
func TestWhatIsTooSmallAllTheSame(t *testing.T) {
	h := openHouse(t)
	at := h.open()
	if err := h.credit(at, "CHF:0.50", "card"); err != nil {
		t.Fatal(err)
	}
	_, err := h.pay(at, "CHF:1")
	wantFault(t, err, fault.Declined, "balance-too-small")
	if p := h.purse(at); p.Balance != sum("CHF:0.50") || p.Counter != 0 || len(p.Open) > 0 {
		t.Errorf("the purse is %+v", p)
	}
	if l := h.ledger(at); l.High != 0 || !l.Spent.IsZero() {
		t.Errorf("the ledger is %+v", l)
	}
	h.learn(at) // what the wallet has ended rides with it, or has been under way before it
	h.nothingRuns()
	h.conserved(at)
}

// nothingRuns waits until the vendor has heard the end of each operation.
func (h *house) nothingRuns() {
	h.t.Helper()
	running, err := h.Servicer.Protocols.Records(h.t.Context(), protocol.Filter{State: protocol.Running})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	for _, r := range running {
		id, err := h.Servicer.Protocols.Named(ctx, string(r.ID))
		if err != nil {
			h.t.Fatal(err)
		}
		if _, err := h.Servicer.Protocols.Await(ctx, id); fault.ReasonOf(err) == protocol.ReasonPending {
			h.t.Errorf("the vendor still waits in %+v: %v", r, err)
		}
	}
}

// A vendor that lies in the middle of a payment is paid nothing.
func TestAStatementThatCannotBeTrueIsPaidNothing(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:1")
	if _, err := h.pay(at, "CHF:1"); err != nil {
		t.Fatal(err)
	}
	key := h.ledger(at).Key
	for name, forge := range map[string]func(*receipt){
		"receipt-differs":   func(r *receipt) { r.Statement.Credited = sum("CHF:9") },
		"statement-differs": func(r *receipt) { r.Statement.Credited, r.Statement.Spent = sum("CHF:9"), sum("CHF:5") },
	} {
		h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
			if f.From == protocol.Servicer && f.Said != nil {
				for n := range f.Said.Msgs {
					var r receipt
					_ = json.Unmarshal(f.Said.Msgs[n].Body, &r)
					if forge(&r); name == "statement-differs" {
						text, _ := r.text()
						r.Signature, _ = key.sign(text)
					}
					f.Said.Msgs[n].Body = raw(r)
				}
			}
			return protocoltest.Deliver
		})
		_, err := h.pay(at, "CHF:2")
		wantFault(t, err, fault.Unknown, fault.Reason(name))
		if p := h.purse(at); !p.Balance.IsZero() || p.Counter != 1 || len(p.Open) > 0 {
			t.Errorf("%s: the purse is %+v", name, p)
		}
	}
	h.conserved(at)
}

// Nobody but the holder is told what is in an account, also not in a payment, and who has asked
// pays behind it, or nothing.
func TestWhoMayAskWithinAPayment(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:1")
	other := h.open()
	h.sends(func(m *transfer, e comm.Execute) {
		if m.Account == h.purse(other).Account {
			m.Account = h.purse(at).Account
		}
	})
	_, err := h.pay(other, "CHF:1")
	wantFault(t, err, fault.Denied, "signature-wrong")
	if p := h.purse(other); !p.Balance.IsZero() || len(p.Open) > 0 {
		t.Errorf("the purse is %+v", p)
	}
	h.conserved(at)
}

// Either side dies at each frame of a payment that asks first: it is made once.
func TestAPaymentThatAsksSurvivesDeaths(t *testing.T) {
	for _, victim := range []protocol.Side{protocol.Initiator, protocol.Servicer} {
		over := false
		for at := int64(1); !over; at++ {
			t.Run(fmt.Sprint(victim, "/", at), func(t *testing.T) { over = dies(t, victim, at) })
		}
	}
}

// dies reports that the payment was over before.
func dies(t *testing.T, victim protocol.Side, at int64) bool {
	h := openHouse(t)
	account := h.open()
	if err := h.credit(account, "CHF:10", "card"); err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	died := make(chan struct{})
	h.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
		if n.Add(1) != at {
			return protocoltest.Deliver
		}
		close(died)
		return protocoltest.Drop
	})
	op, order := instrument.OperationID(fmt.Sprintf("%032x", 7)), h.payment(account, "CHF:4")
	ended := make(chan error, 1)
	go func() {
		_, err := h.execute(op, order)
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
		return true
	case <-died:
	}
	node, o := h.Initiator, protocoltest.Options{Role: comm.Client, Bundles: bundles(comm.Client), Reach: h.Wire.ToServicer}
	if victim == protocol.Servicer {
		node, o = h.Servicer, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(comm.Vendor)}
	}
	if err := node.Protocols.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Before, o.Clock = node, func() time.Time { return time.Unix(h.clock.Load(), 0) }
	next := protocoltest.NewNode(t, o)
	h.Wire.OnFrame(nil)
	h.Reborn(victim, next)
	h.learn(account) // what was asked for is known before the payment asks again
	if _, err := next.Protocols.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.execute(op, order); err != nil {
		t.Fatal(err)
	}
	if l, p := h.ledger(account), h.purse(account); l.Spent != sum("CHF:4") || p.Balance != sum("CHF:6") || len(p.Open) > 0 {
		t.Errorf("the ledger has %+v, the purse %+v", l, p)
	}
	h.conserved(account)
	return false
}
