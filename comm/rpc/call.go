package rpc

import (
	"context"
	"errors"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Call implements comm.Conn. A ctx that ends is fault.Timeout; the request is
// not taken back by that, and its answer is dropped. A connection that ends is
// fault.Unavailable, reason comm.ReasonConnectionLost: the peer may have handled the
// request, so only what is idempotent may be sent again. An answer that cannot
// be read into result is fault.Unknown.
func (c *Conn) Call(ctx context.Context, method string, params, result any) error {
	if c.side != Initiator {
		return fault.New(fault.Denied, "only the side that dialled may send %s", method).
			Because("servicer-may-not-call")
	}
	if ctx.Err() != nil {
		return timeout(ctx, method)
	}
	raw, err := encode(params)
	if err != nil {
		return err
	}
	if c.calls.Add(1) > c.maxOpen {
		c.calls.Add(-1)
		return tooMany(c.maxOpen)
	}
	said := &content{params: raw}
	w, err := c.lib.DispatchCall(ctx, method, nil, said.along())
	if err != nil {
		c.calls.Add(-1)
		return c.written(err)
	}
	if err = w.Wait(ctx, nil); err == nil {
		err = decode(said.result, result)
	}
	return c.outcome(ctx, method, err)
}

// Notify implements comm.Conn.
func (c *Conn) Notify(ctx context.Context, method string, params any) error {
	if ctx.Err() != nil {
		return timeout(ctx, method)
	}
	raw, err := encode(params)
	if err != nil {
		return err
	}
	said := &content{params: raw}
	return c.written(c.lib.Notify(ctx, method, nil, said.along()))
}

// outcome names the ways in which an answer fails to come.
func (c *Conn) outcome(ctx context.Context, method string, err error) error {
	var refused *jsonrpc2.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return received(refused)
	case errors.Is(err, jsonrpc2.ErrClosed):
		return c.lost()
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return timeout(ctx, method)
	}
	return fault.Wrap(err, fault.Unknown, "the answer of %s to %s cannot be read", c.name(), method).
		Because("answer-malformed")
}

// answered sees each message before the library handles it. The library has
// seen a skeleton only: the real result is put where Call looks for it.
func (c *Conn) answered(asked *jsonrpc2.Request, answer *jsonrpc2.Response) {
	if answer == nil {
		return
	}
	if asked == nil {
		c.end(errUnasked)
		return
	}
	c.calls.Add(-1)
	if said := contentOf(asked); said != nil && answer.Error == nil {
		said.result = c.current.Result
	}
}

func timeout(ctx context.Context, method string) error {
	return fault.Late(ctx.Err(), "no answer to %s in time", method).Because("no-answer")
}

func tooMany(limit int64) *fault.Fault {
	return fault.New(fault.Unavailable, "%d requests of this connection are waiting already", limit).
		Because("too-many-requests").WithHint("try again when some of them are answered")
}
