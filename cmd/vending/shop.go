package main

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// shop is the vendor's servicing with the machine's prices. What it adds is said
// in Offers, not in an interceptor: a price belongs into the signed offer, and an
// offer that is not made needs no filter.
type shop struct {
	controller.Servicing
	shelf *shelf
	begun func(ctx context.Context, peer string, op instrument.OperationID) (protocol.Execution, error)
	clock func() time.Time
}

// Offers gives a product its price, for every class that a wallet can pay with
// and whatever the invoice says that it costs. What is not there is refused,
// with the reason. Without a product there is no price, and nothing can be paid,
// except into an account at this machine.
func (s *shop) Offers(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	name := inv[vendor.InvoiceProduct]
	if name == "" {
		if inv["account"] == "" {
			inv = maps.Clone(inv)
			delete(inv, "amount")
		}
		return s.Servicing.Offers(ctx, who, inv, class)
	}
	price, err := s.shelf.offer(name, s.over(ctx))
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	return s.Servicing.Offers(ctx, who, instrument.Invoice{vendor.InvoiceProduct: name, "amount": price.String()}, class)
}

// Prepare keeps one piece for a payment that begins. An offer keeps none, so
// there may be more of them than pieces; whoever pays first has it.
func (s *shop) Prepare(ctx context.Context, who controller.Caller, e comm.Execute, t *controller.Transaction) error {
	if err := s.Servicing.Prepare(ctx, who, e, t); err != nil {
		return err
	}
	if t.Operation != protocol.Pay || t.Reference != "" { // the latter pays into an account
		return nil
	}
	name := t.Invoice[vendor.InvoiceProduct]
	if name == "" {
		return fault.New(fault.Invalid, "a machine wants to know what is bought").Because("product-missing").WithHint("say --item product=NAME")
	}
	return s.shelf.hold(name, held{who.Peer.Key, t.ID, s.clock()}, s.over(ctx))
}

// over finds payments that a piece is kept for and that will never end: they were
// refused after Prepare, and never began.
func (s *shop) over(ctx context.Context) func(held) bool {
	return func(h held) bool {
		_, err := s.begun(ctx, h.peer, h.operation)
		return errors.Is(err, fault.NotFound) && s.clock().Sub(h.since) > time.Minute
	}
}

// Ended gives back what was kept for a payment that failed. What was paid is kept
// until it is dispensed.
func (s *shop) Ended(t controller.Transaction, err error) {
	if err != nil {
		s.shelf.release(t.ID)
	}
	s.Servicing.Ended(t, err)
}

// shelf is what there is. It is safe for concurrent use.
type shelf struct {
	mu   sync.Mutex
	rows map[string]*row
	gone map[instrument.OperationID]bool // dispensed
}

type row struct {
	price  instrument.Amount
	pieces int
	kept   map[instrument.OperationID]held
}

// held is a payment that a piece is kept for.
type held struct {
	peer      string
	operation instrument.OperationID
	since     time.Time
}

// newShelf reads what is sold: "NAME PRICE PIECES" each.
func newShelf(products []string) (*shelf, error) {
	s := &shelf{rows: map[string]*row{}, gone: map[instrument.OperationID]bool{}}
	for _, text := range products {
		words := strings.Fields(text)
		if len(words) != 3 {
			return nil, badProduct(text)
		}
		price, err := instrument.ParseAmount(words[1])
		pieces, bad := strconv.Atoi(words[2])
		if err := errors.Join(err, bad, checkProduct(words[0])); err != nil || price.IsZero() || pieces < 0 || s.rows[words[0]] != nil {
			return nil, badProduct(text)
		}
		s.rows[words[0]] = &row{price: price, pieces: pieces, kept: map[instrument.OperationID]held{}}
	}
	return s, nil
}

func badProduct(text string) error {
	return fault.New(fault.Invalid, "%q is no product, or is there twice", text).Because("product-malformed").WithHint(`write it like "A1 CHF:2 10"`)
}

var productName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)

func checkProduct(name string) error {
	if !productName.MatchString(name) {
		return fault.New(fault.Invalid, "%q names no product", name).Because("product-malformed")
	}
	return nil
}

// offer is the price of a product that there is.
func (s *shelf) offer(name string, over func(held) bool) (instrument.Amount, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rows[name]
	switch {
	case !ok:
		return instrument.Amount{}, fault.New(fault.NotFound, "this machine has no %q", name).Because("product-unknown")
	case r.left(over) < 1:
		return instrument.Amount{}, soldOut(name)
	}
	return r.price, nil
}

// left is how many pieces nobody pays for now.
func (r *row) left(over func(held) bool) int {
	if r.pieces <= len(r.kept) {
		maps.DeleteFunc(r.kept, func(_ instrument.OperationID, h held) bool { return over(h) })
	}
	return r.pieces - len(r.kept)
}

func soldOut(name string) error {
	return fault.New(fault.Declined, "%s is sold out: nothing was paid", name).Because("sold-out").WithHint("choose something else")
}

// hold keeps a piece for a payment, once, and none for one that was dispensed
// already.
func (s *shelf) hold(name string, h held, over func(held) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rows[name]
	if !ok {
		return soldOut(name) // since it was offered
	}
	if _, twice := r.kept[h.operation]; twice || s.gone[h.operation] {
		return nil
	}
	if r.left(over) < 1 {
		return soldOut(name)
	}
	r.kept[h.operation] = h
	return nil
}

// take is that a piece leaves. There is one, kept since before the payment,
// unless somebody has changed the settings or the machine's contents since.
func (s *shelf) take(name string, op instrument.OperationID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rows[name]
	if !ok || r.pieces < 1 {
		return fault.New(fault.Conflict, "%s was paid for by %s, and there is none", name, protocol.Short(op)).Because("chute-empty").
			WithHint("fill it up, raise its pieces in config.toml, and start the machine again: it dispenses then")
	}
	delete(r.kept, op)
	r.pieces--
	s.gone[op] = true
	return nil
}

// release gives back what was kept for a payment.
func (s *shelf) release(op instrument.OperationID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rows {
		delete(r.kept, op)
	}
}
