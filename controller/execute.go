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

// Prover adds proofs of further keys to a payment: it signs the payer's text.
type Prover func(ctx context.Context, text []byte) (map[string][]byte, error)

// Execute runs an operation with the peer: the paper's execute-Transaction
// (§5.5). A payment under a signed offer is signed with our identity key, and
// its receipt must bear the vendor's signature.
func (s *Session) Execute(ctx context.Context, t Transaction, prove Prover) (protocol.Result, error) {
	protocolID, err := s.protocolOf(t.Class)
	if err != nil {
		return protocol.Result{}, err
	}
	t.Protocol = protocolID
	s.mu.Lock()
	offered := s.offers[t.Class]
	s.mu.Unlock()
	if t.Operation == protocol.Pay && offered.Class == "" { // what was offered last has replaced it
		return protocol.Result{}, s.wasOffered(t.Class)
	}
	pays := offered.Signed && t.Operation == protocol.Pay
	plain := t.Operation == protocol.Pay && !pays && s.inClear()
	if plain && !s.c.protocols.Plain(protocolID) {
		return protocol.Result{}, fault.New(fault.Denied, "%s is paid with signatures, and nobody has a key on this line: it is in clear", protocolID).
			Because("payer-signature").WithHint("pay over a line with TLS")
	}
	if pays || plain {
		t.Amount = offered.Body.Terms.Price
	}
	r, err := s.c.execution(ctx, t, protocol.Initiator)
	if err != nil {
		return protocol.Result{}, err
	}
	r.Peer, r.Link = s.Peer(), link{s}
	switch {
	case pays:
		err = s.sign(ctx, &r, offered, prove)
	case plain:
		body := offered.Body
		r.Offer, r.Call.Offer = &offered.Offer, &body
	}
	if err != nil {
		return protocol.Result{}, err
	}
	return s.c.perform(ctx, t, r)
}

// inClear reports whether the peer proves no key, because the line is one in clear.
func (s *Session) inClear() bool { return s.Peer().Key == "" && s.address().InClear() }

// sign makes the payer's signature, and the id that it covers.
func (s *Session) sign(ctx context.Context, r *protocol.Execution, offered Offered, prove Prover) error {
	if r.ID == "" {
		id, err := protocol.NewOperationID(s.c.parts.Random)
		if err != nil {
			return err
		}
		r.ID = id
	}
	s.mu.Lock()
	s.counter++
	payer := comm.Payer{Counter: s.counter, Expiry: offered.Body.Until.Truncate(time.Second)}
	self := s.self
	s.mu.Unlock()
	if self == nil { // it was never connected
		self = s.c.towards(s.Peer().Key)
	}
	text := PayerText(offered.Offer, r.ID, r.Protocol, r.Call.Operation, payer)
	payer.Signature = self.Sign(text)
	if prove != nil {
		proofs, err := prove(ctx, text)
		if err != nil {
			return err
		}
		payer.Proofs = proofs
	}
	body := offered.Body
	r.Offer, r.Payer, r.Call.Offer = &offered.Offer, &payer, &body
	return nil
}

// asked is execute as a connection brings it.
func (s *service) asked(ctx context.Context, conn comm.Conn, e protocol.Asked) (*protocol.Told, error) {
	done, err := s.execute(ctx, conn, ofItsOwn(e))
	return (*protocol.Told)(&done), err
}

// ofItsOwn is a request of which nothing is a part of what it was read from: an
// operation keeps it for as long as it runs, and would keep the whole frame.
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

// execute runs our side of an operation: one that begins, or one that this peer
// has begun before and asks for again because it has not got the answer. That one
// is answered as it was begun: a sale that is over or an offer that has expired
// since must not look like a refusal of what has been paid.
func (s *service) execute(ctx context.Context, conn comm.Conn, e comm.Execute) (comm.Executed, error) {
	who, err := s.present(ctx)
	if err != nil {
		return comm.Executed{}, err
	}
	done, err := s.first(ctx, conn, who, e)
	if err != nil || fault.ReasonOf(orNil(done.Fault)) == protocol.ReasonKeyReused {
		again, missing := s.resumes(ctx, who, e)
		switch {
		case missing == nil:
			done = s.serve(ctx, conn, again, e)
		case !errors.Is(missing, fault.NotFound): // a refusal would be final, also of what was paid
			return comm.Executed{}, fault.Wrap(missing, fault.Unavailable, "it cannot be seen now whether this was begun before").Because("operation-unseen").WithHint("ask again")
		case err != nil:
			return comm.Executed{}, err
		}
	}
	if e.Call.Offer != nil && e.Call.Operation == protocol.Pay && done.Fault == nil { // nothing else was paid under it
		done.Receipt = s.c.parts.Identity.Sign(receiptText(*e.Call.Offer, e.Op, done.Result))
	}
	return done, nil
}

// first runs an operation that begins, if it may.
func (s *service) first(ctx context.Context, conn comm.Conn, who Caller, e comm.Execute) (comm.Executed, error) {
	if err := s.isSelected(e.Call); err != nil {
		return comm.Executed{}, err
	}
	if err := s.leftOut(ctx, e.Call); err != nil {
		return comm.Executed{}, err
	}
	if err := s.intercepts(ctx, comm.MethodExecute, e, nil); err != nil {
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

// isSelected refuses an operation of a protocol that was not selected.
func (s *service) isSelected(c comm.Call) error {
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

// present is who asks, as of now: an account may have been disabled, or got
// another token, since its session began.
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

// begins is an operation that may begin: the offer must be ours and the payer
// the one who signs; the role names our instruments.
func (s *service) begins(ctx context.Context, who Caller, e comm.Execute) (protocol.Execution, func(error), error) {
	if err := onceEach(e.Call); err != nil {
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
		if fault.ReasonOf(outcome) != protocol.ReasonPending { // else it goes on without us
			leave(outcome)
		}
	}, nil
}

// onceEach refuses a peer's arguments of which one is there twice: the role decides by what
// it reads, such as whose payment is to come back, and a plugin with another reader could
// act on what nobody has decided about.
func onceEach(c comm.Call) error {
	if len(c.Args) == 0 {
		return nil
	}
	if name, twice := instrument.Twice(c.Args); twice {
		return fault.New(fault.Invalid, "%s has the argument %q twice, in whatever letters", fault.Clip(c.Operation), fault.Clip(name)).
			Because("argument-twice").WithHint("name each argument once")
	}
	return nil
}

// prepared authorises what the role has prepared, within time and limits.
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

// withinTime gives an operation no more time than the initiator has: what it
// waits for no longer must not begin, a charge least of all.
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

// resumes is an operation that this peer has begun before, with the instruments
// that were named then. All else must be as it was: the digest of the call tells.
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
