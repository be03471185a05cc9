package protocoltest

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Pair is two nodes and the wire between them.
type Pair struct {
	Initiator, Servicer *Node
	Wire                *Wire
}

// NewPair makes a client and a vendor and connects them.
func NewPair(t testing.TB, initiator, servicer []protocol.Bundle) *Pair {
	t.Helper()
	return Connect(
		NewNode(t, Options{Role: comm.Client, Bundles: initiator}),
		NewNode(t, Options{Role: comm.Vendor, Bundles: servicer}),
	)
}

// Connect puts a wire between two nodes.
func Connect(initiator, servicer *Node) *Pair {
	return &Pair{initiator, servicer, &Wire{initiator: initiator, servicer: servicer}}
}

// Reborn puts the next life of one side in its place. The connection is lost.
func (p *Pair) Reborn(side protocol.Side, n *Node) {
	w := p.Wire
	w.mu.Lock()
	defer w.mu.Unlock()
	if side == protocol.Initiator {
		p.Initiator, w.initiator = n, n
	} else {
		p.Servicer, w.servicer = n, n
	}
	if w.now != nil && w.now.alive() {
		close(w.now.lost)
	}
}

// Prepare lets the servicer complete what it is asked before it begins, such as
// with its own instruments. The same request must become the same execution.
func (p *Pair) Prepare(f func(protocol.Execution) protocol.Execution) { p.Wire.prepare = f }

// Execute runs an operation through both nodes under a new id.
func (p *Pair) Execute(ctx context.Context, protocolID string, c protocol.Call) (protocol.Result, error) {
	return p.ExecuteAs(ctx, "", protocolID, c)
}

// ExecuteAs runs an operation through both nodes under an id.
func (p *Pair) ExecuteAs(ctx context.Context, id instrument.OperationID, protocolID string, c protocol.Call) (protocol.Result, error) {
	return p.Initiator.Protocols.Execute(ctx, p.Execution(id, protocolID, c))
}

// Execution is what ExecuteAs executes.
func (p *Pair) Execution(id instrument.OperationID, protocolID string, c protocol.Call) protocol.Execution {
	r := protocol.Execution{ID: id, Protocol: protocolID, Peer: p.Servicer.Self, Link: p.Wire.ToServicer(), Call: c}
	if c.Offer != nil {
		r.Offer = &comm.Offer{Body: must(json.Marshal(c.Offer))}
	}
	return r
}

func classID(e comm.Execute) instrument.ClassID { return instrument.ClassID(e.Call.Class) }

func offerBody(o *comm.Offer) *instrument.OfferBody {
	var body instrument.OfferBody
	if err := json.Unmarshal(o.Body, &body); err != nil {
		panic("protocoltest: " + err.Error())
	}
	return &body
}

func must(raw []byte, err error) []byte {
	if err != nil {
		panic("protocoltest: " + err.Error())
	}
	return raw
}
