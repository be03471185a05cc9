package protocol

import (
	"context"
	"errors"
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
	// Instruments are those of the call, Invoice is what an offer under which it
	// was made is for. An invoice may hold what opens something: it is not shown.
	Instruments []instrument.ID    `json:"instruments,omitempty"`
	Invoice     instrument.Invoice `json:"-"`
	Begun       time.Time          `json:"begun"`
	Ended       time.Time          `json:"ended,omitzero"`
	Result      *Result            `json:"result,omitempty"`
	Fault       *fault.Fault       `json:"fault,omitempty"`
}

// Records lists operations, newest first.
func (m *Manager) Records(ctx context.Context, f Filter) ([]Record, error) {
	rows, err := m.parts.Store.OperationRows(ctx, f)
	if err != nil {
		return nil, err
	}
	out := make([]Record, len(rows))
	for n, r := range rows {
		out[n] = Record{
			ID: instrument.OperationID(Short(r.ID)), State: r.State, Side: r.Side, Protocol: r.Protocol, Operation: r.Operation,
			Class: r.Class, Peer: r.Peer, Begun: r.Begun, Ended: r.Ended,
		}
		body, err := m.unseal(r)
		if err != nil {
			return nil, err
		}
		var call Call
		if err := decode(body.Call, &call, "the call of an operation"); err != nil {
			return nil, err
		}
		out[n].Instruments = call.Instruments
		if call.Offer != nil {
			out[n].Invoice = call.Offer.Invoice
		}
		if body.End != nil {
			out[n].Result, out[n].Fault = body.End.Result, body.End.Fault
		}
	}
	return out, nil
}

// Recover ends the operations that an earlier life of this party has left
// running, as unknown, and frees their instruments: the instruments know what
// is outside, for intent is stored first, and the next operation goes on from
// them. It must only be called while no other process runs on the same store.
func (m *Manager) Recover(ctx context.Context) (int, error) {
	rows, err := m.parts.Store.OperationRows(ctx, Filter{State: Running, Runner: m.parts.Runner, NotRunner: true})
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		if err := m.interrupted(r); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

func (m *Manager) interrupted(r Row) error {
	row, err := m.interruptedRow(r)
	if err != nil {
		return err
	}
	err = m.parts.Store.UpdateOperations(m.life, func(w Writer) error {
		if err := w.EndOperation(row); err != nil {
			return err
		}
		return w.Release(r.ID)
	})
	if known := (*Known)(nil); errors.As(err, &known) {
		return nil // it has ended meanwhile
	}
	return err
}
