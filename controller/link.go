package controller

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/protocol"
)

// link carries an initiator's operation to its peer over the session's present
// connection.
type link struct{ s *Session }

// Execute sends the request once. A fault of the peer is its answer; an error
// means that there is none yet.
func (l link) Execute(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	conn, err := l.connected(ctx)
	if err != nil {
		return comm.Executed{}, err
	}
	defer l.s.hangUp()
	var got comm.Executed
	if _, spells := conn.(comm.Spelling); spells {
		err = conn.Call(ctx, comm.MethodExecute, (*protocol.Asked)(&e), (*protocol.Told)(&got))
	} else {
		err = conn.Call(ctx, comm.MethodExecute, e, &got)
	}
	if err != nil {
		return unanswered(e, err)
	}
	if got.Fault != nil {
		got.Fault = heard(got.Fault)
	}
	if got.Again && got.Fault != nil && got.Fault.Kind == fault.Unavailable || pending(got) {
		return comm.Executed{}, got.Fault
	}
	if e.Call.Payer != nil && got.Fault == nil && !l.s.receiptFits(e, got) {
		return comm.Executed{Op: e.Op, Fault: unsigned()}, nil
	}
	return got, nil
}

// unsigned is a vendor that claims to be paid and does not sign for it. It may
// well be: what the payment has used up is not to be used again.
func unsigned() *fault.Fault {
	return fault.New(fault.Unknown, "the receipt does not bear the vendor's signature").
		Because("receipt-signature").WithHint("ask the vendor; the payment may have been made")
}

// connected is the session's connection. Without one nothing has been sent,
// whatever the peer did not answer while it was dialled.
func (l link) connected(ctx context.Context) (comm.Conn, error) {
	conn, err := l.s.connected(ctx)
	switch {
	case errors.Is(err, fault.Unavailable), errors.Is(err, fault.Unknown), errors.Is(err, fault.Timeout):
		return nil, fault.Wrap(err, fault.Unavailable, "there is no session with %s", l.s.Peer().Name).Because(protocol.ReasonUnreachable)
	}
	return conn, err
}

// hangUp closes the connection that an operation of a closed session has used.
func (s *Session) hangUp() {
	s.mu.Lock()
	var conn comm.Conn
	if s.closed {
		conn, s.conn = s.conn, nil
	}
	s.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}

// unanswered tells a refusal of the peer, which is an answer, from the lack of one.
func unanswered(e comm.Execute, err error) (comm.Executed, error) {
	switch {
	case errors.Is(err, fault.Unavailable), errors.Is(err, fault.Unknown), errors.Is(err, fault.Timeout):
		return comm.Executed{}, err
	}
	return comm.Executed{Op: e.Op, Fault: fault.From(err)}, nil
}

// pending is a servicer that let us go while its operation goes on, or that goes
// away itself: neither says how the operation has ended, or ended before.
func pending(e comm.Executed) bool {
	return e.Fault != nil && (e.Fault.Kind == fault.Unknown && e.Fault.Reason == protocol.ReasonPending ||
		e.Fault.Kind == fault.Unavailable && e.Fault.Reason == protocol.ReasonShuttingDown)
}

func (s *Session) receiptFits(e comm.Execute, got comm.Executed) bool {
	key, err := crypto.ParseKey(s.Peer().Key)
	return err == nil && crypto.Verify(key, receiptText(*e.Call.Offer, e.Op, got.Result), got.Receipt)
}

func (l link) Say(ctx context.Context, said comm.Said) error {
	conn, err := l.connected(ctx)
	if err != nil {
		return err
	}
	return conn.Notify(ctx, comm.MethodMessage, said)
}

// reply carries a servicer's messages back over the connection on which the
// operation was asked for last. A servicer asks nothing.
type reply struct{ conn comm.Conn }

func (r reply) Execute(context.Context, comm.Execute) (comm.Executed, error) {
	return comm.Executed{}, fault.New(fault.Denied, "a servicer opens no operation").Because("client-driven")
}

func (r reply) Say(ctx context.Context, said comm.Said) error {
	return r.conn.Notify(ctx, comm.MethodMessage, said)
}
