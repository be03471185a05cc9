package protocol

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Negotiation is the argument of NEGOTIATE: the class, what this side has for
// it and, at the servicer, what the initiator sent along.
type Negotiation struct {
	Class instrument.ClassID `json:"class"`
	Local []string           `json:"local"`
	Sent  json.RawMessage    `json:"sent,omitempty"`
}

// Negotiated is the result of NEGOTIATE at either side.
type Negotiated struct {
	Protocols []string `json:"protocols"`
}

// NegotiateProtocol finds the protocols that both peers have for a class: the
// paper's negotiate-Protocol (§5.3). It runs the DoOperation of the PNP here
// and, through the connection, at the peer.
func (m *Manager) NegotiateProtocol(ctx context.Context, class instrument.ClassID, c comm.Conn) ([]string, error) {
	return m.negotiate(ctx, Execution{Side: Initiator, Peer: c.Peer(), Link: negotiation{c, class}}, Negotiation{Class: class, Local: m.Available(class)})
}

// AnswerNegotiation is the servicer's side of NegotiateProtocol.
func (m *Manager) AnswerNegotiation(ctx context.Context, peer comm.Peer, asked comm.Protocols) (Negotiated, error) {
	class := instrument.ClassID(asked.Class)
	common, err := m.negotiate(ctx, Execution{Side: Servicer, Peer: peer}, Negotiation{Class: class, Local: m.Available(class), Sent: asked.Args})
	return Negotiated{common}, err
}

func (m *Manager) negotiate(ctx context.Context, r Execution, n Negotiation) ([]string, error) {
	args, err := json.Marshal(n)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "a negotiation cannot be written as JSON")
	}
	r.Protocol = m.pnp
	r.Call = Call{Operation: Negotiate, Class: n.Class, Args: args}
	result, err := m.Execute(ctx, r)
	if err != nil {
		return nil, err
	}
	var out Negotiated
	err = decode(result.Value, &out, "the result of the negotiation")
	return out.Protocols, err
}

// negotiation is the Link of a PNP's initiator: its one message each way goes
// under the method protocols.available.
type negotiation struct {
	conn  comm.Conn
	class instrument.ClassID
}

func (n negotiation) Execute(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	asked := comm.Protocols{Class: string(n.class)}
	if len(e.Msgs) > 0 {
		asked.Args = e.Msgs[0].Body
	}
	var raw json.RawMessage
	err := n.conn.Call(ctx, comm.MethodProtocols, asked, &raw)
	if err != nil {
		return comm.Executed{Op: e.Op, Fault: fault.From(err)}, nil // a negotiation is not repeated
	}
	return comm.Executed{Op: e.Op, Have: uint64(len(e.Msgs)), Result: raw}, nil
}

func (n negotiation) Say(context.Context, comm.Said) error {
	return fault.New(fault.Unsupported, "a negotiation is one message each way").Because("no-peer")
}
