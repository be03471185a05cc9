package prepaid

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// Every status of a purse × every event; "" is a refusal. The class permits each
// move that the table makes.
func TestPurseStatesAndEvents(t *testing.T) {
	want := map[string]map[string]string{
		opening: {evAsk: opening, evOpened: active, evRefused: refused, evUse: ""},
		active:  {evAsk: "", evOpened: active, evRefused: active, evUse: active},
		refused: {evAsk: "", evOpened: "", evRefused: "", evUse: ""},
		removed: {evAsk: "", evOpened: "", evRefused: "", evUse: ""},
	}
	for from, events := range want {
		for event, to := range events {
			t.Run(from+"/"+event, func(t *testing.T) {
				got, err := next(from, event)
				if got != to || (err != nil) != (to == "") {
					t.Errorf("became %q, %v; want %q", got, err, to)
				}
				if to != "" && !purseClass.Info().Allows(from, to) {
					t.Errorf("the class does not permit %s to %s", from, to)
				}
				if to == "" {
					wantFault(t, err, fault.Conflict, "account-unusable")
				}
			})
		}
	}
}

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

func TestCountersAreTakenOnceInAnyOrder(t *testing.T) {
	var m marks
	taken := map[uint64]bool{}
	take := func(c uint64, want bool) {
		t.Helper()
		next, err := m.take(c)
		if (err == nil) != want {
			t.Fatalf("counter %d at %+v: %v", c, m, err)
		}
		if err == nil {
			m, taken[c] = next, true
		}
		for n := m.High; n > 0 && m.High-n < window; n-- {
			if m.includes(n) != taken[n] {
				t.Fatalf("counter %d is taken: %v, says %+v", n, taken[n], m)
			}
		}
	}
	for _, c := range []uint64{3, 1, 2, 7, 5} {
		take(c, true)
	}
	for _, c := range []uint64{0, 1, 2, 3, 5, 7} {
		take(c, false)
	}
	take(4+window, true) // the window is now 5 to 260
	take(4, false)
	take(6, true)
	take(6, false)
	take(10*window, true)
	take(9*window, false)
	take(9*window+1, true)
	take(1<<64-1, true)
	if len(m.Holes) != window-1 {
		t.Errorf("%d holes", len(m.Holes))
	}
	take(1<<64-1, false)
}

// The window never moves past a payment whose outcome is open: what a statement
// says of it would not be known.
func TestOpenPaymentsStayInTheWindow(t *testing.T) {
	p := newPurse(newKey(make([]byte, 32)), "CHF", "shop", "key")
	p.Statement.Credited = sum("CHF:1000")
	if err := p.count(); err != nil {
		t.Fatal(err)
	}
	pay := func(op string) error { _, err := p.intend(instrument.OperationID(op), sum("CHF:1"), noon); return err }
	if err := pay("first"); err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; n < 2*window; n++ {
		op := fmt.Sprint(n)
		if err := pay(op); err != nil {
			wantFault(t, err, fault.Conflict, "payments-open")
			break
		}
		if err := p.release(instrument.OperationID(op), nil); err != nil {
			t.Fatal(err)
		}
	}
	if n != window-1 {
		t.Errorf("%d payments passed one that is open", n)
	}
	if err := p.release("first", nil); err != nil {
		t.Fatal(err)
	}
	for n := range maxOpen {
		if err := pay(fmt.Sprint("open ", n)); err != nil {
			t.Fatal(err)
		}
	}
	wantFault(t, pay("one more"), fault.Conflict, "payments-open")
}

// Answers overtake each other: what can be spent is right all the way.
func TestStatementsInAnyOrder(t *testing.T) {
	l := newLedger(newKey(make([]byte, 32)).public(), "CHF", "holder", newKey(make([]byte, 32)))
	if err := l.credit(sum("CHF:10")); err != nil {
		t.Fatal(err)
	}
	for name, order := range map[string][]int{"in order": {0, 1, 2}, "the last first": {2, 0, 1}, "backwards": {2, 1, 0}, "the middle first": {1, 2, 0}} {
		t.Run(name, func(t *testing.T) {
			shop := l
			p := newPurse(newKey(make([]byte, 32)), "CHF", "shop", "key")
			if err := p.learn(shop.statement(noon), nil); err != nil {
				t.Fatal(err)
			}
			var answers []receipt
			for _, amount := range []string{"CHF:5", "CHF:3", "CHF:2"} {
				o, err := p.intend(instrument.OperationID(amount), sum(amount), noon)
				if err != nil {
					t.Fatal(err)
				}
				if err := shop.pay(proof{order: o}); err != nil {
					t.Fatal(err)
				}
				answers = append(answers, receipt{Payment: o.Operation, Statement: shop.statement(noon)})
			}
			for _, n := range order {
				if err := p.settle(answers[n]); err != nil {
					t.Fatal(err)
				}
				if !p.Balance.IsZero() {
					t.Errorf("after answer %d there is %s to spend", n, p.Balance)
				}
			}
			if len(p.Open) > 0 {
				t.Errorf("open: %+v", p.Open)
			}
		})
	}
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
		{"a payment", checkPurse, aPurse(same), aPurse(func(p *purse) { _, _ = p.intend("op", sum("CHF:10"), noon) }), ""},

		{"a ledger as it was", checkLedger, aLedger(same), aLedger(same), "statement-differs"},
		{"a ledger that begins with money", checkLedger, nil, aLedger(same), "account-malformed"},
		{"a number that is no key", checkLedger, nil, aLedger(func(l *ledger) { l.Account = "x" }), "account-malformed"},
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

// The paper's own example of get-Preferred-Protocol.
func TestWhichProtocolTheClassPrefers(t *testing.T) {
	both := []string{plainID, signedID}
	for _, row := range []struct {
		name         string
		protocols    []string
		connectivity string
		amount       string
		likes        []string
		want         string
	}{
		{"a docked device pays little", both, "serial-clear", "CHF:2", nil, plainID},
		{"the same in one process", both, "inproc", "CHF:5", nil, plainID},
		{"it pays more", both, "serial-clear", "CHF:5.01", nil, signedID},
		{"over a network", both, "wss", "CHF:2", nil, signedID},
		{"over a line that nobody called clear", both, "serial", "CHF:2", nil, signedID},
		{"over nothing known", both, "", "CHF:2", nil, signedID},
		{"the user likes signatures", both, "serial-clear", "CHF:2", []string{signedID}, signedID},
		{"the user likes none, on a clear line", both, "serial-clear", "CHF:2", []string{plainID, signedID}, plainID},
		{"the user likes none, on another", both, "wss", "CHF:2", []string{plainID}, signedID},
		{"the user likes none, for more", both, "inproc", "CHF:50", []string{plainID}, signedID},
		{"the user likes something else", both, "inproc", "CHF:2", []string{"card.pay"}, plainID},
		{"there is only the plain one, on a clear line", []string{plainID}, "inproc", "CHF:2", nil, plainID},
		{"there is only the plain one, elsewhere", []string{plainID}, "wss", "CHF:2", nil, ""},
		{"there is only the signed one", []string{signedID}, "inproc", "CHF:2", nil, signedID},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := purseClass.Prefer(row.protocols, instrument.Circumstances{Connectivity: row.connectivity, Amount: sum(row.amount), Preferences: row.likes})
			if got != row.want || (err != nil) != (row.want == "") {
				t.Errorf("prefers %q, %v; want %q", got, err, row.want)
			}
		})
	}
}

func TestKeysOfAccountsDoNotPrint(t *testing.T) {
	p := newPurse(newKey([]byte(strings.Repeat("k", 32))), "CHF", "shop", "key")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("purse", "key", p.Key, "purse", fmt.Sprintf("%+v", p))
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
