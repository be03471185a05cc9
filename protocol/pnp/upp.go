package pnp

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

// UPPID names the PNP after the idea of JEPI's UPP.
const UPPID = "pnp.upp"

// maxPairs bounds what one side may list.
const maxPairs = 256

// UPP is a PNP after the idea of JEPI's Universal Payment Preamble (paper §6, its
// reference 13): the initiator lists class–protocol pairs, the most liked first; the
// servicer answers with those that it accepts, in the same order, and the
// controller sends its terms along. One exchange negotiates classes and protocols
// together.
type UPP struct{ negotiator }

// Info describes the protocol.
func (UPP) Info() protocol.Info {
	return protocol.Info{ID: UPPID, Title: "Negotiation by a list of preferences", Replay: 1, Joint: true}
}

// DoOperation runs one side of NEGOTIATE.
func (UPP) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	n, err := asked(UPPID, c)
	if err != nil {
		return protocol.Result{}, err
	}
	if s.Side() == protocol.Initiator {
		return ask(ctx, s, n.Pairs)
	}
	var wanted []protocol.Pair
	if err := n.ReadSent(&wanted); err != nil {
		return protocol.Result{}, err
	}
	if len(wanted) > maxPairs {
		return protocol.Result{}, fault.New(fault.Invalid, "%d pairs are more than anybody has", len(wanted)).Because("message-malformed")
	}
	return protocol.ResultOf(protocol.Negotiated{Pairs: both(wanted, n.Pairs)})
}

// ask sends the list and takes of the answer what it had sent, in its own order:
// a servicer can leave out, and neither add nor prefer.
func ask(ctx context.Context, s protocol.Session, pairs []protocol.Pair) (protocol.Result, error) {
	if err := s.Send(ctx, pairs); err != nil {
		return protocol.Result{}, err
	}
	var answer protocol.Negotiated
	if err := s.Recv(ctx, &answer); err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(protocol.Negotiated{Pairs: both(pairs, answer.Pairs)})
}

// both are the pairs of the first list that are in the second, too, each once.
func both(first, second []protocol.Pair) []protocol.Pair {
	out := []protocol.Pair{}
	for _, p := range first {
		if slices.Contains(second, p) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
