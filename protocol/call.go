package protocol

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Call says what an operation does. Both sides have the same operation, class, args and offer;
// each names its own instruments.
type Call struct {
	Operation   string                `json:"operation"`
	Class       instrument.ClassID    `json:"class"`
	Instruments []instrument.ID       `json:"instruments,omitempty"` // leased for the operation, the main one first
	Invoice     instrument.Invoice    `json:"invoice,omitempty"`
	Args        json.RawMessage       `json:"args,omitempty"`
	Offer       *instrument.OfferBody `json:"offer,omitempty"`   // what the vendor signed and the payer saw
	Deadline    time.Time             `json:"deadline,omitzero"` // see Session.Recv and Ask; no part of the idempotent content
}

// Arguments reads Args into v. Without any it leaves v as it is: the operation says what is
// missing.
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

// NoArguments refuses any arguments, for an operation that reads none: whoever gives one expects
// an effect.
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

// Decode reads the value into v.
func (r Result) Decode(v any) error {
	if err := instrument.ReadJSON(r.Value, v); err != nil {
		return fault.Wrap(err, fault.Internal, "the result of an operation cannot be read")
	}
	return nil
}
