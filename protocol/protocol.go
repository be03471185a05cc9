package protocol

import (
	"context"

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
	// Joint marks a PNP that negotiates classes and protocols in one exchange, for
	// all classes at once.
	Joint bool `json:"joint,omitempty"`
	// Plain marks a protocol whose PAY needs no signatures on an unencrypted connection,
	// where nobody has a key; both sides have to allow such connections. On any other
	// connection its PAY is signed by payer and vendor like every other.
	Plain bool `json:"plain,omitempty"`
}

// Operation is one thing that a protocol can do.
type Operation struct {
	Name string `json:"name"` // upper case, as in the paper: PAY, REFUND
	// ReadOnly operations change nothing: they have no row, take no lease, write nothing, and
	// send only requests that may be repeated.
	ReadOnly bool `json:"read_only,omitempty"`
	// Messages says that the two runs talk; false: arguments in, result out.
	Messages bool `json:"messages,omitempty"`
	// Keyed operations are safe to repeat by a unique key of their class, and
	// answer with its present state: the host keeps no operation row for them.
	Keyed bool `json:"keyed,omitempty"`
	// Instruments says which instruments its initiator has to name.
	Instruments Wants `json:"instruments,omitempty"`
}

// Wants says which instruments the initiator of an operation has to name. The host
// checks it before anything begins. It does not speak of the servicer's own, which
// the servicer's role names.
type Wants string

// What an operation may want.
const (
	// WantsUnsaid leaves it to the code, which may take several and refuses what it cannot
	// use.
	WantsUnsaid Wants = ""
	WantsNone   Wants = "none" // no instrument: it makes one, for instance
	WantsMain   Wants = "main" // one instrument, the main one of its call
)

// fits refuses a call that does not name what its operation wants.
func (o Operation) fits(c Call) error {
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
