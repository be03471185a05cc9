package main

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// shelf is what there is. It is safe for concurrent use.
type shelf struct {
	mu   sync.Mutex
	rows map[string]*row
	gone map[instrument.OperationID]bool // dispensed
}

type row struct {
	price  instrument.Amount
	pieces int
	kept   map[string]held // by its key
}

// held is a payment that a piece is kept for: one operation, or one of several,
// its parts.
type held struct {
	peer      string
	payment   string                 // the name of one of several instruments
	operation instrument.OperationID // that pays; of several the latest
	since     time.Time              // it began
}

func heldFor(peer string, op instrument.OperationID, inv instrument.Invoice, since time.Time) held {
	return held{peer: peer, payment: inv[controller.InvoicePayment], operation: op, since: since}
}

func (h held) key() string {
	if h.payment == "" {
		return string(h.operation)
	}
	return "payment " + h.peer + " " + h.payment
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
		s.rows[words[0]] = &row{price: price, pieces: pieces, kept: map[string]held{}}
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

// offer is the price of a product that there is for whoever asks: one that nobody
// pays for now, or that is kept for the payment whose next part this is.
func (s *shelf) offer(name string, asks held, over func(held) bool) (instrument.Amount, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rows[name]
	if !ok {
		return instrument.Amount{}, fault.New(fault.NotFound, "this machine has no %q", name).Because("product-unknown").WithHint("%s", s.listed())
	}
	if _, kept := r.kept[asks.key()]; !kept && r.left(over) < 1 {
		return instrument.Amount{}, soldOut(name)
	}
	return r.price, nil
}

// shown is how many products a customer is told of who names none that there is.
const shown = 20

// sells says to a customer what there is: a machine has no other list.
func (s *shelf) sells() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listed()
}

func (s *shelf) listed() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(s.rows)) {
		if r := s.rows[name]; r.pieces > 0 {
			all = append(all, name+" for "+r.price.String())
		}
	}
	switch {
	case len(all) == 0:
		return "it is empty"
	case len(all) > shown:
		return "it sells " + strings.Join(all[:shown], ", ") + " and more"
	}
	return "it sells " + strings.Join(all, ", ")
}

// left is how many pieces nobody pays for now.
func (r *row) left(over func(held) bool) int {
	if r.pieces <= len(r.kept) {
		maps.DeleteFunc(r.kept, func(_ string, h held) bool { return over(h) })
	}
	return r.pieces - len(r.kept)
}

// soldOut leaves it to the wallet to say what was paid: of a payment in parts another one may have been.
func soldOut(name string) error {
	return fault.New(fault.Declined, "%s is sold out", name).Because("sold-out").WithHint("choose something else")
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
	if s.gone[h.operation] {
		return nil
	}
	if _, kept := r.kept[h.key()]; !kept && r.left(over) < 1 {
		return soldOut(name)
	}
	r.kept[h.key()] = h
	return nil
}

// take is that a piece leaves. There is one, kept since before the payment,
// unless somebody has changed the settings or the machine's contents since.
func (s *shelf) take(name string, h held) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rows[name]
	if !ok || r.pieces < 1 {
		return fault.New(fault.Conflict, "%s was paid for by %s, and there is none", name, protocol.Short(h.operation)).Because("chute-empty").
			WithHint("fill it up, raise its pieces in config.toml, and start the machine again: it dispenses then")
	}
	delete(r.kept, h.key())
	r.pieces--
	s.gone[h.operation] = true
	return nil
}

// dispensed says that a piece has left for one of the parts, and so for their
// payment.
func (s *shelf) dispensed(parts []vendor.Part) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(parts, func(p vendor.Part) bool { return s.gone[p.ID] })
}

// release gives back what was kept for a payment.
func (s *shelf) release(h held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rows {
		delete(r.kept, h.key())
	}
}
