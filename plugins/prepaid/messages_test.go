package prepaid

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestKeysOfAccountsDoNotPrint(t *testing.T) {
	p := newPurse(newKey([]byte(strings.Repeat("k", 32))), "CHF", "shop", "key")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("purse", "key", p.Key, "purse", fmt.Sprintf("%+v", p))
	slog.New(slog.NewJSONHandler(&log, nil)).Info("purse", "key", p.Key)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q %x", p, p, p, p.Key, p.Key, p.Key), log.String()} {
		if strings.Contains(text, "a2tra") || strings.Contains(text, "6b6b") {
			t.Errorf("printed %s", text)
		}
	}
}

// A signature of one kind is none of another, and every member counts.
func TestSignaturesCoverEveryMember(t *testing.T) {
	o := order{Account: "a", Offer: "o", Operation: "p", Amount: sum("CHF:1"), Counter: 1, Spent: sum("CHF:0")}
	texts := map[string]bool{}
	add := func(text []byte, err error) {
		if err != nil || texts[string(text)] {
			t.Errorf("twice: %s", text)
		}
		texts[string(text)] = true
	}
	add(o.text())
	add(query{"a", "p"}.text(opBalance))
	add(query{"a", "p"}.text(protocol.Refund))
	for _, f := range []func(*order){
		func(o *order) { o.Account = "b" },
		func(o *order) { o.Offer = "b" },
		func(o *order) { o.Operation = "b" },
		func(o *order) { o.Amount = sum("CHF:2") },
		func(o *order) { o.Counter = 2 },
		func(o *order) { o.Spent = sum("CHF:2") },
	} {
		changed := o
		f(&changed)
		add(changed.text())
	}
}

// A payment is for an offer, which names an account as its means and a price.
func TestWhatAPaymentIsFor(t *testing.T) {
	good := instrument.OfferBody{ID: "o", Class: accountID, Terms: instrument.Terms{Price: sum("CHF:1")}}
	a := variant{id: signedID}
	if got, err := a.offered(protocol.Call{Offer: &good}); err != nil || got.ID != "o" {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err := a.offered(protocol.Call{})
	wantFault(t, err, fault.Invalid, "offer-missing")
	for _, f := range []func(*instrument.OfferBody){
		func(o *instrument.OfferBody) { o.ID = "" },
		func(o *instrument.OfferBody) { o.Class = "payment-card" },
		func(o *instrument.OfferBody) { o.Terms.Price = sum("CHF:0") },
		func(o *instrument.OfferBody) { o.Terms.Price = instrument.Amount{} },
	} {
		changed := good
		f(&changed)
		_, err := a.offered(protocol.Call{Offer: &changed})
		wantFault(t, err, fault.Invalid, "offer-missing")
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"account":"x","amount":"CHF:1","counter":1,"spent":"CHF:0","signature":"AA=="}`))
	f.Add([]byte(`{"statement":{"account":"x","seq":1,"credited":"CHF:1","spent":"CHF:0","refunded":"CHF:0","high":1,"holes":[1,1,9]}}`))
	k := newKey(make([]byte, 32))
	f.Fuzz(func(t *testing.T, body []byte) {
		var m transfer
		if json.Unmarshal(body, &m) == nil {
			l := newLedger(k.public(), "CHF", "", k)
			_ = l.credit(sum("CHF:2"))
			if l.pay(proof{order: order{Amount: m.Amount, Counter: m.Counter, Spent: m.Spent}}) == nil {
				if c, err := l.Spent.Cmp(sum("CHF:2")); err != nil || c > 0 || !l.includes(m.Counter) || len(l.Holes) >= window {
					t.Errorf("took %+v: %+v", m, l)
				}
			}
		}
		var r receipt
		if json.Unmarshal(body, &r) == nil {
			p := newPurse(k, "CHF", "shop", "key")
			p.Statement.Credited = sum("CHF:2")
			_ = p.count()
			_, _ = p.intend("op", sum("CHF:1"), noon)
			before := kept1(active, keyAccount, p.Account, p)
			if p.learn(r.Statement, r.Proof) == nil {
				if err := checkPurse(before, kept1(active, keyAccount, p.Account, p)); err != nil {
					t.Errorf("a statement that was believed makes a purse that is refused: %v", err)
				}
			}
		}
	})
}

// What anybody can write into a file is refused or usable, and never a crash.
func FuzzStates(f *testing.F) {
	f.Add([]byte(`{"account":"x","key":"AA","balance":"CHF:1","open":[{"amount":"CHF:1"}]}`))
	f.Add([]byte(`{"operation":"x","amount":"CHF:1","refunds":[{}]}`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		i := &instrument.Instance{Status: active, Keys: map[string]string{keyAccount: "x", keyPayment: "x"}, State: body}
		_ = checkPurse(nil, i)
		_ = checkLedger(nil, i)
		_ = checkPayment(nil, i)
		_ = checkPurse(i, i)
		_ = checkLedger(i, i)
		_ = checkPayment(i, i)
	})
}
