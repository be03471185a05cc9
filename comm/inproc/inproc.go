// Package inproc connects parties that live in one process: tests, and programs
// that link a wallet. A Network stands for the wires between them; nothing is
// reachable from outside it. Everything is marshalled as on a real wire.
//
//	net := inproc.NewNetwork()
//	door, err := net.Transport(inproc.Options{Key: bankKey}).Listen(ctx, address, accept)
//	conn, err := net.Transport(inproc.Options{Key: walletKey}).Dial(ctx, door.Address(), handler)
package inproc

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// Scheme is that of the addresses, "inproc:name#KEY".
const Scheme = "inproc"

// Network is where the parties of a process find each other.
type Network struct {
	mu    sync.Mutex
	doors map[string]*listener
	count uint64 // connections made
}

// NewNetwork makes a network without parties.
func NewNetwork() *Network { return &Network{doors: map[string]*listener{}} }

// Options are those of one party.
type Options struct {
	Key      string     // text of its identity key, believed without proof
	Trust    comm.Trust // decides about unknown peers; nil refuses them
	MaxFrame int        // see rpc.Options
}

// Transport is one party's way into the network.
type Transport struct {
	net *Network
	o   Options
}

// Transport gives a party its way into the network.
func (n *Network) Transport(o Options) *Transport { return &Transport{net: n, o: o} }

// Schemes implements comm.Transport.
func (t *Transport) Schemes() []string { return []string{Scheme} }

// Dial implements comm.Transport.
func (t *Transport) Dial(ctx context.Context, a comm.Address, h comm.Handler) (comm.Conn, error) {
	if ctx.Err() != nil {
		return nil, fault.Late(ctx.Err(), "no time is left to connect").Because("dial-timeout")
	}
	door, number := t.net.find(name(a))
	if door == nil {
		return nil, fault.New(fault.Unavailable, "nobody listens at %s", a).Because("peer-unreachable")
	}
	if err := t.o.Trust.Check(ctx, door.party.o.Key, a); err != nil {
		return nil, err
	}
	binding := sha256.Sum256(fmt.Appendf(nil, "inproc %d %q %q", number, t.o.Key, door.party.o.Key))
	here, there := pair()
	door.accepted.Serve(door.party.conn(there, rpc.Servicer, t.o.Key, binding[:]), door.accept)
	conn := t.conn(here, rpc.Initiator, door.party.o.Key, binding[:])
	conn.Start(h)
	return conn, nil
}

func (t *Transport) conn(s *stream, side rpc.Side, key string, binding []byte) *rpc.Conn {
	return rpc.New(s, rpc.Options{
		Side: side, Peer: comm.Peer{Key: key}, Binding: binding,
		MaxFrame: t.o.MaxFrame,
	})
}

func (n *Network) find(name string) (*listener, uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count++
	return n.doors[name], n.count
}

func name(a comm.Address) string { return a.Host + a.Path }
