package prepaid

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// Every status of a payment × every refund.
func TestPaymentStatesAndRefunds(t *testing.T) {
	at := map[string]payment{}
	for name, back := range map[string]string{"paid": "CHF:0", "partly": "CHF:4", "refunded": "CHF:10"} {
		p := payment{proof: proof{order: order{Amount: sum("CHF:10")}}, Returned: sdk.Returned{Refunded: sum(back)}}
		if name != "paid" {
			p.Refunds = []sdk.Refund{{Operation: "before", Amount: p.Refunded}}
		}
		at[name] = p
	}
	for _, row := range []struct {
		name, op, amount string
		want             map[string]string // status, or ! and the reason
	}{
		{"a part", "new", "CHF:4", map[string]string{"paid": paid, "partly": paid, "refunded": "!refund-too-large"}},
		{"what is left after a part", "new", "CHF:6", map[string]string{"paid": paid, "partly": refunded, "refunded": "!refund-too-large"}},
		{"all", "new", "CHF:10", map[string]string{"paid": refunded, "partly": "!refund-too-large", "refunded": "!refund-too-large"}},
		{"all that is left", "new", "", map[string]string{"paid": refunded, "partly": refunded, "refunded": "!refund-too-large"}},
		{"nothing", "new", "CHF:0", map[string]string{"paid": "!refund-too-large", "partly": "!refund-too-large", "refunded": "!refund-too-large"}},
		{"other money", "new", "EUR:1", map[string]string{"paid": "!refund-too-large", "partly": "!refund-too-large", "refunded": "!refund-too-large"}},
		{"the same again", "before", "CHF:99", map[string]string{"paid": "!refund-too-large", "partly": paid, "refunded": refunded}},
	} {
		for from, p := range at {
			t.Run(from+"/"+row.name, func(t *testing.T) {
				p.Refunds = slices.Clone(p.Refunds)
				var amount instrument.Amount
				if row.amount != "" {
					amount = sum(row.amount)
				}
				_, again, err := p.Refund(instrument.OperationID(row.op), p.Amount, amount)
				got := p.status()
				if err != nil {
					got = "!" + string(fault.ReasonOf(err))
				}
				if got != row.want[from] || again != (row.op == "before" && from != "paid") {
					t.Errorf("became %q, again %v; want %q", got, again, row.want[from])
				}
			})
		}
	}
	var p payment
	p.Amount, p.Refunded = sum("CHF:100"), sum("CHF:0")
	for n := range sdk.MaxRefunds {
		if _, _, err := p.Refund(instrument.OperationID(fmt.Sprint(n)), p.Amount, sum("CHF:1")); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := p.Refund("one more", p.Amount, sum("CHF:1"))
	wantFault(t, err, fault.Conflict, "refunds-too-many")
}

// Each rule of the three classes, as the host asks it, whatever the code does.
func TestClassesKeepTheirRules(t *testing.T) {
	k := newKey(make([]byte, 32))
	zero := sum("CHF:0")
	aPurse := func(f func(*purse)) *instrument.Instance {
		p := newPurse(k, "CHF", "shop", "key")
		p.Statement.Credited, p.Statement.Seq, p.Receipts = sum("CHF:10"), 1, "r"
		_ = p.count()
		f(&p)
		return kept1(active, keyAccount, p.Account, p)
	}
	aLedger := func(f func(*ledger)) *instrument.Instance {
		l := newLedger(k.public(), "CHF", "holder", k)
		l.Credited, l.Spent, l.Balance, l.Seq, l.High = sum("CHF:10"), sum("CHF:4"), sum("CHF:6"), 2, 1
		f(&l)
		return kept1(open, keyAccount, l.Account, l)
	}
	anEmpty := func(f func(*ledger)) *instrument.Instance {
		l := newLedger(k.public(), "CHF", "holder", k)
		f(&l)
		return kept1(open, keyAccount, l.Account, l)
	}
	aPayment := func(f func(*payment)) *instrument.Instance {
		p := payment{proof: proof{order: order{Account: "a", Operation: "op", Amount: sum("CHF:10")}}, Returned: sdk.Returned{Refunded: sum("CHF:4"), Refunds: []sdk.Refund{{Operation: "r", Amount: sum("CHF:4")}}}}
		f(&p)
		return kept1(p.status(), keyPayment, "op", p)
	}
	for _, row := range []struct {
		name   string
		check  func(before, after *instrument.Instance) error
		before *instrument.Instance
		after  *instrument.Instance
		reason fault.Reason
	}{
		{"a purse as it is", checkPurse, aPurse(same), aPurse(same), ""},
		{"a purse by hand", checkPurse, nil, kept1(opening, keyAccount, "x", map[string]string{"account": "x"}), "account-malformed"},
		{"a purse that is no object", checkPurse, nil, kept1(opening, keyAccount, "x", 7), "account-malformed"},
		{"another number", checkPurse, nil, aPurse(func(p *purse) { p.Account = "x" }), "account-malformed"},
		{"more to spend than there is", checkPurse, nil, aPurse(func(p *purse) { p.Balance = sum("CHF:11") }), "account-malformed"},
		{"another account", checkPurse, aPurse(same), aPurse(func(p *purse) { p.VendorKey = "x" }), "account-changed"},
		{"another key for receipts", checkPurse, aPurse(same), aPurse(func(p *purse) { p.Receipts = "x" }), "account-changed"},
		{"a counter that goes back", checkPurse, aPurse(func(p *purse) { p.Counter = 1 }), aPurse(same), "counter-reused"},
		{"a statement that goes back", checkPurse, aPurse(func(p *purse) { p.Statement.Seq = 9 }), aPurse(same), "statement-differs"},
		{"a payment that is not held back", checkPurse, aPurse(same), aPurse(func(p *purse) { p.Counter = 1 }), "balance-too-small"},
		{"a payment of more than there is", checkPurse, aPurse(same), aPurse(func(p *purse) {
			p.Counter, p.Open, p.Balance = 1, []intent{{"op", 1, sum("CHF:11"), 0}}, zero
		}), "balance-too-small"},
		{"two payments at once", checkPurse, aPurse(same), aPurse(func(p *purse) {
			p.Counter, p.Open, p.Balance = 2, []intent{{"op", 2, sum("CHF:1"), 0}}, sum("CHF:9")
		}), "balance-too-small"},
		{"further than the vendor's statement", checkPurse, aPurse(same), aPurse(func(p *purse) { p.Statement.Seq, p.Statement.High, p.Counter = 2, 4, 5 }), "balance-too-small"},
		{"caught up with", checkPurse, aPurse(same), aPurse(func(p *purse) { p.Statement.Seq, p.Statement.High, p.Counter = 2, 5, 5 }), ""},
		{"a payment", checkPurse, aPurse(same), aPurse(func(p *purse) { _, _ = p.intend("op", sum("CHF:10"), noon) }), ""},

		{"a ledger as it was", checkLedger, aLedger(same), aLedger(same), "statement-differs"},
		{"a ledger that begins with money", checkLedger, nil, aLedger(same), "account-malformed"},
		{"a ledger that begins", checkLedger, nil, anEmpty(same), ""},
		{"a number that is no key", checkLedger, nil, anEmpty(func(l *ledger) { l.Account = "x" }), "account-malformed"},
		{"no key for receipts", checkLedger, nil, anEmpty(func(l *ledger) { l.Key = key{} }), "account-malformed"},
		{"another account than it claims", checkLedger, nil, kept1(open, keyAccount, newKey(bytes.Repeat([]byte{1}, 32)).public(), newLedger(k.public(), "CHF", "holder", k)), "account-malformed"},
		{"one kept in another currency", checkLedger, nil, anEmpty(func(l *ledger) { l.Currency = "EUR" }), "balance-too-small"},
		{"one that begins with a counter", checkLedger, nil, anEmpty(func(l *ledger) { l.High = 1 }), "account-malformed"},
		{"one that begins with payments that came back", checkLedger, nil, anEmpty(func(l *ledger) { l.Spent, l.Refunded = sum("CHF:1"), sum("CHF:1") }), "account-malformed"},
		{"a balance of its own", checkLedger, aLedger(same), aLedger(func(l *ledger) { l.Seq, l.Balance = 3, sum("CHF:7") }), "balance-too-small"},
		{"spent beyond the balance", checkLedger, aLedger(same), aLedger(func(l *ledger) { l.Seq, l.Spent, l.Balance = 3, sum("CHF:11"), zero }), "balance-too-small"},
		{"less spent", checkLedger, aLedger(same), aLedger(func(l *ledger) { l.Seq, l.Spent, l.Balance = 3, sum("CHF:3"), sum("CHF:7") }), "statement-differs"},
		{"less credited", checkLedger, aLedger(same), aLedger(func(l *ledger) { l.Seq, l.Credited, l.Balance = 3, sum("CHF:9"), sum("CHF:5") }), "statement-differs"},
		{"more refunded than spent", checkLedger, aLedger(same), aLedger(func(l *ledger) { l.Seq, l.Refunded, l.Balance = 3, sum("CHF:5"), sum("CHF:11") }), "refund-too-large"},
		{"a counter that goes back at the vendor", checkLedger, aLedger(same), aLedger(func(l *ledger) { l.Seq, l.High = 3, 0 }), "statement-differs"},
		{"another holder", checkLedger, aLedger(same), aLedger(func(l *ledger) { l.Seq, l.Holder = 3, "x" }), "account-changed"},
		{"a refund", checkLedger, aLedger(same), aLedger(func(l *ledger) { _ = l.refund(sum("CHF:4")) }), ""},

		{"a payment as it is", checkPayment, aPayment(same), aPayment(same), ""},
		{"a payment of nothing", checkPayment, nil, aPayment(func(p *payment) { p.Amount, p.Refunds, p.Refunded = zero, nil, zero }), "payment-malformed"},
		{"a payment that begins with a refund", checkPayment, nil, aPayment(same), "payment-malformed"},
		{"another amount", checkPayment, aPayment(same), aPayment(func(p *payment) { p.Amount = sum("CHF:11") }), "payment-changed"},
		{"another signature", checkPayment, aPayment(same), aPayment(func(p *payment) { p.Signature = []byte{1} }), "payment-changed"},
		{"refunds above the payment", checkPayment, aPayment(same), aPayment(func(p *payment) {
			p.Refunds, p.Refunded = append(p.Refunds, sdk.Refund{Operation: "s", Amount: sum("CHF:7")}), sum("CHF:11")
		}), "refund-too-large"},
		{"a sum of refunds of its own", checkPayment, aPayment(same), aPayment(func(p *payment) { p.Refunded = zero }), "refund-too-large"},
		{"one operation twice", checkPayment, aPayment(same), aPayment(func(p *payment) {
			p.Refunds, p.Refunded = append(p.Refunds, sdk.Refund{Operation: "r", Amount: sum("CHF:1")}), sum("CHF:5")
		}), "refund-repeated"},
		{"a refund taken back", checkPayment, aPayment(same), aPayment(func(p *payment) { p.Refunds, p.Refunded = nil, zero }), "refund-repeated"},
		{"another refund in its place", checkPayment, aPayment(same), aPayment(func(p *payment) { p.Refunds[0].Operation = "s" }), "refund-repeated"},
		{"paid and all refunded", checkPayment, nil, kept1(paid, keyPayment, "op", payment{
			proof: proof{order: order{Operation: "op", Amount: sum("CHF:1")}}, Returned: sdk.Returned{Refunded: sum("CHF:1"), Refunds: []sdk.Refund{{Operation: "r", Amount: sum("CHF:1")}}},
		}), "move-refused"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := row.check(row.before, row.after); fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
				t.Errorf("got %v (%s), want %q", err, fault.ReasonOf(err), row.reason)
			}
		})
	}
}

func same[T any](*T) {}

func kept1(status, key, value string, state any) *instrument.Instance {
	i := &instrument.Instance{Status: status, Keys: map[string]string{key: value}}
	_ = i.Encode(state)
	return i
}
