package websocket

import (
	"net"
	"sync"
)

// limited is a listener that takes a bounded number of connections, counted
// until they are closed. One too many is closed at once: a peer that cannot be
// served learns it now, not after a time limit.
type limited struct {
	net.Listener
	room chan struct{}
}

func limit(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, room: make(chan struct{}, n)}
}

func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.room <- struct{}{}:
			return &counted{Conn: conn, leave: func() { <-l.room }}, nil
		default:
			_ = conn.Close()
		}
	}
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
