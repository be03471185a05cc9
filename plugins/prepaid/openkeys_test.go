package prepaid

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// Over a line in clear nothing is signed, so anything may become of the key with which the vendor
// signs receipts. An account without it would believe no receipt ever: it stays opening, and opens
// when it is asked for once more.
func TestAnAccountIsNotOpenWithoutTheVendorsKey(t *testing.T) {
	for name, spoil := range map[string]func(string) string{
		"none":              func(string) string { return "" },
		"cut off":           func(k string) string { return k[:len(k)-1] },
		"another text":      func(k string) string { return "!" + k[1:] },
		"with a line break": func(k string) string { return k + "\n" },
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t)
			h.id = plainID
			h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil && f.Executed.Fault == nil {
					var r receipt
					_ = json.Unmarshal(f.Executed.Result, &r)
					r.Key = spoil(r.Key)
					f.Executed.Result = raw(r)
				}
				return protocoltest.Deliver
			})
			_, err := h.ask(opOpen, "", opened{"CHF"})
			wantFault(t, err, fault.Unknown, "receipt-differs")
			if hint := fault.From(err).Hint; strings.Contains(hint, "payment") || !strings.Contains(hint, opOpen) {
				t.Errorf("nothing was paid, and the hint is %q", hint)
			}
			h.Wire.OnFrame(nil)
			waiting, err := h.Initiator.Instruments.List(t.Context(), instrument.Filter{Class: accountID})
			if err != nil || len(waiting) != 1 || waiting[0].Status != opening {
				t.Fatalf("the wallet has %+v, %v", waiting, err)
			}
			at := waiting[0].ID
			if _, err := h.ask(opOpen, at, opened{"CHF"}); err != nil {
				t.Fatal(err)
			}
			if err := h.credit(at, "CHF:10", "card"); err != nil {
				t.Fatal(err)
			}
			h.learn(at)
			h.id = signedID // whose receipts are signed with that key
			if _, err := h.pay(at, "CHF:1"); err != nil {
				t.Error(err)
			}
			h.conserved(at)
		})
	}
}

// The number of an account is its key, in one spelling: with another text nobody could ever pay
// from it, and what a vendor finds by the number would be found by two.
func TestAVendorOpensAnAccountOfAKeyOnly(t *testing.T) {
	for name, spoil := range map[string]func(string) string{
		"nothing":          func(string) string { return "" },
		"with a colon":     func(k string) string { return k[:20] + ":" + k[21:] },
		"too long":         func(k string) string { return strings.Repeat(k, 2) },
		"another spelling": func(k string) string { return k + "=" },
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t)
			h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Execute != nil && len(f.Execute.Msgs) > 0 {
					var m request
					_ = json.Unmarshal(f.Execute.Msgs[0].Body, &m)
					f.Execute.Msgs[0].Body = raw(request{spoil(m.Account)})
				}
				return protocoltest.Deliver
			})
			_, err := h.ask(opOpen, "", opened{"CHF"})
			wantFault(t, err, fault.Invalid, "account-malformed")
			h.each(accountID, func(i instrument.Instance) { t.Errorf("the vendor keeps %+v", i) })
		})
	}
}
