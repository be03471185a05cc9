package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// serving handles what the peer sends. The library calls it for one frame after
// the other: a notification is handled within that call, a request leaves it.
type serving struct{ c *Conn }

// Handle implements jsonrpc2.Handler. The context ends with the connection.
func (s serving) Handle(ctx context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) {
	c := s.c
	method, params := r.Method, c.current.Params
	switch {
	case r.Notif:
		c.handler.Notification(ctx, c, method, params)
	case c.side != Servicer:
		c.end(errServicerCalls)
	case c.serving.Add(1) > c.maxOpen:
		c.serving.Add(-1)
		s.answer(ctx, r.ID, nil, tooMany(c.maxOpen))
	default:
		c.running.Go(func() { s.request(ctx, r.ID, method, params) })
	}
}

func (s serving) request(ctx context.Context, id jsonrpc2.ID, method string, params json.RawMessage) {
	result, err := s.c.handler.Request(ctx, s.c, method, params)
	// First: whoever has read the answer may send the next request at once.
	s.c.serving.Add(-1)
	s.answer(ctx, id, result, err)
	if _, ok := errors.AsType[*comm.Last](err); ok {
		s.c.end(io.EOF)
	}
}

// answer sends a result or a fault. What cannot be sent of either becomes a fault
// that can, for the peer waits for an answer; a connection that has ended needs none.
func (s serving) answer(ctx context.Context, id jsonrpc2.ID, result any, err error) {
	if err == nil {
		err = s.result(ctx, id, result)
	} else {
		err = s.c.lib.ReplyWithError(ctx, id, sent(err))
	}
	if err == nil {
		return
	}
	_ = s.c.lib.ReplyWithError(ctx, id, sent(fault.Wrap(err, fault.Internal, "the answer is too long for this connection, or cannot be written").
		Because("answer-unsendable")))
}

func (s serving) result(ctx context.Context, id jsonrpc2.ID, result any) error {
	raw, err := encode(result)
	if err != nil {
		return err
	}
	if raw == nil {
		raw = json.RawMessage("null")
	}
	return s.c.lib.SendResponse(ctx, &jsonrpc2.Response{ID: id, Result: &raw})
}
