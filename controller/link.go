package controller

import (
	"context"
	"errors"
	"strings"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// link carries an initiator's operation to its peer over the session's present
// connection.
type link struct{ s *Session }

// Execute sends the request once. A refusal of the peer is an answer, with a fault; an error means
// that no answer came, and that the request is sent again.
func (l link) Execute(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	conn, err := l.connected(ctx)
	if err != nil {
		return comm.Executed{}, err
	}
	defer l.s.hangUp()
	if err := l.s.takesNoMore(e.Call); err != nil {
		return comm.Executed{}, err
	}
	var got comm.Executed
	if _, spells := conn.(comm.Spelling); spells {
		err = conn.Call(ctx, comm.MethodExecute, (*protocol.Asked)(&e), (*protocol.Told)(&got))
	} else {
		err = conn.Call(ctx, comm.MethodExecute, e, &got)
	}
	if err != nil {
		return asAnswer(e, err)
	}
	if got.Fault != nil {
		got.Fault = asHeard(got.Fault)
	}
	if got.Again && got.Fault != nil && got.Fault.Kind == fault.Unavailable || pending(got) {
		return comm.Executed{}, got.Fault
	}
	if e.Call.Payer != nil && got.Fault == nil && !l.s.receiptFits(e, got) {
		return comm.Executed{Op: e.Op, Fault: unsigned()}, nil
	}
	return got, nil
}

// unsigned is the fault of a payment whose receipt the vendor has not signed. The vendor may have
// been paid, so the outcome is unknown and the instrument must not be used again for it.
func unsigned() *fault.Fault {
	return fault.New(fault.Unknown, "the receipt does not bear the vendor's signature").
		Because("receipt-signature").WithHint("ask the vendor; the payment may have been made")
}

// connected is the session's connection. Its error is fault.Unavailable, ReasonUnreachable: the
// request was not sent, even if the peer accepted a connection and then did not answer.
func (l link) connected(ctx context.Context) (comm.Conn, error) {
	conn, err := l.s.connected(ctx)
	switch {
	case errors.Is(err, fault.Unavailable), errors.Is(err, fault.Unknown), errors.Is(err, fault.Timeout):
		return nil, fault.Wrap(err, fault.Unavailable, "there is no session with %s", l.s.Peer().Name).Because(protocol.ReasonUnreachable)
	}
	return conn, err
}

// takesNoMore is why the peer does not have the protocol of a call any more that was selected over an
// earlier connection. It is no answer: asked about the operation it would refuse what it may have done.
func (s *Session) takesNoMore(c comm.Call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unselected[instrument.ClassID(c.Class)]
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

// asAnswer makes an answer of a refusal of the peer. The lack of an answer stays an error.
func asAnswer(e comm.Execute, err error) (comm.Executed, error) {
	switch {
	case errors.Is(err, fault.Unavailable), errors.Is(err, fault.Unknown), errors.Is(err, fault.Timeout):
		return comm.Executed{}, err
	}
	return comm.Executed{Op: e.Op, Fault: fault.From(err)}, nil
}

// pending reports whether a servicer's answer leaves the outcome open: its operation goes on, or it
// is shutting down.
func pending(e comm.Executed) bool {
	return e.Fault != nil && (e.Fault.Kind == fault.Unknown && e.Fault.Reason == protocol.ReasonPending ||
		e.Fault.Kind == fault.Unavailable && e.Fault.Reason == protocol.ReasonShuttingDown)
}

// receiptFits reports whether the vendor has signed the receipt of a payment.
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

// reply carries a servicer's messages back, over the connection of the operation's last request. A
// servicer sends no requests.
type reply struct{ conn comm.Conn }

func (r reply) Execute(context.Context, comm.Execute) (comm.Executed, error) {
	return comm.Executed{}, fault.New(fault.Denied, "a servicer opens no operation").Because("client-driven")
}

func (r reply) Say(ctx context.Context, said comm.Said) error {
	return r.conn.Notify(ctx, comm.MethodMessage, said)
}

// asHeard is a peer's fault of an operation, with reason and hint for this side. The hint sends
// nobody to our own operator, plugins or network to look for what has failed at the peer. An
// operation that was abandoned there may still have something outside here, so it gets another
// reason.
func asHeard(f *fault.Fault) *fault.Fault {
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
