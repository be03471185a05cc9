package prepaid

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// A vendor cannot talk a wallet out of money: a receipt for something else, or
// one that cannot be true, leaves the payment held back until a true one comes.
func TestAWalletDoesNotBelieveAnotherReceipt(t *testing.T) {
	for _, row := range []struct {
		name   string
		forge  func(*receipt)
		resign bool         // by the vendor itself
		reason fault.Reason // empty: of the payment all is true, of the account it is not
	}{
		{"an amount changed on the way", func(r *receipt) { r.Amount = sum("CHF:1") }, false, "receipt-differs"},
		{"a statement changed on the way", func(r *receipt) { r.Statement.Credited = sum("CHF:99") }, false, "receipt-differs"},
		{"no signature", func(r *receipt) { r.Signature = nil }, false, "receipt-differs"},
		{"another key", func(r *receipt) {
			k := newKey(make([]byte, 32))
			r.Key, r.Signature = k.public(), nil
			text, _ := r.text()
			r.Signature, _ = k.sign(text)
		}, false, "receipt-differs"},
		{"another payment", func(r *receipt) { r.Payment = "x" }, true, "receipt-differs"},
		{"another amount", func(r *receipt) { r.Amount = sum("CHF:3") }, true, "receipt-differs"},
		{"another counter", func(r *receipt) { r.Counter = 1 }, true, "receipt-differs"},
		{"another account", func(r *receipt) { r.Statement.Account = "x" }, true, "receipt-differs"},
		{"a counter that is not taken", func(r *receipt) { r.Statement.High, r.Statement.Holes = 2, []uint64{2} }, true, "receipt-differs"},
		{"more spent than signed", func(r *receipt) { r.Statement.Spent = sum("CHF:3.5") }, true, ""},
		{"less credited than before", func(r *receipt) { r.Statement.Credited = sum("CHF:9") }, true, ""},
		{"less spent than before", func(r *receipt) { r.Statement.Spent = sum("CHF:0.5") }, true, ""},
		{"another currency", func(r *receipt) { r.Statement.Refunded = sum("EUR:0") }, true, ""},
		{"a counter that was never used", func(r *receipt) { r.Statement.High = 7 }, true, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := openHouse(t)
			at := h.charged("CHF:10")
			if _, err := h.pay(at, "CHF:1"); err != nil {
				t.Fatal(err)
			}
			key := h.ledger(at).Key
			h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil && f.Executed.Fault == nil {
					var r receipt
					_ = json.Unmarshal(f.Executed.Result, &r)
					row.forge(&r)
					if row.resign {
						text, _ := r.text()
						r.Signature, _ = key.sign(text)
					}
					f.Executed.Result = raw(r)
				}
				return protocoltest.Deliver
			})
			_, err := h.pay(at, "CHF:2")
			if row.reason != "" {
				wantFault(t, err, fault.Unknown, row.reason)
			} else if err != nil { // it was taken, says the vendor's signature
				t.Fatal(err)
			}
			if p := h.purse(at); p.Balance != sum("CHF:7") || len(p.Open) != 1 || p.Behind != (row.reason == "") {
				t.Fatalf("the purse is %+v", p)
			}
			if row.reason == "" {
				_, err := h.ask(opBalance, at, nil)
				wantFault(t, err, fault.Unknown, "statement-differs")
			}
			h.Wire.OnFrame(nil)
			h.learn(at) // the truth settles it
			if p := h.purse(at); p.Balance != sum("CHF:7") || len(p.Open) != 0 {
				t.Errorf("the purse is %+v", p)
			}
			h.conserved(at)
		})
	}
}

// A vendor that does not say what became of a payment has perhaps taken it.
func TestWhatNobodyKnowsStaysHeldBack(t *testing.T) {
	for kind, held := range map[fault.Kind]bool{
		fault.Unknown: true, fault.Internal: true, fault.Stuck: true, fault.Locked: true, fault.Declined: false, fault.Conflict: false,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			h := openHouse(t)
			at := h.charged("CHF:10")
			h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil {
					f.Executed.Result, f.Executed.Fault = nil, fault.New(kind, "no").Because("x")
				}
				return protocoltest.Deliver
			})
			_, err := h.pay(at, "CHF:2")
			wantFault(t, err, kind, "x")
			if p := h.purse(at); held != (len(p.Open) == 1) || held != (p.Balance == sum("CHF:8")) {
				t.Errorf("the purse is %+v", p)
			}
		})
	}
}
