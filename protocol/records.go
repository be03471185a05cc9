package protocol

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Record is an operation as its owner sees it.
type Record struct {
	ID        instrument.OperationID `json:"operation"` // shortened
	State     State                  `json:"state"`
	Side      Side                   `json:"side"`
	Protocol  string                 `json:"protocol"`
	Operation string                 `json:"name"`
	Class     instrument.ClassID     `json:"class"`
	Peer      string                 `json:"peer,omitempty"` // its key; empty for a local operation
	// Principal is on whose behalf it was made.
	Principal instrument.PrincipalID `json:"-"`
	// Instruments are those of the call. Invoice is that of the offer under which it was
	// made. Invoice and arguments may hold secrets, and are not shown.
	Instruments []instrument.ID    `json:"instruments,omitempty"`
	Invoice     instrument.Invoice `json:"-"`
	Args        json.RawMessage    `json:"-"`
	Begun       time.Time          `json:"begun"`
	Ended       time.Time          `json:"ended,omitzero"`
	Result      *Result            `json:"result,omitempty"`
	Fault       *fault.Fault       `json:"fault,omitempty"`
}

// Named finds the one operation whose id begins like that, at least 8
// characters of it. The error is fault.NotFound or fault.Invalid.
func (m *Manager) Named(ctx context.Context, prefix string) (instrument.OperationID, error) {
	unknown := fault.New(fault.NotFound, "there is no operation %q here", fault.Clip(prefix)).Because("operation-unknown").
		WithHint("`operation list` shows those that there are")
	if len(prefix) < minPrefix {
		return "", unknown
	}
	rows, err := m.parts.Store.OperationRows(ctx, Filter{Prefix: strings.ToLower(prefix), Limit: 2})
	switch {
	case err != nil:
		return "", err
	case len(rows) == 0:
		return "", unknown
	case len(rows) > 1:
		return "", fault.New(fault.Invalid, "more than one operation begins like %q", fault.Clip(prefix)).Because("name-ambiguous").WithHint("give more characters")
	}
	return rows[0].ID, nil
}

// minPrefix is how much of an id names an operation.
const minPrefix = 8

// Records lists operations, newest first, for code that decides by them: one that cannot be
// opened is an error.
func (m *Manager) Records(ctx context.Context, f Filter) ([]Record, error) {
	return m.records(ctx, f, func(_ *Record, err error) error { return err })
}

// Look is Records for a person who looks at operations: one that cannot be opened is listed with
// a fault that says so, and hides no other.
func (m *Manager) Look(ctx context.Context, f Filter) ([]Record, error) {
	return m.records(ctx, f, func(r *Record, err error) error {
		r.Fault = fault.From(err)
		return nil
	})
}

func (m *Manager) records(ctx context.Context, f Filter, closed func(*Record, error) error) ([]Record, error) {
	rows, err := m.parts.Store.OperationRows(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]Record, len(rows))
	for n, r := range rows {
		out[n] = Record{
			ID: instrument.OperationID(Short(r.ID)), State: r.State, Side: r.Side, Protocol: r.Protocol, Operation: r.Operation,
			Class: r.Class, Peer: r.Peer, Principal: r.Principal, Begun: r.Begun, Ended: r.Ended,
		}
		if err := m.open(r, &out[n]); err != nil {
			if err := closed(&out[n], err); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// open adds what is sealed in the row of an operation.
func (m *Manager) open(r Row, to *Record) error {
	body, err := m.unseal(r)
	if err != nil {
		return err
	}
	var call Call
	if err := decode(body.Call, &call, "the call of an operation"); err != nil {
		return err
	}
	to.Instruments, to.Args = call.Instruments, call.Args
	if call.Offer != nil {
		to.Invoice = call.Offer.Invoice
	}
	if body.End != nil {
		to.Result, to.Fault = body.End.Result, body.End.Fault
	}
	return nil
}
