package controller

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Servicing is what differs between the roles when they service a session.
type Servicing interface {
	// Admit finds the principal of an initiator, by its key or login; an error ends the
	// session.
	Admit(ctx context.Context, peer comm.Peer, hello comm.Initiate) (profile.Principal, error)
	// Offers are the terms for an invoice and a class, and the invoice as the offer has it.
	// fault.Unsupported leaves the class out; any other error is the initiator's answer.
	Offers(ctx context.Context, who Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error)
	// Prepare completes t, the servicer's side of an operation, with its own instruments and
	// arguments. An error refuses the operation.
	Prepare(ctx context.Context, who Caller, e comm.Execute, t *Transaction) error
	// Ended is called with the outcome of each operation, after it is durable and before the
	// initiator hears of it, even if the initiator has hung up. It is called again for each
	// repetition of the request. It must not block.
	Ended(t Transaction, err error)
}

// Caller is the initiator of a session: the peer with the key that it has proved, and the principal
// that it is here.
type Caller struct {
	Peer      comm.Peer
	Principal profile.Principal
}

// Accept is for a listener: it gives each connection a handler, and closes it unless
// the peer initiates a session soon.
func (c *Controller) Accept(r Servicing) func(comm.Conn) (comm.Handler, error) {
	return func(conn comm.Conn) (comm.Handler, error) {
		s := newService(c, r)
		s.limit = time.AfterFunc(c.parts.Hello, func() { _ = conn.Close() })
		return s, nil
	}
}

// Serve gives the handler of one accepted connection. The party is passive there: it
// answers requests and sends messages of running operations, nothing else.
func (c *Controller) Serve(r Servicing) comm.Handler { return newService(c, r) }

func newService(c *Controller, r Servicing) *service {
	return &service{c: c, role: r, offered: map[string]bool{}, selected: map[string]string{}}
}

// service is the servicer's side of one connection.
type service struct {
	c     *Controller
	role  Servicing
	limit *time.Timer // until session.initiate; nil: none

	mu       sync.Mutex
	who      *Caller
	tr       transcript
	offered  map[string]bool
	selected map[string]string
}

// Request answers one request of the initiator.
func (s *service) Request(ctx context.Context, conn comm.Conn, method string, params json.RawMessage) (any, error) {
	if method == comm.MethodInitiate {
		return answer(ctx, conn, params, s.initiate)
	}
	if s.caller() == nil {
		return nil, fault.New(fault.Conflict, "a session begins with %s", comm.MethodInitiate).Because("out-of-order")
	}
	switch method {
	case comm.MethodClasses:
		return answer(ctx, conn, params, s.classes)
	case comm.MethodProtocols:
		return answer(ctx, conn, params, s.protocols)
	case comm.MethodSelect:
		return answer(ctx, conn, params, s.selects)
	case comm.MethodOperations:
		return answer(ctx, conn, params, s.operations)
	case comm.MethodExecute:
		return answer(ctx, conn, params, s.executes)
	}
	return nil, fault.New(fault.Unsupported, "there is no method %q", fault.Clip(method)).Because("method-unknown")
}

func answer[P, R any](ctx context.Context, conn comm.Conn, params json.RawMessage, f func(context.Context, comm.Conn, P) (R, error)) (any, error) {
	var p P
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	return f(ctx, conn, p)
}

// Notification takes messages of running operations, and the end of the session.
func (s *service) Notification(_ context.Context, conn comm.Conn, method string, params json.RawMessage) {
	if s.caller() == nil {
		return
	}
	switch method {
	case comm.MethodMessage:
		var said comm.Said
		if json.Unmarshal(params, &said) == nil {
			s.c.protocols.Hear(conn.Peer(), said)
		}
	case comm.MethodClose:
		_ = conn.Close()
	}
}

// Closed forgets what was negotiated; operations go on.
func (s *service) Closed(comm.Conn) {
	if s.limit != nil {
		s.limit.Stop()
	}
}

func (s *service) caller() *Caller {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.who
}

// maxName bounds the name of an initiator, which is kept for its whole session and with
// each of its operations.
const maxName = 256

func (s *service) initiate(ctx context.Context, conn comm.Conn, hello comm.Initiate) (comm.Initiated, error) {
	if s.caller() != nil {
		return comm.Initiated{}, fault.New(fault.Conflict, "this session was initiated before").Because("out-of-order")
	}
	if len(hello.Name) > maxName {
		return comm.Initiated{}, &comm.Last{Err: fault.New(fault.Invalid, "the name of a party has at most %d bytes", maxName).Because("name-too-long")}
	}
	self := s.c.Self()
	if hello.PNP != self.PNP {
		return comm.Initiated{}, &comm.Last{Err: pnpDiffers(self.Name, self.PNP, hello.PNP)}
	}
	peer := conn.Peer()
	peer.Name, peer.Role, peer.PNP = calledItself(hello.Name), hello.Role, hello.PNP
	who, err := s.role.Admit(ctx, peer, hello)
	if err != nil {
		return comm.Initiated{}, &comm.Last{Err: err}
	}
	if s.limit != nil && !s.limit.Stop() {
		return comm.Initiated{}, &comm.Last{Err: fault.New(fault.Timeout, "the session was not initiated in time").Because("initiate-timeout")}
	}
	open, err := s.c.protocols.Unheard(ctx, peer)
	if err != nil {
		return comm.Initiated{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.who = &Caller{Peer: peer, Principal: who}
	s.tr = newTranscript(conn, self.PNP, peer.Key, self.Key)
	return comm.Initiated{Name: self.Name, Role: self.Role, PNP: self.PNP, Version: s.c.version(), Open: open}, nil
}

func (s *service) classes(ctx context.Context, _ comm.Conn, req comm.Classes) (comm.Offered, error) {
	who := *s.caller()
	if err := instrument.Invoice(req.Invoice).Check(); err != nil {
		return comm.Offered{}, err
	}
	var out comm.Offered
	s.mu.Lock()
	tr := s.tr
	s.mu.Unlock()
	for _, info := range s.c.instruments.Classes() {
		if !s.c.protocols.Serves(info.ID, who.Peer.Role) {
			continue
		}
		terms, inv, err := s.role.Offers(ctx, who, req.Invoice, info.ID)
		if fault.KindOf(err) == fault.Unsupported {
			continue
		}
		if err != nil {
			return comm.Offered{}, err
		}
		o, err := s.c.offer(who.Peer.Key, info.ID, terms, inv, tr)
		if err != nil {
			return comm.Offered{}, err
		}
		out.Offers = append(out.Offers, o)
	}
	if err := s.intercept(ctx, comm.MethodClasses, req, &out); err != nil {
		return comm.Offered{}, err
	}
	return out, s.rememberOffered(out)
}

// rememberOffered remembers which classes were offered over this connection.
func (s *service) rememberOffered(out comm.Offered) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range out.Offers {
		body, err := OfferBody(o)
		if err != nil {
			return err
		}
		s.offered[string(body.Class)] = true
	}
	return nil
}

func (s *service) protocols(ctx context.Context, conn comm.Conn, req comm.Protocols) (any, error) {
	if req.Class == "" && s.c.protocols.Joint() {
		return s.jointly(ctx, conn, req)
	}
	if !s.hasOffered(req.Class, req.Offer) {
		return nil, notOffered(req.Class)
	}
	out, err := s.c.protocols.AnswerNegotiation(ctx, conn.Peer(), req)
	if err == nil {
		err = s.intercept(ctx, comm.MethodProtocols, req, &out)
	}
	return out, err
}

func (s *service) selects(_ context.Context, _ comm.Conn, req comm.Select) (struct{}, error) {
	if !s.hasOffered(req.Class, req.Offer) {
		return struct{}{}, notOffered(req.Class)
	}
	if !slices.Contains(s.c.protocols.Available(instrument.ClassID(req.Class)), req.Protocol) {
		return struct{}{}, fault.New(fault.Unsupported, "%s has no protocol %q here", fault.Clip(req.Class), fault.Clip(req.Protocol)).Because("protocol-unknown")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.selected[req.Class] = req.Protocol
	return struct{}{}, nil
}

// hasOffered reports whether a class was offered, over this connection or an earlier one of the session.
// Of an earlier one nothing is known here; the initiator shows the offer, which must bear our
// signature and not be made to somebody else. It may have expired, and older offers do not name
// their payer. That does no harm: negotiating pays nothing, and an operation that was begun under
// the offer must be found again.
func (s *service) hasOffered(class string, shown *comm.Offer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.offered[class] || shown == nil {
		return s.offered[class]
	}
	body, err := s.c.ownOffer(*shown)
	if err != nil || string(body.Class) != class || body.Payer != "" && body.Payer != s.who.Peer.Key {
		return false
	}
	s.offered[class] = true
	return true
}

func notOffered(class string) error {
	return fault.New(fault.Unsupported, "%q was not offered in this session", fault.Clip(class)).Because("class-not-offered")
}

func (s *service) operations(ctx context.Context, _ comm.Conn, req comm.Select) (comm.Available, error) {
	id, err := s.selection(req.Class)
	if err != nil {
		return comm.Available{}, err
	}
	ops, err := s.c.protocols.Operations(id, instrument.ClassID(req.Class), s.caller().Peer.Role)
	out := comm.Available{Names: []string{}}
	for _, op := range ops {
		out.Names = append(out.Names, op.Name)
	}
	if err == nil {
		err = s.intercept(ctx, comm.MethodOperations, req, &out)
	}
	return out, err
}

func (s *service) selection(class string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.selected[class]
	if !ok {
		return "", fault.New(fault.Conflict, "no protocol was selected for %q in this session", fault.Clip(class)).Because("out-of-order")
	}
	return id, nil
}
