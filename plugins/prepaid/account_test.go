package prepaid

import (
	"context"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

func TestAnAccountIsOpenedChargedAndPaidFrom(t *testing.T) {
	for _, id := range []string{signedID, plainID} {
		t.Run(id, func(t *testing.T) {
			h := openHouse(t)
			h.id = id
			at := h.charged("CHF:10")
			if p := h.purse(at); p.Balance != sum("CHF:10") || p.Receipts == "" || p.Vendor != "vendor" {
				t.Fatalf("the purse is %+v", p)
			}
			r, err := h.pay(at, "CHF:2.5")
			if err != nil {
				t.Fatal(err)
			}
			if signs := id == signedID; signs != (len(r.Signature) > 0) || signs != (len(h.paid(r.Payment).Signature) > 0) {
				t.Errorf("signatures in %s: %x", id, r.Signature)
			}
			if p := h.purse(at); p.Balance != sum("CHF:7.5") || len(p.Open) > 0 || p.Last == nil || p.Last.Payment != r.Payment {
				t.Errorf("the purse is %+v", p)
			}
			if l := h.ledger(at); l.Balance != sum("CHF:7.5") || l.Proof.Operation != r.Payment || l.High != 1 {
				t.Errorf("the ledger is %+v", l)
			}
			h.conserved(at)
		})
	}
}

// A payment costs one message each way, and one commit more at the wallet than
// at the vendor.
func TestAPaymentIsOneRoundTrip(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:10")
	var mu sync.Mutex
	frames := 0
	h.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
		mu.Lock()
		defer mu.Unlock()
		frames++
		return protocoltest.Deliver
	})
	var ofWallet uint64
	ofVendor := h.Servicer.Commits(func() {
		ofWallet = h.Initiator.Commits(func() {
			if _, err := h.pay(at, "CHF:1"); err != nil {
				t.Fatal(err)
			}
		})
	})
	if frames != 2 || ofWallet != 2 || ofVendor != 1 {
		t.Errorf("%d frames, %d and %d commits", frames, ofWallet, ofVendor)
	}
}

func TestOnlyWhatIsThereIsSpent(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:3")
	_, err := h.pay(at, "CHF:3.00000001")
	wantFault(t, err, fault.Declined, "balance-too-small")
	if p := h.purse(at); p.Counter != 0 || len(p.Open) > 0 {
		t.Errorf("the purse is %+v", p)
	}
	_, err = h.pay(at, "EUR:1")
	wantFault(t, err, fault.Declined, "balance-too-small")
	if _, err := h.pay(at, "CHF:3"); err != nil {
		t.Fatal(err)
	}
	_, err = h.pay(at, "CHF:0.01")
	wantFault(t, err, fault.Declined, "balance-too-small")
	h.conserved(at)
}

// Many payments of one account at once: each is made or refused, all that is
// there is spent and nothing more.
func TestAWindowOnOneAccount(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:20")
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 32 {
		wg.Go(func() {
			_, err := h.pay(at, "CHF:1")
			switch {
			case err == nil:
				mu.Lock()
				made++
				mu.Unlock()
			case fault.ReasonOf(err) != "balance-too-small":
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if l, p := h.ledger(at), h.purse(at); made != 20 || !l.Balance.IsZero() || !p.Balance.IsZero() || len(p.Open) > 0 {
		t.Errorf("%d were made, %s is left and %s believed to be", made, l.Balance, p.Balance)
	}
	h.conserved(at)
}

// No row is hot: payments of different accounts conflict nowhere.
func TestAccountsDoNotWaitForEachOther(t *testing.T) {
	h := openHouse(t)
	var accounts []instrument.ID
	for range 8 {
		accounts = append(accounts, h.charged("CHF:2"))
	}
	var wg sync.WaitGroup
	for _, at := range accounts {
		wg.Go(func() {
			if _, err := h.pay(at, "CHF:2"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, at := range accounts {
		h.conserved(at)
		if l := h.ledger(at); l.Seq != 2 {
			t.Errorf("the account was changed %d times", l.Seq)
		}
	}
}

func TestASourceIsCreditedOnce(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:5")
	for range 3 {
		if err := h.credit(at, "CHF:7", "payment-1"); err != nil {
			t.Fatal(err)
		}
	}
	wantFault(t, h.credit(at, "CHF:8", "payment-1"), fault.Conflict, "source-taken")
	wantFault(t, h.credit(h.open(), "CHF:7", "payment-1"), fault.Conflict, "source-taken")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := h.credit(at, "CHF:1", "payment-2"); err != nil && fault.ReasonOf(err) != "source-taken" {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if l := h.ledger(at); l.Credited != sum("CHF:13") {
		t.Errorf("%s was credited", l.Credited)
	}
	h.conserved(at)
	for name, bad := range map[string]paidIn{
		"no source": {h.purse(at).Account, sum("CHF:1"), ""},
		"nothing":   {h.purse(at).Account, sum("CHF:0"), "x"},
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, h.own("", opCredit, accountID, bad), fault.Invalid, "credit-malformed")
		})
	}
	wantFault(t, h.own("", opCredit, accountID, paidIn{"nobody", sum("CHF:1"), "x"}), fault.NotFound, "account-unknown")
	wantFault(t, h.own("", opCredit, accountID, paidIn{h.purse(at).Account, sum("EUR:1"), "x"}), fault.Invalid, "currency-differs")
}

func TestOpeningAgainOpensTheSameAccount(t *testing.T) {
	h := openHouse(t)
	h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Executed != nil { // the vendor has opened it, and the wallet hears nonsense
			f.Executed.Result = []byte(`{"key":"x"}`)
		}
		return protocoltest.Deliver
	})
	_, err := h.ask(opOpen, "", opened{"CHF"})
	wantFault(t, err, fault.Unknown, "receipt-differs")
	all, _ := h.Initiator.Instruments.List(context.Background(), instrument.Filter{Class: accountID})
	if len(all) != 1 || all[0].Status != opening {
		t.Fatalf("the wallet holds %+v", all)
	}
	at := all[0].ID
	_, err = h.pay(at, "CHF:1")
	wantFault(t, err, fault.Conflict, "account-unusable")
	h.Wire.OnFrame(nil)
	_, err = h.ask(opOpen, at, opened{"EUR"})
	wantFault(t, err, fault.Invalid, "currency-differs")
	if _, err := h.ask(opOpen, at, opened{"CHF"}); err != nil {
		t.Fatal(err)
	}
	if h.Initiator.View(t, at).Status != active {
		t.Error("it is not open")
	}
	n := 0
	h.each(accountID, func(instrument.Instance) { n++ })
	if n != 1 {
		t.Errorf("the vendor has %d accounts", n)
	}
}

func TestAnAccountBelongsToItsVendor(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:5")
	h.Servicer.Self.Key = "another"
	_, err := h.pay(at, "CHF:1")
	wantFault(t, err, fault.Invalid, "account-elsewhere")
}

func TestAnAccountThatIsNotEmptyIsNotGivenUp(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:5")
	remove := func() error {
		return h.Initiator.Instruments.Update(t.Context(), func(d *instrument.Draft) error {
			i, err := d.Get(at)
			if err != nil {
				return err
			}
			i.Status = removed
			return d.Put(i)
		})
	}
	wantFault(t, remove(), fault.Conflict, "account-not-empty")
	if _, err := h.pay(at, "CHF:5"); err != nil {
		t.Fatal(err)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
}

// Somebody who has seen the number of an account gets nothing by it.
func TestAnAccountIsOpenedByOnePeer(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:5")
	number := h.purse(at).Account
	h.Initiator.Self.Key = "another"
	h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Execute != nil {
			f.Execute.Msgs[0].Body = raw(request{number})
		}
		return protocoltest.Deliver
	})
	_, err := h.ask(opOpen, "", opened{"CHF"})
	wantFault(t, err, fault.Conflict, "account-taken")
	for _, bad := range []string{"", "x", number + "=", number[:42]} {
		number = bad
		_, err = h.ask(opOpen, "", opened{"CHF"})
		wantFault(t, err, fault.Invalid, "account-malformed")
	}
	_, err = h.ask(opOpen, "", opened{"francs"})
	wantFault(t, err, fault.Invalid, "amount-malformed")
}
