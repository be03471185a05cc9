package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/websocket"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// machine is an open vending machine.
type machine struct {
	house *house.House
	env   *cli.Env
	shop  *shop
	chute *chute
	rig
}

// rig is what tests change: they kill the process at points of their choice, and
// take the protection away.
type rig struct {
	house  func(*house.Options)
	at     func(point)                 // of the dispensing
	cursor func(*chute) instrument.Seq // where the events go on
	drop   func(*chute, job) error     // dispense
	paid   func(context.Context, *vendor.Terminal, held) (vendor.Payment, error)
}

// orUsual has the machine's own part wherever a test has changed nothing.
func (r rig) orUsual() rig {
	if r.at == nil {
		r.at = func(point) {}
	}
	if r.cursor == nil {
		r.cursor, r.drop = (*chute).done, (*chute).drop
	}
	if r.paid == nil {
		r.paid = func(ctx context.Context, t *vendor.Terminal, h held) (vendor.Payment, error) {
			return t.Payment(ctx, h.peer, h.payment)
		}
	}
	return r
}

// point is a place in the dispensing where a process may die.
type point string

const (
	pointPaid    point = "paid"    // a payment is committed, and the application was told
	pointDropped point = "dropped" // the job is done, and nothing after it
)

// open opens the machine, and dispenses what was paid for before anybody can pay
// again: only then it is known what is left.
func open(ctx context.Context, e *cli.Env, f house.Files, s settings, r rig) (m *machine, err error) {
	o := house.Options{
		Files: f, Role: comm.Vendor, Name: s.Name, Device: "vending machine", Policy: vendor.Policy(), Log: e.Log(), AllowHTTP: e.AllowHTTP,
		Alone: true, Clear: s.ClearLines,
	}
	if r.house != nil {
		r.house(&o)
	}
	m = &machine{env: e, rig: r.orUsual()}
	shelf, err := newShelf(s.Products)
	if err != nil {
		return nil, err
	}
	if err := vendor.CheckMerchant(s.Name); err != nil {
		return nil, err
	}
	if m.house, err = house.Open(ctx, o); err != nil {
		return nil, err
	}
	half := m
	defer func() {
		if err != nil {
			half.close()
		}
	}()
	till := vendor.New(m.house.Controller, nil, vendor.Config{Merchant: s.Name}) // it sells no cash: it has no bank
	m.shop = &shop{Servicing: till.Servicing(), shelf: shelf, till: till}
	var jobs []job
	if m.chute, jobs, err = openChute(filepath.Join(f.Dir, "chute")); err != nil {
		return nil, err
	}
	for _, j := range jobs {
		_ = shelf.take(j.product, held{operation: j.operation}) // of a product that is not sold any more
	}
	if err = m.keep(ctx); err != nil {
		return nil, err
	}
	if err = m.catchUp(ctx); err != nil {
		return nil, err
	}
	return m, m.house.Resume(ctx, nil)
}

// lately is how many operations, the newest ones, are looked at for parts of payments that
// are not paid yet.
const lately = 256

// keep keeps pieces for the payments that an earlier life has begun and that go on
// in this one, or may be let go on, or of which it has taken a part lately.
func (m *machine) keep(ctx context.Context) error {
	running, err := m.house.Protocols().Records(ctx, protocol.Filter{State: protocol.Running, Side: protocol.Servicer})
	if err != nil {
		return err
	}
	stuck, err := m.house.Protocols().Records(ctx, protocol.Filter{State: protocol.Stuck, Side: protocol.Servicer})
	if err != nil {
		return err
	}
	ended, err := m.house.Protocols().Records(ctx, protocol.Filter{State: protocol.Ended, Side: protocol.Servicer, Limit: lately})
	if err != nil {
		return err
	}
	slices.Reverse(ended) // of a payment the latest counts
	for _, r := range slices.Concat(ended, stuck, running) {
		name := r.Invoice[vendor.InvoiceProduct]
		if r.Operation != protocol.Pay || name == "" || r.State == protocol.Ended && !m.misses(ctx, r) {
			continue
		}
		id, err := m.house.Protocols().Named(ctx, string(r.ID))
		if err != nil {
			return err
		}
		if err := m.shop.shelf.hold(name, heldFor(r.Peer, id, r.Invoice, r.Begun), func(held) bool { return false }); err != nil {
			m.house.Log().Warn("a payment goes on for what is not there", "product", name, "operation", r.ID)
		}
	}
	return nil
}

// misses says that an operation has paid a part of a payment, lately, and that others are
// missing.
func (m *machine) misses(ctx context.Context, r protocol.Record) bool {
	h := heldFor(r.Peer, "", r.Invoice, r.Begun)
	if h.payment == "" || r.Fault != nil || m.house.Now().Sub(r.Begun) > keptPartly {
		return false
	}
	p, err := m.paid(ctx, m.shop.till, h)
	return err == nil && p.Status == vendor.PaymentOpen
}

// errCaughtUp ends an observation.
var errCaughtUp = errors.New("the end of the journal")

// catchUp dispenses what was committed before now.
func (m *machine) catchUp(ctx context.Context) error {
	last, err := m.house.Instruments().Journal(ctx, protocol.Transactions, instrument.Page{Limit: 1, Reverse: true})
	if err != nil || len(last) == 0 || last[0].Seq <= m.cursor(m.chute) {
		return err
	}
	err = m.house.Observe(ctx, m.cursor(m.chute), func(ctx context.Context, e controller.Event) error {
		if err := m.dispense(ctx, e); err != nil || e.Seq < last[0].Seq {
			return err
		}
		return errCaughtUp
	})
	if err == nil {
		return ctx.Err()
	}
	if errors.Is(err, errCaughtUp) {
		return nil
	}
	return err
}

// dispense is told of each committed transaction behind the cursor, in order.
// One that dispenses nothing leaves no line, and comes again in the next life.
func (m *machine) dispense(ctx context.Context, e controller.Event) error {
	name := e.Invoice[vendor.InvoiceProduct]
	if e.Name != protocol.Pay || e.Side != protocol.Servicer || name == "" {
		return nil
	}
	h := heldFor(e.Peer, e.Operation, e.Invoice, e.Time)
	if e.Fault != nil {
		m.shop.shelf.release(held{operation: e.Operation})
		return nil
	}
	if h.payment != "" {
		if due, err := m.due(ctx, h); err != nil || !due {
			return err
		}
	}
	m.at(pointPaid)
	if err := m.shop.shelf.take(name, h); err != nil {
		return err
	}
	if err := m.drop(m.chute, job{e.Seq, name, e.Operation}); err != nil {
		return err
	}
	m.at(pointDropped)
	return m.env.Print(map[string]any{"event": "dispensed", "number": e.Seq, "product": name, "operation": protocol.Short(e.Operation)},
		"%d: one %s for %s\n", e.Seq, name, protocol.Short(e.Operation))
}

// due says that a payment of several instruments is paid and nothing was dispensed
// for it. That one part is committed says neither: the others may be missing, and
// the last one may be committed before the machine hears of the first, which it
// then dispenses for.
func (m *machine) due(ctx context.Context, h held) (bool, error) {
	p, err := m.paid(ctx, m.shop.till, h)
	return err == nil && p.Status == vendor.PaymentPaid && !m.shop.shelf.dispensed(p.Parts), err
}

// serve lets wallets in and dispenses until ctx ends. A machine that cannot
// dispense ends: it takes no money for nothing.
func (m *machine) serve(ctx context.Context, listen string, further []string) error {
	inside := context.WithoutCancel(ctx) // doors close in order
	door := func(a comm.Address) (comm.Listener, error) {
		return m.house.Comm.Listen(inside, a, m.house.Accept(m.shop))
	}
	p := serve.New(m.env)
	p.Go(m.house.Lost)
	if err := p.Sessions(further, door); err != nil {
		return err
	}
	first, err := door(comm.Address{Scheme: websocket.Scheme, Host: listen, Path: "/"})
	if err != nil {
		return errors.Join(err, p.Close())
	}
	p.Session(first)
	p.Announce("vending", first.Address().String())
	p.Go(func(ctx context.Context) error { return m.house.Observe(ctx, m.cursor(m.chute), m.dispense) })
	return p.Run(ctx)
}

// close ends the machine: operations first, the chute last.
func (m *machine) close() {
	within, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := m.house.Close(within); err != nil {
		m.house.Log().Warn("the machine was not closed in order", "error", err)
	}
	if m.chute != nil {
		_ = m.chute.close() // every line is on disk already
	}
}
