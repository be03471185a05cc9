package prepaid

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault/faulttest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// house is a wallet and a vendor, both real: databases in memory, operations
// between two hosts, every closure run twice.
type house struct {
	*protocoltest.Pair
	t     testing.TB
	clock atomic.Int64 // of both; unix seconds
	offer atomic.Int64
	id    string // of the protocol
}

func openHouse(t testing.TB) *house { return openHouseWith(t, protocoltest.Options{}) }

func openHouseWith(t testing.TB, wallet protocoltest.Options) *house {
	h := &house{t: t, id: signedID}
	h.clock.Store(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).Unix())
	clock := func() time.Time { return time.Unix(h.clock.Load(), 0) }
	wallet.Role, wallet.Bundles, wallet.Clock = comm.Client, bundles(comm.Client), clock
	h.Pair = protocoltest.Connect(
		protocoltest.NewNode(t, wallet),
		protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(comm.Vendor), Clock: clock}),
	)
	h.Servicer.Self.Addresses = []string{"inproc:shop"}
	return h
}

func bundles(role comm.Role) []protocol.Bundle {
	b := Bundle()
	return []protocol.Bundle{{Name: b.Name, Classes: b.Classes(role), Protocols: b.Protocols(role)}}
}

var sum = instrumenttest.Sum

// open opens an account and returns the wallet's instrument.
func (h *house) open() instrument.ID {
	h.t.Helper()
	r, err := h.ask(opOpen, "", opened{"CHF"})
	if err != nil {
		h.t.Fatal(err)
	}
	id, err := h.Initiator.Instruments.Find(context.Background(), accountID, keyAccount, r.Statement.Account)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// charged opens an account with something in it that the wallet knows of.
func (h *house) charged(amount string) instrument.ID {
	h.t.Helper()
	id := h.open()
	if err := h.credit(id, amount, "card "+string(id)); err != nil {
		h.t.Fatal(err)
	}
	h.learn(id)
	return id
}

// learn asks for the balance.
func (h *house) learn(id instrument.ID) {
	h.t.Helper()
	if _, err := h.ask(opBalance, id, nil); err != nil {
		h.t.Fatal(err)
	}
}

// ask runs an operation of the wallet with the vendor.
func (h *house) ask(operation string, on instrument.ID, args any) (receipt, error) {
	return h.execute("", protocol.Call{Operation: operation, Class: accountID, Instruments: named(on), Args: raw(args)})
}

func (h *house) execute(op instrument.OperationID, c protocol.Call) (r receipt, err error) {
	result, err := h.ExecuteAs(h.t.Context(), op, h.id, c)
	if err != nil {
		return r, err
	}
	err = json.Unmarshal(result.Value, &r)
	return r, err
}

func (h *house) pay(id instrument.ID, price string) (receipt, error) {
	return h.execute("", h.payment(id, price))
}

func (h *house) payment(id instrument.ID, price string) protocol.Call {
	return protocol.Call{
		Operation: protocol.Pay, Class: accountID, Instruments: named(id),
		Offer: &instrument.OfferBody{
			ID: fmt.Sprint("offer-", h.offer.Add(1)), Class: accountID, Terms: instrument.Terms{Price: sum(price)},
			Until: time.Unix(h.clock.Load(), 0).Add(15 * time.Minute),
		},
	}
}

// own runs an operation that the vendor has for itself.
func (h *house) own(op instrument.OperationID, operation string, class instrument.ClassID, args any) error {
	_, err := h.Servicer.Protocols.Execute(context.Background(), protocol.Execution{
		ID: op, Protocol: signedID, Call: protocol.Call{Operation: operation, Class: class, Args: raw(args)},
	})
	return err
}

func (h *house) credit(id instrument.ID, amount, source string) error {
	return h.own("", opCredit, accountID, paidIn{h.purse(id).Account, sum(amount), source})
}

func (h *house) refund(op, payment instrument.OperationID, amount string) error {
	r := returned{Payment: payment}
	if amount != "" {
		r.Amount = sum(amount)
	}
	return h.own(op, protocol.Refund, paymentID, r)
}

func (h *house) purse(id instrument.ID) (p purse) {
	h.t.Helper()
	if err := h.Initiator.View(h.t, id).Decode(&p); err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) ledger(id instrument.ID) (l ledger) {
	h.t.Helper()
	h.found(accountID, keyAccount, h.purse(id).Account, &l)
	return l
}

func (h *house) paid(op instrument.OperationID) (p payment) {
	h.t.Helper()
	h.found(paymentID, keyPayment, string(op), &p)
	return p
}

func (h *house) found(class instrument.ClassID, key, value string, into any) {
	h.t.Helper()
	i, err := h.Servicer.Instruments.Lookup(context.Background(), class, key, value)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := i.Decode(into); err != nil {
		h.t.Fatal(err)
	}
}

// conserved checks both sides of an account: credited + refunded = spent +
// balance at the vendor, its payments and credits add up to that, and the wallet
// never believes to have more than there is.
func (h *house) conserved(id instrument.ID) {
	h.t.Helper()
	l, p := h.ledger(id), h.purse(id)
	spent, back, in := instrument.ZeroOf(l.Currency), instrument.ZeroOf(l.Currency), instrument.ZeroOf(l.Currency)
	h.each(paymentID, func(i instrument.Instance) {
		var one payment
		_ = i.Decode(&one)
		if one.Account == l.Account {
			spent, back = plus(spent, one.Amount), plus(back, one.Refunded)
		}
	})
	h.each(creditID, func(i instrument.Instance) {
		var one paidIn
		_ = i.Decode(&one)
		if one.Account == l.Account {
			in = plus(in, one.Amount)
		}
	})
	if spent != l.Spent || back != l.Refunded || in != l.Credited {
		h.t.Errorf("the ledger says +%s -%s +%s, its entries +%s -%s +%s", l.Credited, l.Spent, l.Refunded, in, spent, back)
	}
	if plus(l.Credited, l.Refunded) != plus(l.Spent, l.Balance) {
		h.t.Errorf("+%s +%s is not -%s and %s", l.Credited, l.Refunded, l.Spent, l.Balance)
	}
	if c, err := p.Balance.Cmp(l.Balance); err != nil || c > 0 {
		h.t.Errorf("the wallet believes to have %s and there is %s", p.Balance, l.Balance)
	}
}

func (h *house) each(class instrument.ClassID, f func(instrument.Instance)) {
	h.t.Helper()
	all, err := h.Servicer.Instruments.List(context.Background(), instrument.Filter{Class: class})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, i := range all {
		f(i)
	}
}

func plus(a, b instrument.Amount) instrument.Amount {
	c, err := a.Add(b)
	if err != nil {
		panic(err)
	}
	return c
}

func named(id instrument.ID) []instrument.ID {
	if id == "" {
		return nil
	}
	return []instrument.ID{id}
}

func raw(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

var wantFault = faulttest.Want
