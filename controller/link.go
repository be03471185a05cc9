package controller

import (
	"context"
	"errors"
	"strings"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/protocol"
)

// link carries an initiator's operation to its peer over the session's present
// connection.
type link struct{ s *Session }

// Execute sends the request once. A fault of the peer is its answer; an error means
// that no answer came.
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

// unsigned is the fault of a vendor that says it was paid and does not sign for it. It
// may have been paid, so what the payment has used up must not be used again.
func unsigned() *fault.Fault {
	return fault.New(fault.Unknown, "the receipt does not bear the vendor's signature").
		Because("receipt-signature").WithHint("ask the vendor; the payment may have been made")
}

// connected is the session's connection. Without one nothing has been sent, even if the
// peer was connected to and then did not answer.
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

// pending reports whether a servicer's answer leaves the end open: it has let us go while
// its operation goes on, or it is going away itself.
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

// reply carries a servicer's messages back, over the connection on which the operation
// was last asked for. A servicer sends no requests.
type reply struct{ conn comm.Conn }

func (r reply) Execute(context.Context, comm.Execute) (comm.Executed, error) {
	return comm.Executed{}, fault.New(fault.Denied, "a servicer opens no operation").Because("client-driven")
}

func (r reply) Say(ctx context.Context, said comm.Said) error {
	return r.conn.Notify(ctx, comm.MethodMessage, said)
}

// heard is the peer's fault of an operation, in words for this side. The peer's operator,
// plugins and network are not ours: an operation that was abandoned there may have
// something outside here, and a plugin or server that fails there is no reason to look
// for the cause here.
func heard(f *fault.Fault) *fault.Fault {
	f = f.Foreign()
	switch f.Reason {
	case protocol.ReasonAbandoned:
		f.Reason = "abandoned-there"
	case protocol.ReasonForgone:
		f.Reason = "forgone-there"
	}
	switch {
	case strings.HasPrefix(string(f.Reason), "plugin-"):
		f.Hint = "this is the peer's plugin, not yours: try again later, or tell the peer"
	case f.Reason == "server-unreachable", f.Reason == "answer-missing":
		f.Hint = "this is whom the peer has asked, not your network: the peer can see to it"
	case f.Kind == fault.Internal && f.Hint == "":
		f.Hint = "this is a defect at the peer, which has the cause in its log: tell the peer"
	}
	if f.Reason == protocol.ReasonKeyReused { // so it was begun before a backup was restored here: from our records it is asked for unchanged
		f.Message = "the peer has begun something else under this operation before, of which nothing is on record here: it may have been paid or done then"
		f.Hint = "is this out of a backup? ask the peer what became of it, before you do it again under another --key"
	}
	return f
}
