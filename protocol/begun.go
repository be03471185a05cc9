package protocol

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Begun is the Execution by which a peer's operation was begun on this side, with our own
// instruments, whether it runs or has ended. Serving exactly this again finds the first
// outcome, whatever has changed here since. An operation of another peer is fault.NotFound.
// Peers on unencrypted connections have no key, and count as one.
func (m *Manager) Begun(ctx context.Context, peer string, id instrument.OperationID) (Execution, error) {
	m.mu.Lock()
	o := m.ops[id]
	m.mu.Unlock()
	if o != nil {
		return theirs(o.req, peer)
	}
	row, err := m.parts.Store.OperationRow(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return Execution{}, notBegun()
	}
	if err != nil {
		return Execution{}, err
	}
	r := Execution{ID: row.ID, Side: row.Side, Protocol: row.Protocol, Principal: row.Principal}
	r.Peer.Key = row.Peer
	if r, err = theirs(r, peer); err != nil {
		return Execution{}, err
	}
	body, err := m.unseal(row)
	if err != nil {
		return Execution{}, err
	}
	if err := json.Unmarshal(body.Call, &r.Call); err != nil {
		return Execution{}, fault.Wrap(err, fault.Internal, "operation %s cannot be read", Short(id))
	}
	return r, nil
}

// theirs refuses an operation that another peer has begun.
func theirs(r Execution, peer string) (Execution, error) {
	if r.Peer.Key != peer || r.Side != Servicer {
		return Execution{}, notBegun()
	}
	return r, nil
}

func notBegun() error {
	return fault.New(fault.NotFound, "this peer has begun no such operation here").Because("operation-unknown")
}
