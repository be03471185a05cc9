package controller

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// executes is execute for a request in the form in which it comes from a connection.
func (s *service) executes(ctx context.Context, conn comm.Conn, e protocol.Asked) (*protocol.Told, error) {
	done, err := s.execute(ctx, conn, ofItsOwn(e))
	return (*protocol.Told)(&done), err
}

// ofItsOwn copies a request out of the frame from which it was read. An operation keeps its request
// while it runs, and would otherwise keep the whole frame in memory.
func ofItsOwn(e protocol.Asked) comm.Execute {
	e.Call.Args = bytes.Clone(e.Call.Args)
	for n := range e.Msgs {
		e.Msgs[n].Body = bytes.Clone(e.Msgs[n].Body)
	}
	for _, text := range []*string{&e.Op, &e.Call.Protocol, &e.Call.Operation, &e.Call.Class} {
		*text = strings.Clone(*text)
	}
	return comm.Execute(e)
}

// execute runs our side of an operation. If it may not begin now, this peer may have begun it before
// and lack the answer. Then it gets that answer: that the sale is over or the offer has expired
// since must not look like a refusal of what was paid.
func (s *service) execute(ctx context.Context, conn comm.Conn, e comm.Execute) (comm.Executed, error) {
	who, err := s.present(ctx)
	if err != nil {
		return comm.Executed{}, err
	}
	done, err := s.runNew(ctx, conn, who, e)
	if err != nil || fault.ReasonOf(orNil(done.Fault)) == protocol.ReasonKeyReused {
		again, missing := s.resumes(ctx, who, e)
		switch {
		case missing == nil:
			done = s.serve(ctx, conn, again, e)
		case !errors.Is(missing, fault.NotFound): // a refusal would be final, and it may have been paid
			return comm.Executed{}, fault.Wrap(missing, fault.Unavailable, "it cannot be seen now whether this was begun before").Because("operation-unseen").WithHint("ask again")
		case err != nil:
			return comm.Executed{}, err
		}
	}
	if e.Call.Offer != nil && e.Call.Operation == protocol.Pay && done.Fault == nil { // only a PAY has a receipt
		done.Receipt = s.c.parts.Identity.Sign(receiptText(*e.Call.Offer, e.Op, done.Result))
	}
	return done, nil
}

// runNew runs an operation that begins, if it may.
func (s *service) runNew(ctx context.Context, conn comm.Conn, who Caller, e comm.Execute) (comm.Executed, error) {
	if err := s.checkSelected(e.Call); err != nil {
		return comm.Executed{}, err
	}
	if err := s.checkNotLeftOut(ctx, e.Call); err != nil {
		return comm.Executed{}, err
	}
	if err := s.intercept(ctx, comm.MethodExecute, e, nil); err != nil {
		return comm.Executed{}, err
	}
	r, settled, err := s.begins(ctx, who, e)
	if err != nil {
		return comm.Executed{}, err
	}
	done := s.serve(ctx, conn, r, e)
	settled(orNil(done.Fault))
	return done, nil
}

// checkSelected refuses an operation of a protocol that was not selected.
func (s *service) checkSelected(c comm.Call) error {
	id, err := s.selection(c.Class)
	if err == nil && id != c.Protocol {
		return fault.New(fault.Conflict, "%s was selected for %s, not %s", id, c.Class, c.Protocol).Because("out-of-order")
	}
	return err
}

func (s *service) serve(ctx context.Context, conn comm.Conn, r protocol.Execution, e comm.Execute) comm.Executed {
	r.Peer, r.Link, r.Offer, r.Payer = s.caller().Peer, reply{conn}, e.Call.Offer, e.Call.Payer
	return s.c.protocols.Serve(ctx, r, e)
}

func orNil(f *fault.Fault) error {
	if f == nil {
		return nil
	}
	return f
}

// present is the caller as of now: since the session began, its principal may have been disabled or
// have got another token.
func (s *service) present(ctx context.Context) (Caller, error) {
	who := *s.caller()
	now, err := s.c.profiles.Present(ctx, who.Principal)
	switch {
	case errors.Is(err, fault.NotFound): // admitted without an account
		return who, nil
	case err != nil:
		return who, err
	}
	who.Principal = now
	return who, nil
}

// begins makes the execution of an operation that may begin: a payment needs an offer of ours and
// the signature of its payer, and the role names our instruments. The caller of begins calls the
// returned function with the outcome.
func (s *service) begins(ctx context.Context, who Caller, e comm.Execute) (protocol.Execution, func(error), error) {
	if err := checkArgumentsOnce(e.Call); err != nil {
		return protocol.Execution{}, nil, err
	}
	offer, err := s.c.checkPayer(who.Peer, e)
	if err != nil {
		return protocol.Execution{}, nil, err
	}
	t := Transaction{
		ID: instrument.OperationID(e.Op), Principal: who.Principal, Protocol: e.Call.Protocol, Operation: e.Call.Operation, Class: instrument.ClassID(e.Call.Class), Args: e.Call.Args,
	}
	if offer != nil {
		t.Amount, t.Invoice = offer.Terms.Price, offer.Invoice
	}
	if err := s.role.Prepare(ctx, who, e, &t); err != nil {
		return protocol.Execution{}, nil, err
	}
	leave := t.Leave
	if leave == nil {
		leave = func(error) {}
	}
	t.Ended = func(err error) { s.role.Ended(t, err); leave(err) }
	r, settled, err := s.prepared(ctx, t, e)
	if err != nil {
		leave(err)
		return r, nil, err
	}
	r.Call.Offer = offer
	return r, func(outcome error) {
		settled(outcome)
		if fault.ReasonOf(outcome) != protocol.ReasonPending { // otherwise it goes on after its caller has left
			leave(outcome)
		}
	}, nil
}

// checkArgumentsOnce refuses an argument that is there twice. The role decides by the one that it reads, such
// as whose payment is to come back. A plugin with another JSON reader could act by the other one.
func checkArgumentsOnce(c comm.Call) error {
	if len(c.Args) == 0 {
		return nil
	}
	if name, twice := memberTwice(c.Args); twice {
		return fault.New(fault.Invalid, "%s has the argument %q twice, in whatever letters", fault.Clip(c.Operation), fault.Clip(name)).
			Because("argument-twice").WithHint("name each argument once")
	}
	return nil
}

// prepared makes the execution of a prepared transaction, if the initiator's deadline and the
// principal's rights and limits allow it.
func (s *service) prepared(ctx context.Context, t Transaction, e comm.Execute) (protocol.Execution, func(error), error) {
	if err := s.c.withinTime(&t, e.Call.Deadline); err != nil {
		return protocol.Execution{}, nil, err
	}
	r, err := s.c.execution(ctx, t, protocol.Servicer)
	if err != nil {
		return r, nil, err
	}
	settled, err := s.c.reserve(ctx, t, &r)
	return r, settled, err
}

// withinTime gives an operation no more time than its initiator does. After the initiator's deadline
// it must not begin, least of all a charge.
func (c *Controller) withinTime(t *Transaction, deadline time.Time) error {
	t.Within = cmp.Or(t.Within, defaultWithin)
	if deadline.IsZero() {
		return nil
	}
	t.Within = min(t.Within, deadline.Sub(c.parts.Clock()))
	if t.Within <= 0 {
		return fault.New(fault.Declined, "the time that was given for this was over before it began: nothing was done").
			Because("deadline-over").WithHint("try again; if it stays so, compare the clocks")
	}
	return nil
}

// resumes makes the execution of an operation that this peer has begun before, with our instruments
// of then. The Protocol Manager compares everything else with then by the digest of the call.
func (s *service) resumes(ctx context.Context, who Caller, e comm.Execute) (protocol.Execution, error) {
	r, err := s.c.protocols.Begun(ctx, who.Peer.Key, instrument.OperationID(e.Op))
	if err != nil {
		return r, err
	}
	r.Protocol, r.Ended = e.Call.Protocol, nil
	r.Call = protocol.Call{
		Operation: e.Call.Operation, Class: instrument.ClassID(e.Call.Class), Args: e.Call.Args,
		Instruments: r.Call.Instruments, Invoice: r.Call.Invoice, Deadline: r.Call.Deadline,
	}
	if e.Call.Offer == nil {
		return r, nil
	}
	offer, err := s.c.ownOffer(*e.Call.Offer)
	r.Call.Offer = &offer
	return r, err
}
