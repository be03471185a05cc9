package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// inspection is a wallet and somebody who takes tickets.
func inspection(t *testing.T) (*wallet, comm.Peer) {
	t.Helper()
	net := inproc.NewNetwork()
	shop := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{controllertest.Tickets()}})
	return newWallet(t, net), shop.Listen(t, controllertest.Inspector{Price: amount(t, "CHF:3")})
}

func agreed(context.Context, client.Bill) (bool, error) { return true, nil }

func (w *wallet) operation(t *testing.T, key string) instrument.OperationID {
	t.Helper()
	op, err := w.OperationID(key)
	check(t, err)
	return op
}

func TestPayGoesThroughTheStepsOfASession(t *testing.T) {
	w, shop := inspection(t)
	id := w.ticket(t, "1")
	var bill client.Bill
	want := client.Payment{Peer: shop, Operation: w.operation(t, "lunch"), Amount: amount(t, "CHF:3")}
	paid, err := w.Pay(t.Context(), want, func(_ context.Context, b client.Bill) (bool, error) { bill = b; return true, nil })
	check(t, err)
	if bill.Class != controllertest.ClassTicket || bill.Terms.Price.String() != "CHF:3" || bill.Protocol != controllertest.ProtocolPunch || bill.With.ID != id {
		t.Errorf("the person saw %+v", bill)
	}
	if w.party.View(t, id).Status != "punched" || paid.Price.String() != "CHF:3" || string(paid.Result) != `{"punched":true}` {
		t.Errorf("paid %+v", paid)
	}

	// The same key is the same payment: nothing is asked, and nobody is paid.
	w.ticket(t, "2")
	again, err := w.Pay(t.Context(), want, func(context.Context, client.Bill) (bool, error) { t.Error("asked again"); return false, nil })
	if err != nil || again.Operation != paid.Operation || string(again.Result) != string(paid.Result) {
		t.Errorf("again: %+v, %v", again, err)
	}
	want.Amount = amount(t, "CHF:4")
	if _, err := w.Pay(t.Context(), want, agreed); fault.ReasonOf(err) != "key-reused" {
		t.Errorf("another amount under the key: %v", err)
	}
}

// Of several instruments that could pay, of one class or of two, the person picks one
// (paper §5.5), once; where nobody can be asked, it has to be said before.
func TestThePersonPicksAmongInstruments(t *testing.T) {
	w, shop := inspection(t)
	first, second := w.ticket(t, "1"), w.ticket(t, "2")
	pay := func(key string, pick instrument.ID) (paid client.Paid, asked int, err error) {
		choose := func(_ context.Context, all []client.Choice) (instrument.ID, error) {
			asked++
			for _, id := range []instrument.ID{first, second} {
				if at := slices.IndexFunc(all, func(c client.Choice) bool { return c.With.ID == id }); at < 0 || all[at].Terms.Price.String() != "CHF:3" {
					t.Errorf("%s is not shown, or not with its price: %+v", id, all)
				}
			}
			return pick, nil
		}
		paid, err = w.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, key), Choose: choose}, agreed)
		return paid, asked, err
	}
	_, err := w.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, "no ticket"), Instrument: first, Class: client.ClassCard}, agreed)
	if fault.ReasonOf(err) != "class-differs" {
		t.Errorf("one of another class than was wanted: %v", err)
	}
	if _, asked, err := pay("another", "another"); asked != 1 || fault.ReasonOf(err) != "instrument-missing" {
		t.Errorf("what is none of them: asked %d times, %v", asked, err)
	}
	paid, asked, err := pay("second", second)
	if err != nil || asked != 1 || paid.Instrument != second || w.party.View(t, second).Status != "punched" || w.party.View(t, first).Status == "punched" {
		t.Errorf("asked %d times, paid %+v, %v", asked, paid, err)
	}
	if _, err := w.Pay(t.Context(), client.Payment{Peer: shop, Instrument: first}, agreed); err != nil || w.party.View(t, first).Status != "punched" {
		t.Errorf("what has no key is no payment of before: %v", err)
	}
}

// Quick payment hides the steps, and says where they do not lead on: no protocol for the
// class of the instrument, or none that pays (paper §5.5). Nothing has left then.
func TestAnInstrumentThatCannotPayThere(t *testing.T) {
	for name, row := range map[string]struct {
		say  controller.Interceptor
		want fault.Reason
	}{
		"no protocol": {func(_ context.Context, i controller.Intercepted) error {
			if n, ok := i.Answer.(*protocol.Negotiated); ok {
				n.Protocols = nil
			}
			return nil
		}, "no-common-protocol"},
		"no PAY": {func(_ context.Context, i controller.Intercepted) error {
			if a, ok := i.Answer.(*comm.Available); ok {
				a.Names = nil
			}
			return nil
		}, "operation-unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			net := inproc.NewNetwork()
			shop := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{controllertest.Tickets()}})
			shop.Intercept(row.say)
			w := newWallet(t, net)
			id := w.ticket(t, "1")
			want := client.Payment{Peer: shop.Listen(t, controllertest.Inspector{Price: amount(t, "CHF:3")}), Operation: w.operation(t, "lunch"), Instrument: id}
			_, err := w.Pay(t.Context(), want, func(context.Context, client.Bill) (bool, error) { t.Error("asked for a price"); return true, nil })
			if !errors.Is(err, fault.Unsupported) || fault.ReasonOf(err) != row.want || w.party.View(t, id).Status != "valid" {
				t.Errorf("%v; the ticket is %s", err, w.party.View(t, id).Status)
			}
		})
	}
}

// A refused payment is over. Its key says so again, and that it takes another one.
func TestTheKeyOfARefusedPaymentIsOver(t *testing.T) {
	net := inproc.NewNetwork()
	shop := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{controllertest.Tickets()}}).
		Listen(t, controllertest.Inspector{Price: amount(t, "CHF:3")})
	first, second := newWallet(t, net), newWallet(t, net)
	first.ticket(t, "1")
	second.ticket(t, "1")
	_, err := first.Pay(t.Context(), client.Payment{Peer: shop, Operation: first.operation(t, "lunch")}, agreed)
	check(t, err)
	want := client.Payment{Peer: shop, Operation: second.operation(t, "lunch")}
	_, refused := second.Pay(t.Context(), want, agreed)
	_, err = second.Pay(t.Context(), want, func(context.Context, client.Bill) (bool, error) { t.Error("asked again"); return false, nil })
	if refused == nil || fault.KindOf(err) != fault.KindOf(refused) || fault.ReasonOf(err) != fault.ReasonOf(refused) {
		t.Fatalf("refused: %v; again: %v", refused, err)
	}
	if f := fault.From(err); f.Hint != "use another --key to pay now" || !strings.HasSuffix(f.Message, fault.From(refused).Message) {
		t.Errorf("again: %s — %s", f.Message, f.Hint)
	}
}

// Two that pay with one key at the same time are one payment: whoever comes second hears
// what became of the first, and not that their payment was refused.
func TestOneKeyAtTheSameTimeIsOnePayment(t *testing.T) {
	w, shop := inspection(t)
	w.ticket(t, "1")
	want := client.Payment{Peer: shop, Operation: w.operation(t, "lunch"), Amount: amount(t, "CHF:3")}
	var first client.Paid
	second, err := w.Pay(t.Context(), want, func(ctx context.Context, _ client.Bill) (_ bool, err error) {
		first, err = w.Pay(ctx, want, agreed)
		return true, err
	})
	if err != nil || second.Operation != first.Operation || second.Instrument != first.Instrument || string(second.Result) != string(first.Result) {
		t.Errorf("first %+v, second %+v, %v", first, second, err)
	}
	other := want
	other.Operation = w.operation(t, "dinner")
	w.ticket(t, "2")
	_, err = w.Pay(t.Context(), other, func(ctx context.Context, _ client.Bill) (bool, error) {
		less := other
		less.Amount = amount(t, "CHF:4")
		_, err := w.Pay(ctx, less, agreed)
		return true, err
	})
	if fault.ReasonOf(err) != "key-reused" {
		t.Errorf("another amount at the same time: %v", err)
	}
}

// What another vendor was paid is not what this one was paid.
func TestAKeyIsOfOnePaymentToOneVendor(t *testing.T) {
	net := inproc.NewNetwork()
	open := func() comm.Peer {
		return controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{controllertest.Tickets()}}).
			Listen(t, controllertest.Inspector{Price: amount(t, "CHF:3")})
	}
	shopA, shopB := open(), open()
	w := newWallet(t, net)
	first := w.ticket(t, "1")
	want := client.Payment{Peer: shopA, Operation: w.operation(t, "k"), Amount: amount(t, "CHF:3")}
	_, err := w.Pay(t.Context(), want, agreed)
	check(t, err)
	second := w.ticket(t, "2")
	addressed := shopA
	addressed.Key = "" // its address has it
	for _, row := range []struct {
		name   string
		change func(*client.Payment)
		same   bool
	}{
		{"nothing else", func(*client.Payment) {}, true},
		{"the same class and instrument", func(p *client.Payment) { p.Class, p.Instrument = controllertest.ClassTicket, first }, true},
		{"the same vendor by its address", func(p *client.Payment) { p.Peer = addressed }, true},
		{"another vendor", func(p *client.Payment) { p.Peer = shopB }, false},
		{"another amount", func(p *client.Payment) { p.Amount = amount(t, "CHF:4") }, false},
		{"what the vendor knows", func(p *client.Payment) { p.Amount = instrument.Amount{} }, false},
		{"another class", func(p *client.Payment) { p.Class = "beads" }, false},
		{"another instrument", func(p *client.Payment) { p.Instrument = second }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			again := want
			row.change(&again)
			paid, err := w.Pay(t.Context(), again, agreed)
			if row.same && (err != nil || paid.Instrument != first) || !row.same && fault.ReasonOf(err) != "key-reused" {
				t.Errorf("%+v, %v", paid, err)
			}
		})
	}
	if w.party.View(t, second).Status != "valid" {
		t.Error("something else was paid")
	}
}

// Nor is a refusal.
func TestARefusalIsOfOneVendor(t *testing.T) {
	net := inproc.NewNetwork()
	options := controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{controllertest.Tickets()}}
	strict, shop := controllertest.New(t, net, options), controllertest.New(t, net, options)
	strict.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "taken", Keys: map[string]string{"number": "1"}})
	w := newWallet(t, net)
	w.ticket(t, "1")
	want := client.Payment{Peer: strict.Listen(t, controllertest.Inspector{Price: amount(t, "CHF:3")}), Operation: w.operation(t, "k")}
	for range 2 {
		if _, err := w.Pay(t.Context(), want, agreed); fault.ReasonOf(err) != "ticket-used" {
			t.Errorf("error = %v", err)
		}
	}
	want.Peer = shop.Listen(t, controllertest.Inspector{Price: amount(t, "CHF:3")})
	if _, err := w.Pay(t.Context(), want, agreed); fault.ReasonOf(err) != "key-reused" {
		t.Errorf("error = %v", err)
	}
}

func TestPayRefuses(t *testing.T) {
	for _, row := range []struct {
		name   string
		have   []string // numbers of tickets
		want   client.Payment
		no     bool // the person does not agree
		reason fault.Reason
	}{
		{"nothing that the vendor takes", nil, client.Payment{}, false, "instrument-missing"},
		{"a class that is not installed here", []string{"1"}, client.Payment{Class: "beads"}, false, "class-unknown"},
		{"none of the class that was wanted", nil, client.Payment{Class: controllertest.ClassTicket}, false, "instrument-missing"},
		{"two to choose from", []string{"1", "2"}, client.Payment{}, false, "input-needed"},
		{"the person does not agree", []string{"1"}, client.Payment{}, true, "not-agreed"},
		{"an instrument that is not there", []string{"1"}, client.Payment{Instrument: "00000000000000000000000000"}, false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, shop := inspection(t)
			for _, n := range row.have {
				w.ticket(t, n)
			}
			row.want.Peer, row.want.Operation = shop, w.operation(t, "key")
			_, err := w.Pay(t.Context(), row.want, func(context.Context, client.Bill) (bool, error) { return !row.no, nil })
			if err == nil || row.reason != "" && fault.ReasonOf(err) != row.reason {
				t.Errorf("error = %v", err)
			}
			held, err := w.Instruments().List(t.Context(), instrument.Filter{Class: controllertest.ClassTicket})
			check(t, err)
			for _, i := range held {
				if i.Status != "valid" {
					t.Errorf("a ticket is %s", i.Status)
				}
			}
		})
	}
}

// TestWhatTheVendorDoesNotTake may only want to be told how much, where the person has not said it.
func TestWhatTheVendorDoesNotTake(t *testing.T) {
	for name, want := range map[string]client.Payment{"of all classes": {}, "of one": {Class: "payment-card"}} {
		t.Run(name, func(t *testing.T) {
			w, shop := inspection(t)
			want.Peer, want.Operation = shop, w.operation(t, "unsaid")
			_, unsaid := w.Pay(t.Context(), want, agreed)
			want.Amount, want.Operation = amount(t, "CHF:3"), w.operation(t, "said")
			_, said := w.Pay(t.Context(), want, agreed)
			if says := fault.From(unsaid).Hint; !strings.Contains(says, "--amount") || strings.Contains(fault.From(said).Hint, "--amount") {
				t.Errorf("not said: %v (%s); said: %v (%s)", unsaid, says, said, fault.From(said).Hint)
			}
		})
	}
}

func TestAUsedTicketIsNotChosenAgain(t *testing.T) {
	w, shop := inspection(t)
	used := w.ticket(t, "1")
	_, err := w.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, "one")}, agreed)
	check(t, err)
	fresh := w.ticket(t, "2")
	paid, err := w.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, "two")}, agreed)
	if err != nil || paid.Instrument != fresh {
		t.Errorf("paid with %s (used: %s), %v", paid.Instrument, used, err)
	}
	_, err = w.Pay(t.Context(), client.Payment{Peer: shop, Operation: w.operation(t, "three"), Instrument: used}, agreed)
	if !errors.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "it is punched") { // as where its operation finds it
		t.Errorf("the used one again: %v", err)
	}
}
