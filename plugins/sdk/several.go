package sdk

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Several is a protocol with several operations on one class, each of them a Simple. It
// needs at least one, and has the Name, Title, Class and Replay of the first.
type Several []Simple

// Info implements protocol.Protocol.
func (p Several) Info() protocol.Info { return p[0].Info() }

// CompatibleWith implements protocol.Protocol.
func (p Several) CompatibleWith(class instrument.ClassID) bool { return p[0].CompatibleWith(class) }

// Operations implements protocol.Protocol.
func (p Several) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	if !p.CompatibleWith(class) || peer == "" {
		return nil
	}
	var out []protocol.Operation
	for _, o := range p {
		out = append(out, o.Operations(class, peer)...)
	}
	return out
}

// DoOperation implements protocol.Protocol.
func (p Several) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	at := slices.IndexFunc(p, func(o Simple) bool { return o.does(c.Operation) })
	if at < 0 {
		return protocol.Result{}, fault.New(fault.Unsupported, "%s has no operation %s", p[0].Name, c.Operation).Because("operation-unknown")
	}
	return p[at].DoOperation(ctx, s, c)
}
