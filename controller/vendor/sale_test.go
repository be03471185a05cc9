package vendor_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// wallet is a client with a card.
type wallet struct {
	*controller.Controller
	card instrument.ID
}

func newWallet(t *testing.T, c *cast) *wallet {
	t.Helper()
	party := newParty(t, c.net, comm.Client, profile.UserPolicy(), time.Now, &atomic.Bool{})
	i := instrument.Instance{Class: vendor.ClassCard, Status: "active", Keys: map[string]string{"account": "a1"}}
	check(t, i.Encode(map[string]string{
		"account": "a1", "brand": "Sandbox Card", "last4": "1234", "key": base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)),
	}))
	return &wallet{Controller: party.Controller, card: party.Create(t, i)}
}

// pay goes through the steps of a session for a withdrawal, proving one's reserve.
func (w *wallet) pay(t *testing.T, shop comm.Peer, wopid taler.Named, p purse) error {
	t.Helper()
	return w.payFor(t, shop, instrument.Invoice{"reference": wopid.Text()}, p)
}

// payFor is pay for whatever withdrawal an invoice asks for.
func (w *wallet) payFor(t *testing.T, shop comm.Peer, about instrument.Invoice, p purse) error {
	t.Helper()
	s, err := w.InitiateSession(t.Context(), shop, controller.Login{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(context.WithoutCancel(t.Context())) }()
	if _, err := s.Negotiate(t.Context(), vendor.ClassCard, about); err != nil {
		return err
	}
	me, err := w.Own(t.Context())
	check(t, err)
	_, err = s.Execute(t.Context(), controller.Transaction{Principal: me, Operation: protocol.Pay, Class: vendor.ClassCard, Instruments: []instrument.ID{w.card}},
		func(_ context.Context, text []byte) (map[string][]byte, error) {
			signature := p.priv.Sign(taler.ReserveProof(text))
			return map[string][]byte{"reserve": signature[:]}, nil
		})
	return err
}

func (c *cast) open(t *testing.T) comm.Peer {
	t.Helper()
	door, err := c.Listen(t.Context(), c.comm, comm.Address{Scheme: inproc.Scheme, Path: "shop"})
	check(t, err)
	t.Cleanup(func() { _ = door.Close() })
	return comm.Peer{Name: "shop", Role: comm.Vendor, Key: c.key, Addresses: []string{door.Address().String()}}
}

// TestOnlyTheWalletThatSelectedMayPay lets a wallet with a photo of the code try
// first. Its wallet may ask by the groups of its key alone, without saying which withdrawal it is.
func TestOnlyTheWalletThatSelectedMayPay(t *testing.T) {
	c := newCast(t)
	shop, mine := c.open(t), newPurse(t, 1)
	selects := c.selects(t, mine)
	tried := make(chan [2]error, 1)
	person := &customer{on: func(e vendor.Event) {
		if selects(e); e.Event != vendor.EventPay {
			return
		}
		if e.Peer != shop.Addresses[0] || e.Reserve != mine.priv.Public().String() {
			t.Errorf("the terminal waits at %s for %s", e.Peer, e.Reserve)
		}
		go func() {
			all, err := c.Withdrawals(t.Context())
			if err != nil || len(all) != 1 {
				t.Errorf("%d withdrawals, %v", len(all), err)
			}
			thief := newWallet(t, c).pay(t, shop, all[0].WOPID, newPurse(t, 2))
			for _, other := range []string{taler.KeyGroups(newPurse(t, 2).priv.Public()), taler.KeyGroups(taler.EddsaPublicKey{}), "-"} {
				if err := newWallet(t, c).payFor(t, shop, instrument.Invoice{"reserve": other}, mine); fault.ReasonOf(err) != taler.ReasonUnknownOperation {
					t.Errorf("asked by %s: %v", other, err)
				}
			}
			tried <- [2]error{thief, newWallet(t, c).payFor(t, shop, instrument.Invoice{"reserve": taler.KeyGroups(mine.priv.Public())}, mine)}
		}()
	}}
	_, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, person)
	check(t, err)
	got := <-tried
	if fault.ReasonOf(got[0]) != "wallet-differs" || got[1] != nil {
		t.Errorf("the thief: %v; the customer: %v", got[0], got[1])
	}
	if !slices.Equal(person.events, []string{"setup", "selected", "pay", "paid", "confirmed"}) || c.cards.Times() != 1 {
		t.Errorf("events %v, charged %d times", person.events, c.cards.Times())
	}
}

// TestNothingElseIsBoughtWhereAWithdrawalIsPaid: who says an amount there has not paid it,
// and is told so before their card is asked for.
func TestNothingElseIsBoughtWhereAWithdrawalIsPaid(t *testing.T) {
	c := newCast(t)
	w := newWallet(t, c)
	for _, row := range []struct {
		name   string
		listen func(context.Context, *comm.Manager, comm.Address) (comm.Listener, error)
		reason fault.Reason
	}{
		{"at a shop", c.Listen, ""},
		{"at a withdrawal", c.ListenForWithdrawals, "withdrawal-only"},
	} {
		t.Run(row.name, func(t *testing.T) {
			door, err := row.listen(t.Context(), c.comm, comm.Address{Scheme: inproc.Scheme, Path: strings.ReplaceAll(row.name, " ", "-")})
			check(t, err)
			defer func() { _ = door.Close() }()
			s, err := w.InitiateSession(t.Context(), comm.Peer{Role: comm.Vendor, Key: c.key, Addresses: []string{door.Address().String()}}, controller.Login{})
			check(t, err)
			defer func() { _ = s.Close(context.WithoutCancel(t.Context())) }()
			if _, err := s.InstrumentClasses(t.Context(), instrument.Invoice{"amount": "CHF:20"}); fault.ReasonOf(err) != row.reason {
				t.Errorf("error = %v", err)
			}
			if _, err := s.InstrumentClasses(t.Context(), instrument.Invoice{}); err != nil {
				t.Errorf("without an amount: %v", err)
			}
		})
	}
}

func TestATerminalThatWaitsForNobodyTakesNoCard(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	var nobody taler.WOPID
	if err := newWallet(t, c).pay(t, shop, nobody, newPurse(t, 1)); fault.ReasonOf(err) != taler.ReasonUnknownOperation {
		t.Errorf("error = %v", err)
	}
}

// TestNobodyWaitsForEver ends the wait for a wallet that does not come; the
// withdrawal stays and can be resumed.
func TestNobodyWaitsForEver(t *testing.T) {
	c := newCast(t)
	c.open(t)
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	selects := c.selects(t, newPurse(t, 1))
	person := &customer{on: func(e vendor.Event) {
		if selects(e); e.Event == vendor.EventPay {
			cut()
		}
	}}
	w, err := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, person)
	if !errors.Is(err, fault.Unknown) || w.Status != taler.TerminalSelected || fault.From(err).Hint != "go on with `terminal resume "+w.Short()+"`" {
		t.Fatalf("error %v, %s, advised: %s", err, w.Status, fault.From(err).Hint)
	}
	plastic := customer{}
	if _, err := c.Resume(t.Context(), w.WOPID, "approved", &plastic); err != nil || !slices.Equal(plastic.events, []string{"setup", "selected", "paid", "confirmed"}) {
		t.Errorf("resumed with a plastic card: %v, events %v", err, plastic.events)
	}
}

// TestWhatACustomerMayNotAskFor keeps a wallet from the terminal's own classes.
func TestWhatACustomerMayNotAskFor(t *testing.T) {
	c := newCast(t)
	role := c.Servicing()
	for _, class := range []instrument.ClassID{vendor.ClassProvider, vendor.ClassCardPayment, vendor.ClassWithdrawal, vendor.ClassExchange, vendor.ClassCard} {
		if _, _, err := role.Offers(t.Context(), controller.Caller{}, instrument.Invoice{"amount": "CHF:1"}, class); !errors.Is(err, fault.Unsupported) && class != vendor.ClassCard {
			t.Errorf("%s is offered: %v", class, err)
		}
		if err := role.Prepare(t.Context(), controller.Caller{}, comm.Execute{}, &controller.Transaction{Class: class, Operation: "CHARGE"}); !errors.Is(err, fault.Denied) {
			t.Errorf("%s may be asked for: %v", class, err)
		}
	}
	inPart := partOf("lunch", "1", "CHF:3", "CHF:1")
	for _, class := range []instrument.ClassID{vendor.ClassProvider, vendor.ClassCardPayment, vendor.ClassWithdrawal, vendor.ClassExchange, vendor.ClassCredit, vendor.ClassSpent, controller.ClassPayment} {
		if _, _, err := role.Offers(t.Context(), controller.Caller{}, inPart, class); fault.ReasonOf(err) != "class-not-offered" {
			t.Errorf("%s is offered to pay a part: %v", class, err)
		}
		part := controller.Transaction{Class: class, Operation: protocol.Pay, Invoice: inPart}
		if err := role.Prepare(t.Context(), controller.Caller{}, comm.Execute{}, &part); fault.ReasonOf(err) != "not-granted" {
			t.Errorf("%s may pay a part: %v", class, err)
		}
	}
	if _, _, err := role.Offers(t.Context(), controller.Caller{}, instrument.Invoice{}, vendor.ClassCard); !errors.Is(err, fault.Unsupported) {
		t.Errorf("a card is offered to pay nothing: %v", err)
	}
	terms, _, err := role.Offers(t.Context(), controller.Caller{}, instrument.Invoice{"amount": "CHF:1"}, "coupon")
	if err != nil || terms.Price.String() != "CHF:1" {
		t.Errorf("a class of somebody else's costs %s, %v", terms.Price, err)
	}
	if _, _, err := role.Offers(t.Context(), controller.Caller{}, instrument.Invoice{"amount": "much"}, "coupon"); !errors.Is(err, fault.Invalid) {
		t.Errorf("a price that is none: %v", err)
	}
	if _, err := role.Admit(t.Context(), comm.Peer{}, comm.Initiate{Role: comm.Bank}); !errors.Is(err, fault.Denied) {
		t.Errorf("a bank is admitted: %v", err)
	}
}

// TestAWalletThatAbortsPaysNothing aborts while the terminal waits for a payment
// over a session, and while the customer looks for a plastic card.
func TestAWalletThatAbortsPaysNothing(t *testing.T) {
	for _, row := range []struct {
		name, card string
		at         string // the event at which the wallet aborts
		events     []string
	}{
		{"before it pays over a session", "", vendor.EventPay, []string{"setup", "selected", "pay", "aborted"}},
		{"before a plastic card is read", "approved", vendor.EventSelected, []string{"setup", "selected", "aborted"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, mine := newCast(t), newPurse(t, 1)
			shop := c.open(t)
			selects := c.selects(t, mine)
			var id taler.WithdrawalID
			person := &customer{on: func(e vendor.Event) {
				if selects(e); e.Event == vendor.EventSetup {
					uri, err := taler.ParseWithdrawURI(e.URI)
					check(t, err)
					id = uri.ID
				}
				if e.Event == row.at {
					check(t, c.bank.Wallet().AbortOperation(t.Context(), id))
				}
			}}
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: row.card}, person)
			if !errors.Is(err, fault.Declined) || w.Status != taler.TerminalAborted || !slices.Equal(person.events, row.events) {
				t.Errorf("error %v, %s, events %v", err, w.Status, person.events)
			}
			if err := newWallet(t, c).pay(t, shop, id, mine); fault.ReasonOf(err) != taler.ReasonUnknownOperation {
				t.Errorf("it can still be paid: %v", err)
			}
			if c.cards.Times() != 0 {
				t.Errorf("the card was charged %d times", c.cards.Times())
			}
		})
	}
}
