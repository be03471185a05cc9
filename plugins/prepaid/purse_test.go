package prepaid

import (
	"fmt"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

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

// An account is used with the peer that has opened it, and who is refused is told why
// it cannot be seen that it is that one.
func TestWhoKeepsAnAccount(t *testing.T) {
	for name, row := range map[string]struct {
		vendor, key string
		peer        comm.Peer
		says, hint  string
	}{
		"opened in clear":              {"dock", "", comm.Peer{Name: "shop", Key: "A"}, "nobody has a key: that shop keeps it cannot be proved", "over the line in clear"},
		"opened with a key":            {"shop", "A", comm.Peer{Name: "dock"}, "shop, who has proved a key", "reach shop over a line with TLS"},
		"another one of the same name": {"shop", "A", comm.Peer{Name: "shop", Key: "B"}, "another shop, who has another key", "compare their keys"},
		"another one":                  {"shop", "A", comm.Peer{Name: "bar", Key: "B"}, "kept by shop, not by bar", "open one there"},
	} {
		f := fault.From(purse{Vendor: row.vendor, VendorKey: row.key}.elsewhere(row.peer))
		if f.Kind != fault.Invalid || f.Reason != "account-elsewhere" || !strings.Contains(f.Message, row.says) || !strings.Contains(f.Hint, row.hint) {
			t.Errorf("%s: %s — %s", name, f.Message, f.Hint)
		}
	}
}
