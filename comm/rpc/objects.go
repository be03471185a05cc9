package rpc

import (
	"encoding/json"
	"io"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// objects shows the stream of a connection to jsonrpc2. The library reads with
// one goroutine, which also handles each frame before it reads the next.
type objects struct{ c *Conn }

// ReadObject waits until the connection is started, so that no frame is handled
// before there is a handler. Its first error is the end of all handling.
func (o objects) ReadObject(v any) error {
	c := o.c
	select {
	case <-c.started:
	case <-c.ended:
	}
	err := o.read(v)
	if err == nil {
		return nil
	}
	c.end(err)
	// Reading goes on until the stream itself is over: only then has the peer
	// been told why, and only then are its goroutines gone.
	for {
		if _, err := c.stream.ReadFrame(); err != nil {
			go c.farewell() // this goroutine is the library's
			return io.EOF
		}
	}
}

func (o objects) read(v any) error {
	c := o.c
	data, err := c.stream.ReadFrame()
	if err != nil {
		return err
	}
	select {
	case <-c.ended:
		return ErrQueueClosed
	default:
	}
	if len(data) > c.maxFrame {
		return ErrTooBig
	}
	if c.current, err = parseFrame(data); err != nil {
		return err
	}
	if v.(json.Unmarshaler).UnmarshalJSON(c.current.skeleton()) != nil {
		return ErrMalformed
	}
	return nil
}

// WriteObject sends one message. A message over the limit is refused here and
// the connection goes on: the peer would have to close it.
func (o objects) WriteObject(v any) error {
	data, err := o.c.outgoing.text(v)
	o.c.outgoing = outgoing{}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "this cannot be written as JSON").Because("params-malformed")
	}
	if len(data) > o.c.maxFrame {
		return fault.New(fault.Invalid, "a message of %d bytes is too long for this connection, which takes %d", len(data), o.c.maxFrame).
			Because("frame-too-big")
	}
	if err := o.c.stream.WriteFrame(data); err != nil {
		o.c.end(err)
		return err
	}
	return nil
}

// Close is called by the library when it gives the connection up.
func (o objects) Close() error {
	o.c.end(io.EOF)
	return nil
}
