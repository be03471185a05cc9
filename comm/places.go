package comm

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Places bounds how many connections a listener has at a time. A connection counts until
// it is closed. One too many is closed at once, so that a peer which cannot be served
// learns it now and not after a time limit.
type Places struct {
	All  int            // bound of all connections; 0: none
	Each int            // bound of one address, or one /64 of IPv6; 0: none
	Free []netip.Prefix // addresses without that bound, such as proxies; this machine never has it
}

// Of is a listener that accepts what l accepts, within the bounds.
func (p Places) Of(l net.Listener) net.Listener {
	return &limited{Listener: l, places: p, of: map[netip.Prefix]int{}}
}

// limited is a listener that takes a bounded number of connections.
type limited struct {
	net.Listener
	places Places

	mu  sync.Mutex
	all int
	of  map[netip.Prefix]int
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, bounded := l.places.origin(conn.RemoteAddr())
		if l.enter(from, bounded) {
			return &counted{Conn: conn, leave: func() { l.leave(from, bounded) }}, nil
		}
		_ = conn.Close()
	}
}

func (l *limited) enter(from netip.Prefix, bounded bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if most := l.places.All; most > 0 && l.all >= most {
		return false
	}
	if each := l.places.Each; bounded && each > 0 && l.of[from] >= each {
		return false
	}
	l.all++
	if bounded {
		l.of[from]++
	}
	return true
}

func (l *limited) leave(from netip.Prefix, bounded bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if !bounded {
		return
	}
	if l.of[from]--; l.of[from] == 0 {
		delete(l.of, from)
	}
}

// origin is the network for which a connection counts, and whether Each bounds it: not for
// this machine, a free address, or one that is no IP address.
func (p Places) origin(a net.Addr) (netip.Prefix, bool) {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}, false
	}
	ip := at.Addr().Unmap().WithZone("")
	if ip.IsLoopback() || slices.ContainsFunc(p.Free, func(f netip.Prefix) bool { return f.Contains(ip) }) {
		return netip.Prefix{}, false
	}
	return Network(ip), true
}

// Network is what counts as one address: an IPv4 address itself, or the /64 of an IPv6
// address, of which one customer has all.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil { // of no address at all
		return netip.Prefix{}
	}
	return p
}

// counted gives its place back when it is closed.
type counted struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.leave)
	return err
}
