package parked

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// Conn is the connection of one request that waits, and the writer of its answer,
// which is kept until Answer sends it. One goroutine uses it.
type Conn struct {
	lot      *Lot
	server   *http.Server
	net      net.Conn        // set with the lot's lock held
	ctx      context.Context //nolint:containedctx // it is the connection's life, as http.Request's is
	cancel   context.CancelFunc
	method   string
	last     bool // no request comes behind this one
	rests    bool // answered; the lot's
	stays    bool // the peer may ask again; set when answered
	answered chan struct{}

	header http.Header
	status int
	body   bytes.Buffer
}

// Context ends with the lot's waits, and when the peer has gone: nobody needs the
// answer then. Whoever has only closed its own half of the connection still hears it.
func (c *Conn) Context() context.Context { return c.ctx }

// Header implements http.ResponseWriter. It has what was set before Take.
func (c *Conn) Header() http.Header { return c.header }

// WriteHeader implements http.ResponseWriter.
func (c *Conn) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

// Write implements http.ResponseWriter.
func (c *Conn) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	return c.body.Write(b)
}

// Answer sends what was written, within a deadline, and gives the connection back
// to the server, or closes it if that was its last request or nothing could be sent.
// Once the lot's waits have ended each request is the last one.
func (c *Conn) Answer(now, deadline time.Time) {
	defer close(c.answered)
	c.last = c.last || c.lot.waits.Err() != nil
	c.WriteHeader(http.StatusOK)
	c.header.Set("Date", now.UTC().Format(http.TimeFormat))
	r := http.Response{
		StatusCode: c.status, ProtoMajor: 1, ProtoMinor: 1, Header: c.header, Close: c.last, Request: &http.Request{Method: c.method},
		ContentLength: int64(c.body.Len()), Body: io.NopCloser(&c.body),
	}
	var text bytes.Buffer
	err := r.Write(&text) // in one piece: the peer is one packet away from knowing
	if err == nil {
		_ = c.net.SetWriteDeadline(deadline)
		_, err = c.net.Write(text.Bytes())
	}
	if c.stays = c.lot.rest(c) && err == nil && !c.last; !c.stays {
		_ = c.net.Close()
		return
	}
	_ = c.net.SetReadDeadline(now.Add(c.lot.idle)) // its errors are those of a connection that has gone
}

// watch waits for what the peer does next: it goes, which ends the wait, or it asks
// again, which nobody hears before this request was answered.
func (c *Conn) watch(early []byte) {
	defer c.lot.drop(c)
	defer c.cancel()
	if len(early) == 0 {
		var first [1]byte
		n, err := c.net.Read(first[:])
		if err != nil {
			c.cancel()
			<-c.answered
			_ = c.net.Close()
			return
		}
		early = first[:n]
	}
	<-c.answered
	if !c.stays { // what came behind the last request is none
		return
	}
	back := &once{conn: &begun{c.net, early}}
	_ = c.net.SetDeadline(time.Time{}) // the server has its own
	_ = c.server.Serve(back)           // it returns at once: back has no second one
	back.unless()
}

// once is a listener at which one connection arrives.
type once struct{ conn *begun }

// Accept implements net.Listener.
func (l *once) Accept() (net.Conn, error) {
	if l.conn == nil {
		return nil, io.EOF
	}
	c := l.conn
	l.conn = nil
	return c, nil
}

// Close implements net.Listener.
func (l *once) Close() error { return nil }

// Addr implements net.Listener.
func (l *once) Addr() net.Addr { return &net.TCPAddr{} }

// unless closes the connection if the server did not want it, which ends.
func (l *once) unless() {
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

// begun is a connection of which a piece was read already.
type begun struct {
	net.Conn
	early []byte
}

// Read implements net.Conn.
func (c *begun) Read(b []byte) (int, error) {
	if len(c.early) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.early)
	c.early = c.early[n:]
	return n, nil
}
