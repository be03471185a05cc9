package parked

import "net"

// Under is the connection below c, if c was given back to the server before.
func Under(c net.Conn) (net.Conn, bool) {
	b, ok := c.(*begun)
	if !ok {
		return nil, false
	}
	return b.Conn, true
}

// Net is the connection of a request.
func (c *Conn) Net() net.Conn { return c.net }

// Last is Lasting for a time.
var Last = last

// Kept is how many connections a lot has, those that rest included.
func Kept(l *Lot) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// Lasts is how long a request goes on whose peer says nothing more.
var Lasts = lasts
