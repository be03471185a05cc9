package card_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/fault/faulttest"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/plugins/card"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// shop is a wallet with a card, a vendor and a provider, all real: databases in
// memory, the operations between two hosts, HTTP to the provider.
type shop struct {
	*protocoltest.Pair
	t        testing.TB
	books    *books
	card     instrument.ID
	provider instrument.ID // the vendor's
	payer    string        // to whom the vendor offers, if not to the wallet's key
	later    *atomic.Int64 // by how much the vendor's clock is ahead
}

// passes lets time pass at the vendor.
func (s *shop) passes(d time.Duration) { s.later.Add(int64(d)) }

func openShop(t testing.TB) *shop {
	b := openBooks(t)
	later := new(atomic.Int64)
	s := &shop{t: t, books: b, later: later, Pair: protocoltest.Connect(
		protocoltest.NewNode(t, protocoltest.Options{Role: comm.Client, Bundles: bundles(comm.Client)}),
		newNode(t, comm.Vendor, func() time.Time { return time.Now().Add(time.Duration(later.Load())) }),
	)}
	s.card = s.Initiator.Create(t, cardOf(b, "acc-1"))[0]
	s.provider = s.Servicer.Create(t, providerAt(b.URL))[0]
	s.Prepare(func(r protocol.Execution) protocol.Execution {
		r.Call.Instruments = []instrument.ID{s.provider}
		return r
	})
	return s
}

func newNode(t testing.TB, role comm.Role, clock func() time.Time) *protocoltest.Node {
	fetcher := https.New(https.Options{})
	t.Cleanup(fetcher.CloseIdle)
	return protocoltest.NewNode(t, protocoltest.Options{Role: role, Bundles: bundles(role), Fetch: fetcher.Fetch, Clock: clock})
}

func bundles(role comm.Role) []protocol.Bundle {
	b := card.Bundle()
	return []protocol.Bundle{{Name: b.Name, Classes: b.Classes(role), Protocols: b.Protocols(role)}}
}

// cardOf is a card as a wallet stores the provider's test-card file.
func cardOf(b *books, account string) instrument.Instance {
	state, _ := json.Marshal(map[string]string{
		"account": account, "brand": "Sandbox Card", "last4": "4242", "key": base64.RawURLEncoding.EncodeToString(b.key.Bytes()),
	})
	return instrument.Instance{Class: "payment-card", Owner: "client", Status: "active", Keys: map[string]string{"account": account}, State: state}
}

func providerAt(url string) instrument.Instance {
	state, _ := json.Marshal(map[string]string{"name": "sim", "kind": "simulator", "url": url})
	return instrument.Instance{Class: "card-provider", Owner: "vendor", Status: "active", Keys: map[string]string{"name": "sim"}, State: state}
}

var amount = instrumenttest.Sum

// pay runs PAY for an offer, at its own price if the vendor is not told another.
func (s *shop) pay(reference, price string) (receipt, error) {
	result, err := s.Execute(s.t.Context(), "card.pay", s.payment(reference, price))
	return receiptOf(s.t, result, err), err
}

func (s *shop) payment(reference, price string) protocol.Call {
	return protocol.Call{
		Operation: protocol.Pay, Class: "payment-card", Instruments: []instrument.ID{s.card},
		Offer: &instrument.OfferBody{
			ID: "offer-" + reference, Class: "payment-card", Payer: cmp.Or(s.payer, s.Initiator.Self.Key), Terms: instrument.Terms{Price: amount(price)},
			Invoice: instrument.Invoice{"reference": reference, "merchant": "Kiosk 7"},
		},
	}
}

// vendor runs an operation that a vendor has for itself.
func (s *shop) vendor(operation string, args map[string]string) (protocol.Result, error) {
	return alone(s.t, s.Servicer, operation, "card-payment", s.provider, args)
}

func (s *shop) charge(token, reference, price string) (receipt, error) {
	result, err := s.vendor("CHARGE", map[string]string{"token": token, "reference": reference, "amount": price, "merchant": "Kiosk 7"})
	return receiptOf(s.t, result, err), err
}

func alone(t testing.TB, n *protocoltest.Node, operation string, class instrument.ClassID, on instrument.ID, args any) (protocol.Result, error) {
	t.Helper()
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	return n.Protocols.Execute(context.Background(), protocol.Execution{Protocol: "card.pay", Call: protocol.Call{
		Operation: operation, Class: class, Instruments: []instrument.ID{on}, Args: text,
	}})
}

type receipt struct {
	Transaction string
	Amount      instrument.Amount
	Reference   string
	State       string
}

func receiptOf(t testing.TB, r protocol.Result, failure error) (out receipt) {
	t.Helper()
	if failure != nil {
		return out
	}
	if err := json.Unmarshal(r.Value, &out); err != nil {
		t.Fatal(err)
	}
	if r.Amount != out.Amount {
		t.Errorf("the result moved %s and its receipt says %s", r.Amount, out.Amount)
	}
	return out
}

// held is the card's state as far as tests look at it.
type held struct {
	Counter    uint64
	Pending    *struct{ Reference string }
	Unresolved []struct{ Reference string }
	Receipts   []receipt
}

func (s *shop) held() (h held) {
	s.t.Helper()
	if err := s.Initiator.View(s.t, s.card).Decode(&h); err != nil {
		s.t.Fatal(err)
	}
	return h
}

// booked is the vendor's payment with a reference.
type booked struct {
	State, Transaction, Reason, Brand, Last4 string
	Former                                   []string
	Provider                                 instrument.ID
}

func (s *shop) booked(reference string) (b booked) {
	s.t.Helper()
	i, err := s.Servicer.Instruments.Lookup(context.Background(), "card-payment", "reference", reference)
	if fault.KindOf(err) == fault.NotFound {
		return b
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if err := i.Decode(&b); err != nil {
		s.t.Fatal(err)
	}
	if b.State != i.Status {
		s.t.Errorf("the payment's status is %s and its state says %s", i.Status, b.State)
	}
	return b
}

var wantFault = faulttest.Want
