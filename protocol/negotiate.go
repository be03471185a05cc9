package protocol

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Negotiation is the argument of NEGOTIATE: the class, what this side has for it and, at the
// servicer, what the initiator sent.
type Negotiation struct {
	// Class and Local are one class and the protocols that this side has for it.
	Class instrument.ClassID `json:"class,omitempty"`
	Local []string           `json:"local,omitempty"`
	// Pairs takes their place in a joint negotiation: all classes of this side with
	// their protocols, at the initiator the most liked first.
	Pairs []Pair          `json:"pairs,omitempty"`
	Sent  json.RawMessage `json:"sent,omitempty"`
}

// ReadSent reads what the initiator sent into v.
func (n Negotiation) ReadSent(v any) error {
	return decode(n.Sent, v, "the peer's part of the negotiation")
}

// Pair is a class and a protocol for it.
type Pair struct {
	Class    instrument.ClassID `json:"class"`
	Protocol string             `json:"protocol"`
}

// Negotiated is the result of NEGOTIATE at either side: protocols for the one
// class, or pairs.
type Negotiated struct {
	Protocols []string `json:"protocols,omitempty"`
	Pairs     []Pair   `json:"pairs,omitempty"`
}

// Joint reports whether our PNP negotiates classes and protocols together.
func (m *Manager) Joint() bool { return m.installed[m.pnp].info.Joint }

// NegotiateProtocol finds the protocols that both peers have for a class: the
// paper's negotiate-Protocol (§5.3). It runs the DoOperation of the PNP here
// and, through the connection, at the peer.
func (m *Manager) NegotiateProtocol(ctx context.Context, class instrument.ClassID, c comm.Conn) ([]string, error) {
	r := Execution{Side: Initiator, Peer: c.Peer(), Link: negotiation{conn: c, asked: comm.Protocols{Class: string(class)}}}
	got, err := m.negotiate(ctx, r, Negotiation{Class: class, Local: m.Available(class)})
	return got.Protocols, err
}

// NegotiateJointly negotiates classes and protocols in one exchange under a joint
// PNP: pairs are ours, the most liked first. The answer is what both have, in that
// order, and the peer's offers for the invoice.
func (m *Manager) NegotiateJointly(ctx context.Context, inv instrument.Invoice, pairs []Pair, c comm.Conn) ([]Pair, []comm.Offer, error) {
	var offers []comm.Offer
	link := negotiation{conn: c, asked: comm.Protocols{Invoice: inv}, offers: &offers}
	got, err := m.negotiate(ctx, Execution{Side: Initiator, Peer: c.Peer(), Link: link}, Negotiation{Pairs: pairs})
	return got.Pairs, offers, err
}

// AnswerNegotiation is the servicer's side of NegotiateProtocol.
func (m *Manager) AnswerNegotiation(ctx context.Context, peer comm.Peer, asked comm.Protocols) (Negotiated, error) {
	class := instrument.ClassID(asked.Class)
	return m.negotiate(ctx, Execution{Side: Servicer, Peer: peer}, Negotiation{Class: class, Local: m.Available(class), Sent: asked.Args})
}

// AnswerJointly is the servicer's side of NegotiateJointly, for the classes that
// it offers.
func (m *Manager) AnswerJointly(ctx context.Context, peer comm.Peer, asked comm.Protocols, classes []instrument.ClassID) (Negotiated, error) {
	n := Negotiation{Sent: asked.Args}
	for _, class := range classes {
		for _, id := range m.Available(class) {
			n.Pairs = append(n.Pairs, Pair{class, id})
		}
	}
	return m.negotiate(ctx, Execution{Side: Servicer, Peer: peer}, n)
}

func (m *Manager) negotiate(ctx context.Context, r Execution, n Negotiation) (Negotiated, error) {
	args, err := json.Marshal(n)
	if err != nil {
		return Negotiated{}, fault.Wrap(err, fault.Internal, "a negotiation cannot be written as JSON")
	}
	r.Protocol = m.pnp
	r.Call = Call{Operation: Negotiate, Class: n.Class, Args: args}
	result, err := m.Execute(ctx, r)
	if fault.ReasonOf(err) == reasonMalformed { // not fault.Unknown: a negotiation changes nothing
		err = fault.Wrap(err, fault.Invalid, "%s", fault.From(err).Message).Because(reasonMalformed)
	}
	if err != nil {
		return Negotiated{}, err
	}
	var out Negotiated
	err = decode(result.Value, &out, "the result of the negotiation")
	return out, err
}

// negotiation is the Link of a PNP's initiator. Its one message each way goes under the method
// protocols.available.
type negotiation struct {
	conn   comm.Conn
	asked  comm.Protocols
	offers *[]comm.Offer // of a joint negotiation
}

func (n negotiation) Execute(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	asked := n.asked
	if len(e.Msgs) > 0 {
		asked.Args = e.Msgs[0].Body
	}
	var raw json.RawMessage
	err := n.conn.Call(ctx, comm.MethodProtocols, asked, &raw)
	if err == nil && n.offers != nil {
		var got comm.Offered
		err = decode(raw, &got, "the peer's offers")
		*n.offers = got.Offers
	}
	if err != nil {
		return comm.Executed{Op: e.Op, Fault: fault.From(err)}, nil // a negotiation is not repeated
	}
	return comm.Executed{Op: e.Op, Have: uint64(len(e.Msgs)), Result: raw}, nil
}

func (n negotiation) Say(context.Context, comm.Said) error {
	return fault.New(fault.Unsupported, "a negotiation is one message each way").Because("no-peer")
}
