package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// moods are how a shop takes what is presented to it.
type moods struct {
	refuses atomic.Value // the class that it does not take, a string
	unknown atomic.Value // the class of which it cannot say whether it has taken it
	resting atomic.Value // the class whose plugin does not run at the wallet, a string
	broken  atomic.Value // the class whose plugin, it says, does not run at the shop, a string
	keeps   atomic.Bool  // it gives nothing back
	absent  atomic.Value // it says nothing of what it is to give back as long as this is open, a chan struct{}
	boasts  atomic.Value // what it says that it gave back of gold, a string
	slow    atomic.Value // a chan struct{}: it takes what it has got when this says so a second time
}

func (m *moods) is(v *atomic.Value, class instrument.ClassID) bool {
	text, _ := v.Load().(string)
	return text == string(class)
}

// vouchers is a bundle of one class: each number is taken once, and may be taken
// again after it was given back. The shop knows its own mood.
func vouchers(role comm.Role, id instrument.ClassID, m *moods) protocol.Bundle {
	class := sdk.Class{About: instrument.Info{ID: id, Title: string(id), Keys: []string{"number"}, Moves: []instrument.Move{
		{To: "ready"},
		{From: "ready", To: "shown"},
		{From: "shown", To: "shown"},
		{From: "shown", To: "ready"},
		{From: "shown", To: "used"},
		{From: "used", To: "ready"},
		{To: "taken"},
		{From: "taken", To: "free"},
		{From: "free", To: "taken"},
		{From: "free", To: "free"},
	}}}
	find := func(tx instrument.Tx, message json.RawMessage, status string) (err error) {
		at, err := tx.Find(id, "number", string(message))
		if err != nil {
			return err
		}
		i, err := tx.Get(at)
		if err != nil {
			return err
		}
		if i.Status == "taken" && status == "taken" {
			return fault.New(fault.Declined, "this number was used").Because("number-used")
		}
		i.Status = status
		return tx.Put(i)
	}
	return protocol.Bundle{Name: string(id), Classes: sdk.Refundable(role, class), Protocols: []protocol.Protocol{sdk.Simple{
		Name: string(id) + ".spend", Class: id, Operation: protocol.Pay, Accepted: "used", Returned: "ready",
		Present: func(_ protocol.Session, c protocol.Call, i *instrument.Instance) (protocol.Result, error) {
			if m.is(&m.resting, id) {
				return protocol.Result{}, fault.New(fault.Unavailable, "the plugin did not start").Because("plugin-start").WithHint("look at its log")
			}
			i.Status = "shown"
			return protocol.Result{Value: i.State, Amount: c.Offer.Terms.Price}, nil
		},
		Accept: func(_ protocol.Session, c protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
			if taken, _ := m.slow.Load().(chan struct{}); taken != nil {
				<-taken
				<-taken
			}
			switch {
			case m.is(&m.refuses, id):
				return protocol.Result{}, fault.New(fault.Declined, "no %s today", id).Because("not-today")
			case m.is(&m.broken, id):
				return protocol.Result{}, fault.New(fault.Declined, "the plugin did not start").Because("plugin-start")
			case m.is(&m.unknown, id):
				return protocol.Result{}, fault.New(fault.Unknown, "nobody knows about this %s", id).Because("provider-unknown")
			}
			err := find(tx, message, "taken")
			if errors.Is(err, fault.NotFound) {
				_, err = tx.Create(instrument.Instance{Class: id, Status: "taken", Keys: map[string]string{"number": string(message)}, State: message})
			}
			return protocol.Result{Value: json.RawMessage(`{}`), Amount: c.Offer.Terms.Price}, err
		},
		GiveBack: func(tx instrument.Tx, message json.RawMessage, amount instrument.Amount) (json.RawMessage, error) {
			if back, _ := m.absent.Load().(chan struct{}); back != nil {
				<-back
			}
			if m.keeps.Load() {
				return nil, fault.New(fault.Conflict, "the drawer does not open").Because("drawer-stuck")
			}
			if amount.IsZero() {
				return json.RawMessage(`{}`), nil
			}
			return json.RawMessage(`{}`), find(tx, message, "free")
		},
	}}}
}

// market is a wallet with three kinds of vouchers, and a shop that takes them.
type market struct {
	*wallet
	t    *testing.T
	net  *inproc.Network
	shop *vendor.Terminal
	till *controllertest.Party // the shop's
	peer comm.Peer
	moods
	dearer, cheaper  atomic.Bool // everything costs more, or less, from now on
	red, blue, green instrument.ID
	dies             atomic.Int64 // at which record point the wallet dies; 0: at none
	passed           atomic.Int64
	stops            func(protocol.Point) // at the points of operations; nil: at none
}

func openMarket(t *testing.T) *market {
	t.Helper()
	m := &market{t: t, net: inproc.NewNetwork()}
	kinds := func(role comm.Role, own protocol.Bundle) []protocol.Bundle {
		return []protocol.Bundle{own, vouchers(role, "red", &m.moods), vouchers(role, "blue", &m.moods), vouchers(role, "green", &m.moods), kept(vouchers(role, "grey", &m.moods)), m.boasting(vouchers(role, "gold", &m.moods)), twoWays(vouchers(role, "pink", &m.moods))}
	}
	party := controllertest.New(t, m.net, controllertest.Options{
		Role: comm.Client, Policy: profile.UserPolicy(), Bundles: kinds(comm.Client, client.Payments()), At: m.at,
	})
	m.wallet = &wallet{party: party, Wallet: client.New(party.Controller, party.Me(t), nil)}
	till := controllertest.New(t, m.net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: kinds(comm.Vendor, vendor.Payments())})
	m.till = till
	m.shop = vendor.New(till.Controller, nil, vendor.Config{Merchant: "Corner shop"})
	m.peer = till.Listen(t, dear{m.shop.Servicing(), m})
	m.red, m.blue, m.green = m.voucher("red", 1), m.voucher("blue", 2), m.voucher("green", 3)
	return m
}

// dear is a shop that changes its prices.
type dear struct {
	controller.Servicing
	m *market
}

func (d dear) Offers(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	terms, inv, err := d.Servicing.Offers(ctx, who, inv, class)
	if d.m.dearer.Load() && err == nil {
		terms.Price, err = terms.Price.Add(amount(d.m.t, "CHF:1"))
	}
	if d.m.cheaper.Load() && err == nil && inv[controller.InvoiceRefund] == "" {
		terms.Price, err = terms.Price.Sub(amount(d.m.t, "CHF:1"))
	}
	return terms, inv, err
}

// died is what the wallet's code ends with when its process would.
type died struct{}

func (m *market) at(p protocol.Point) {
	if m.stops != nil {
		m.stops(p)
	}
	if p != protocol.PointBeforeRecord && p != protocol.PointAfterRecord {
		return
	}
	if m.passed.Add(1) == m.dies.Load() {
		panic(died{})
	}
}

func (m *market) voucher(class instrument.ClassID, number int) instrument.ID {
	m.t.Helper()
	return m.party.Create(m.t, instrument.Instance{Class: class, Status: "ready", State: fmt.Appendf(nil, `"%d"`, number)})
}

// purchase is CHF 10: CHF 4 in red, the rest in blue.
func (m *market) purchase(key string) client.Together {
	return client.Together{
		Peer: m.peer, Operation: m.operation(m.t, key), Amount: amount(m.t, "CHF:10"),
		Shares: []client.Share{{Instrument: m.red, Amount: amount(m.t, "CHF:4")}, {Instrument: m.blue}},
	}
}

// has is the status of each voucher and what is taken at the shop.
func (m *market) has() string {
	m.t.Helper()
	var out []string
	for _, id := range []instrument.ID{m.red, m.blue, m.green} {
		out = append(out, m.party.View(m.t, id).Status)
	}
	taken := 0
	for _, class := range []instrument.ClassID{"red", "blue", "green"} {
		all, err := m.shop.Instruments().List(m.t.Context(), instrument.Filter{Class: class, Status: "taken"})
		check(m.t, err)
		taken += len(all)
	}
	return fmt.Sprintf("%s; %d taken", strings.Join(out, " "), taken)
}

// shopSays is the shop's word for the payment.
func (m *market) shopSays(w client.Whole) string {
	m.t.Helper()
	p, err := m.shop.Payment(m.t.Context(), m.party.Identity.KeyText(), string(w.Operation))
	if errors.Is(err, fault.NotFound) {
		return "nothing"
	}
	check(m.t, err)
	return p.Status
}

// chooser agrees to everything, and names other instruments in their order.
type chooser struct {
	client.Nobody
	others []instrument.ID
	shown  []string
	bills  int
}

func (c *chooser) Agree(_ context.Context, bills []client.Bill) (bool, error) {
	c.bills = len(bills)
	return true, nil
}

func (c *chooser) Instead(context.Context, client.WholePart, error) (instrument.ID, error) {
	if len(c.others) == 0 {
		return "", nil
	}
	next := c.others[0]
	c.others = c.others[1:]
	return next, nil
}

func (c *chooser) Show(w client.Whole) {
	states := []string{w.Status}
	for _, p := range w.Parts {
		states = append(states, p.State)
	}
	c.shown = append(c.shown, strings.Join(states, " "))
}
