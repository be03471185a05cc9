package protocol

import (
	"context"
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
	Begun     time.Time              `json:"begun"`
	Ended     time.Time              `json:"ended,omitzero"`
	Result    *Result                `json:"result,omitempty"`
	Fault     *fault.Fault           `json:"fault,omitempty"`
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
			Class: r.Class, Begun: r.Begun, Ended: r.Ended,
		}
		body, err := m.unseal(r)
		if err != nil {
			return nil, err
		}
		if body.End != nil {
			out[n].Result, out[n].Fault = body.End.Result, body.End.Fault
		}
	}
	return out, nil
}
