package prepaid

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// restored is a wallet that has an account as it was in a backup, at the same
// vendor.
func (h *house) restored(backup purse) (*house, instrument.ID) {
	h.t.Helper()
	again := &house{t: h.t, id: signedID}
	again.clock.Store(h.clock.Load())
	again.offer.Store(h.offer.Load())
	again.Pair = protocoltest.Connect(protocoltest.NewNode(h.t, protocoltest.Options{Role: comm.Client, Bundles: bundles(comm.Client)}), h.Servicer)
	i := instrument.Instance{Class: accountID, Status: opening, Keys: map[string]string{keyAccount: backup.Account}, State: raw(backup)}
	id := again.Initiator.Create(h.t, i)[0]
	err := again.Initiator.Instruments.Update(h.t.Context(), func(tx *instrument.Draft) error {
		now, err := tx.Get(id)
		if err != nil {
			return err
		}
		now.Status = active
		return tx.Put(now)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return again, id
}

// charge is CHF 20 paid in, CHF 1 paid from it, and a backup taken.
func charge(t *testing.T) (h *house, at instrument.ID, backup purse) {
	t.Helper()
	h = openHouse(t)
	at = h.charged("CHF:20")
	h.mustPay(at, "CHF:1")
	return h, at, h.purse(at)
}

func (h *house) mustPay(at instrument.ID, price string) {
	h.t.Helper()
	if _, err := h.pay(at, price); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) wantBalance(at instrument.ID, want string) {
	h.t.Helper()
	if p := h.purse(at); p.Balance != sum(want) || len(p.Open) != 0 || p.Behind {
		h.t.Errorf("the purse is %+v, want %s", p, want)
	}
	h.conserved(at)
}

// An account of a backup asks for its balance, which is how it is checked, and has
// what the lost life has left, with every number that it has not used.
func TestARestoredAccountCatchesUp(t *testing.T) {
	for name, lost := range map[string][]string{"nothing": nil, "one payment": {"CHF:5"}, "several": {"CHF:2", "CHF:0.50", "CHF:2.50"}} {
		t.Run(name, func(t *testing.T) {
			h, at, backup := charge(t)
			for _, price := range lost {
				h.mustPay(at, price)
			}
			again, at := h.restored(backup)
			again.learn(at)
			if lost == nil {
				again.wantBalance(at, "CHF:19")
				return
			}
			again.wantBalance(at, "CHF:14")
			again.mustPay(at, "CHF:4")
			again.learn(at)
			again.wantBalance(at, "CHF:10")
		})
	}
}

// One that is taken as it is finds out at its first payment, which is refused; the next
// one catches up before it pays.
func TestARestoredAccountThatIsPaidFromUnchecked(t *testing.T) {
	h, at, backup := charge(t)
	h.mustPay(at, "CHF:5")
	again, at := h.restored(backup)
	_, err := again.pay(at, "CHF:0.10")
	wantFault(t, err, fault.Conflict, "counter-reused")
	if p := again.purse(at); !p.Behind {
		t.Errorf("the purse is %+v", p)
	}
	again.mustPay(at, "CHF:0.10")
	again.wantBalance(at, "CHF:13.90")
}

// A number that the lost life has left out is taken: the receipt brings along what
// it has paid.
func TestAPaymentInAHoleOfTheLostLife(t *testing.T) {
	h, at, backup := charge(t)
	h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Execute != nil && len(f.Execute.Msgs) > 0 {
			f.Execute.Msgs[0].Body = raw(transfer{Account: backup.Account, Amount: sum("CHF:9")}) // which is not the price
		}
		return protocoltest.Deliver
	})
	if _, err := h.pay(at, "CHF:1"); err == nil {
		t.Fatal("it was taken")
	}
	h.Wire.OnFrame(nil)
	h.mustPay(at, "CHF:5")
	again, at := h.restored(backup)
	again.mustPay(at, "CHF:0.10")
	again.wantBalance(at, "CHF:13.90")
	again.mustPay(at, "CHF:0.10")
	again.wantBalance(at, "CHF:13.80")
}

// No vendor makes a wallet believe that it has paid more: that takes a signature
// of the account over a number or a sum which this wallet does not know.
func TestAVendorCannotBeAheadByItself(t *testing.T) {
	for name, forge := range map[string]func(r *receipt, k key){
		"without a proof":                func(r *receipt, _ key) { r.Proof = nil },
		"with an older one":              func(r *receipt, _ key) { r.Proof.Counter = 1 },
		"with another account's":         func(r *receipt, _ key) { r.Proof.Account = "x" },
		"with one of its own":            func(r *receipt, k key) { text, _ := r.Proof.text(); r.Proof.Signature, _ = k.sign(text) },
		"with another sum in it":         func(r *receipt, _ key) { r.Proof.Amount = sum("CHF:6") },
		"with a number of its own":       func(r *receipt, _ key) { r.Statement.High, r.Proof.Counter = 9, 9 },
		"with a proof that says nothing": func(r *receipt, _ key) { r.Proof = &proof{} },
	} {
		t.Run(name, func(t *testing.T) {
			h, at, backup := charge(t)
			h.mustPay(at, "CHF:5")
			vendor := h.ledger(at).Key
			again, at := h.restored(backup)
			again.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil && f.Executed.Fault == nil {
					var r receipt
					_ = json.Unmarshal(f.Executed.Result, &r)
					forge(&r, vendor)
					text, _ := r.text()
					r.Signature, _ = vendor.sign(text)
					f.Executed.Result = raw(r)
				}
				return protocoltest.Deliver
			})
			_, err := again.ask(opBalance, at, nil)
			wantFault(t, err, fault.Unknown, "statement-differs")
			if p := again.purse(at); p.Counter != backup.Counter || p.Balance != backup.Balance {
				t.Errorf("the purse is %+v", p)
			}
		})
	}
}
