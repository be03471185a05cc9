package inproc

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// listener is a party's door in the network.
type listener struct {
	party    *Transport
	name     string
	accept   func(comm.Conn) (comm.Handler, error)
	accepted rpc.Accepted
	stop     func() bool // ends the watch over the context
}

// Listen implements comm.Acceptor. A name can be taken once.
func (t *Transport) Listen(ctx context.Context, a comm.Address, accept func(comm.Conn) (comm.Handler, error)) (comm.Listener, error) {
	l := &listener{party: t, name: name(a), accept: accept}
	if l.name == "" {
		return nil, fault.New(fault.Invalid, "an inproc address needs a name").Because("address-malformed")
	}
	n := t.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.doors[l.name] != nil {
		return nil, fault.New(fault.Conflict, "somebody listens at %s already", a).Because("address-taken")
	}
	n.doors[l.name] = l
	l.stop = context.AfterFunc(ctx, func() { _ = l.Close() })
	return l, nil
}

// Address implements comm.Listener.
func (l *listener) Address() comm.Address {
	return comm.Address{Scheme: Scheme, Path: l.name, Key: l.party.o.Key}
}

// Close implements comm.Listener. It waits for the handlers of the connections,
// so none of them may call it.
func (l *listener) Close() error {
	n := l.party.net
	n.mu.Lock()
	if n.doors[l.name] == l {
		delete(n.doors, l.name)
	}
	stop := l.stop
	n.mu.Unlock()
	stop()
	l.accepted.Close()
	return nil
}
