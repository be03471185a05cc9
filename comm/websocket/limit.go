package websocket

import (
	"net"
	"net/netip"
	"sync"
)

// limited is a listener that takes a bounded number of connections, also of each
// address, counted until they are closed. One too many is closed at once: a peer
// that cannot be served learns it now, not after a time limit.
type limited struct {
	net.Listener
	most, each int

	mu  sync.Mutex
	all int
	of  map[netip.Prefix]int
}

func limit(l net.Listener, most, each int) net.Listener {
	return &limited{Listener: l, most: most, each: each, of: map[netip.Prefix]int{}}
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, bounded := origin(conn.RemoteAddr())
		if l.enter(from, bounded) {
			return &counted{Conn: conn, leave: func() { l.leave(from, bounded) }}, nil
		}
		_ = conn.Close()
	}
}

func (l *limited) enter(from netip.Prefix, bounded bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.most || bounded && l.of[from] >= l.each {
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

// origin is whom an address counts for: itself, or its network of IPv6, which one
// customer has whole. This machine is not bounded, nor is what has no IP address.
func origin(a net.Addr) (netip.Prefix, bool) {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil || at.Addr().Unmap().IsLoopback() {
		return netip.Prefix{}, false
	}
	ip, bits := at.Addr().Unmap().WithZone(""), 32
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	return prefix, err == nil
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
