package protocol

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Protocol accomplishes operations with instruments (paper §2.2). A Protocol is
// used by many goroutines at once and keeps no state between operations.
type Protocol interface {
	// Info describes the protocol; constant.
	Info() Info
	// CompatibleWith is the paper's compatible-With. Pure.
	CompatibleWith(class instrument.ClassID) bool
	// Operations lists what can be done with a class while connected to a peer
	// of that role; an empty role asks for what needs no peer. Pure.
	Operations(class instrument.ClassID, peer comm.Role) []Operation
	// DoOperation runs one side of an operation. It follows the rules of
	// Session; an error is the outcome of the operation and crosses as a fault.
	DoOperation(ctx context.Context, s Session, c Call) (Result, error)
}

// Info is what a protocol says of itself.
type Info struct {
	ID    string `json:"id"` // "card.pay"
	Title string `json:"title"`
	// Replay names the sequence of steps that the code takes. A new number
	// means that operations begun by older code cannot be continued by it.
	Replay int `json:"replay"`
	// Joint is of a PNP that negotiates classes and protocols in one exchange, for
	// all classes at once.
	Joint bool `json:"joint,omitempty"`
	// Plain is of a protocol whose PAY may go without the signatures of payer and
	// vendor, over a line that somebody has allowed to be in clear: there nobody has
	// a key. Anywhere else it is signed as all are.
	Plain bool `json:"plain,omitempty"`
}

// Operation is one thing that a protocol can do.
type Operation struct {
	Name string `json:"name"` // upper case, as in the paper: PAY, REFUND
	// ReadOnly operations change nothing: no row, no lease, no writes, and
	// requests that may be repeated.
	ReadOnly bool `json:"read_only,omitempty"`
	// Messages says that the two runs talk; false: arguments in, result out.
	Messages bool `json:"messages,omitempty"`
	// Keyed operations are safe to repeat by a unique key of their class, and
	// answer with its present state: the host keeps no operation row for them.
	Keyed bool `json:"keyed,omitempty"`
	// Instruments is what it wants of the instruments that its initiator names.
	Instruments Wants `json:"instruments,omitempty"`
}

// Wants is what an operation says of the instruments that its initiator names. The
// host keeps to it before anything begins; the servicer's own are its role's.
type Wants string

// What an operation may want.
const (
	// WantsUnsaid is of code that says nothing, takes one or none, or several: what is
	// named reaches it, and it refuses what it cannot use.
	WantsUnsaid Wants = ""
	WantsNone   Wants = "none" // it takes none, such as one that makes an instrument
	WantsMain   Wants = "main" // it takes one, the main one of its call
)

// Fits refuses a call whose instruments are not what its operation wants.
func (o Operation) Fits(c Call) error {
	switch {
	case o.Instruments == WantsMain && c.Main() == "":
		return fault.New(fault.Invalid, "%s needs an instrument, and none is given: which one?", o.Name).Because("instrument-missing").
			WithHint("`instrument list` shows those that there are")
	case o.Instruments == WantsMain && len(c.Instruments) > 1:
		return fault.New(fault.Invalid, "%s takes one instrument, and %d are given", o.Name, len(c.Instruments)).Because("instrument-unwanted").
			WithHint("name the one to do it with, and leave the others out")
	case o.Instruments == WantsNone && len(c.Instruments) > 0:
		return fault.New(fault.Invalid, "%s takes no instrument, and one is given", o.Name).Because("instrument-unwanted").
			WithHint("leave it out")
	}
	return nil
}

// Names of operations that more than one protocol has.
const (
	Pay       = "PAY"
	Refund    = "REFUND"
	Negotiate = "NEGOTIATE"
)

// Call is what an operation is asked to do. Both runs get the same operation,
// class, args and offer; each side names its own instruments.
type Call struct {
	Operation   string                `json:"operation"`
	Class       instrument.ClassID    `json:"class"`
	Instruments []instrument.ID       `json:"instruments,omitempty"` // leased for the operation, the main one first
	Invoice     instrument.Invoice    `json:"invoice,omitempty"`
	Args        json.RawMessage       `json:"args,omitempty"`
	Offer       *instrument.OfferBody `json:"offer,omitempty"` // what the vendor signed and the payer saw
	Deadline    time.Time             `json:"deadline,omitzero"`
}

// Arguments reads Args into v, and leaves v as it is where none were given: what is
// missing the operation says best itself.
func (c Call) Arguments(v any) error {
	if len(c.Args) == 0 {
		return nil
	}
	err := decode(c.Args, v, "the arguments of "+c.Operation)
	if err == nil {
		return nil
	}
	return fault.From(err).WithHint("give the arguments that %s takes, each as it wants it", c.Operation)
}

// NoArguments refuses the arguments of an operation that reads none: whoever gives
// one means something by it.
func (c Call) NoArguments() error {
	var given map[string]json.RawMessage
	if err := c.Arguments(&given); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		return fault.New(fault.Invalid, "%s has no argument %q", c.Operation, fault.Clip(name)).Because("argument-unknown").WithHint("what is paid is what the offer says")
	}
	return nil
}

// Main is the first instrument of the call, empty if there is none.
func (c Call) Main() instrument.ID {
	if len(c.Instruments) == 0 {
		return ""
	}
	return c.Instruments[0]
}

// Result is how an operation ended well. The servicer's Value reaches the
// initiator's code as one last message.
type Result struct {
	Value json.RawMessage `json:"value,omitempty"`
	// Amount is what changed hands, for the host to compare with the offer.
	Amount instrument.Amount `json:"amount,omitzero"`
}

// ResultOf makes a Result of a value.
func ResultOf(v any) (Result, error) {
	raw, err := instrument.WriteJSON(v)
	return Result{Value: raw}, err
}

// Facts are what a payment provider says of a payment, as VERIFY returns them.
// They decide nothing: the bank compares them with the withdrawal.
type Facts struct {
	State       string            `json:"state"` // pending, paid, failed, withheld
	Amount      instrument.Amount `json:"amount"`
	Refunded    instrument.Amount `json:"refunded,omitzero"`
	Reference   string            `json:"reference"`
	Transaction string            `json:"transaction"`
	Space       int64             `json:"space,omitempty"` // the merchant's account there, of providers where one has several
	Raw         json.RawMessage   `json:"raw,omitempty"`   // the provider's own words, kept as proof
}

// States of Facts.
const (
	FactPending = "pending" // not final: ask again
	FactPaid    = "paid"    // final and good
	FactFailed  = "failed"  // final, no money
	// FactWithheld is final as well: the money was taken, and nothing may be
	// delivered for it.
	FactWithheld = "withheld"
)

// Found are the facts of all payments with one reference, as SEARCH returns them, or of
// those that there was room for.
type Found struct {
	Payments []Facts `json:"payments"`
	More     bool    `json:"more,omitempty"` // there may be others, of which nothing is known
}

// Repaid is what a payment provider says of money that it was told to give back,
// as REFUND returns it. State is one of Facts: FactPaid is given back for good,
// FactFailed will not be.
type Repaid struct {
	State      string            `json:"state"`
	Amount     instrument.Amount `json:"amount"`
	ExternalID string            `json:"external_id"` // who ordered it named it so; one name gives back once
	ID         string            `json:"id"`          // the provider's own name
	Raw        json.RawMessage   `json:"raw,omitempty"`
}
