package controller

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

const (
	// defaultPatience is how long a peer may take for the answer to one step.
	defaultPatience = 20 * time.Second
	// defaultHello is how long a peer that has connected may take to initiate a session.
	defaultHello = 10 * time.Second
)

// patient is a connection for the steps of a session: the peer has that long for each answer.
// Operations do not use it, because they wait for their outcome.
type patient struct {
	comm.Conn
	patience time.Duration
}

// Call implements comm.Conn.
func (p patient) Call(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	return p.Conn.Call(ctx, method, params, result)
}

// showing is a connection for the steps with a class whose offer was made over an earlier
// connection: it adds that offer to each request.
type showing struct {
	comm.Conn
	offer *comm.Offer
}

// Call implements comm.Conn.
func (c showing) Call(ctx context.Context, method string, params, result any) error {
	switch p := params.(type) {
	case comm.Protocols:
		p.Offer = c.offer
		return c.Conn.Call(ctx, method, p, result)
	case comm.Select:
		p.Offer = c.offer
		return c.Conn.Call(ctx, method, p, result)
	}
	return c.Conn.Call(ctx, method, params, result)
}

// connFor gives the connection for the next step of a session with a class.
func (s *Session) connFor(class instrument.ClassID) func(context.Context) (comm.Conn, error) {
	return func(ctx context.Context) (comm.Conn, error) {
		conn, err := s.live(ctx)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if o, ok := s.offers[class]; ok && o.native() && conn.Conn != s.offering {
			return showing{conn, &o.Offer}, nil
		}
		return conn, nil
	}
}

// withPeer takes a step of a session, over the connection that on gives. Steps may be repeated:
// if the connection is lost on the way, the step is taken once more over a new one.
func withPeer[C comm.Conn](ctx context.Context, s *Session, on func(context.Context) (C, error), step func(C) error) error {
	for again := false; ; again = true {
		conn, err := on(ctx)
		if err != nil {
			return err
		}
		if err = step(conn); again || fault.ReasonOf(err) != comm.ReasonConnectionLost || s.over() {
			return err
		}
		s.gone(bare(conn))
	}
}

// bare is the connection itself, without showing and patient.
func bare(c comm.Conn) comm.Conn {
	switch c := c.(type) {
	case showing:
		return bare(c.Conn)
	case patient:
		return c.Conn
	}
	return c
}

func (s *Session) current() comm.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

// gone forgets a connection that is lost. If the session has another one by now, that stays.
func (s *Session) gone(conn comm.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == conn {
		s.conn = nil
	}
}

// dialling is one attempt to get a connection back. Whoever needs one meanwhile
// waits for it.
type dialling struct {
	cancel  context.CancelFunc
	done    chan struct{}
	err     error // read after done
	givenUp bool  // its caller left before it succeeded or failed
}

// connected is the connection of the session. If the last one was lost, one caller dials again
// and the others wait for it. Nobody holds mu meanwhile: the session can be closed even if the
// peer accepts connections and then says nothing.
func (s *Session) connected(ctx context.Context) (comm.Conn, error) {
	for {
		s.mu.Lock()
		if conn := s.conn; conn != nil {
			s.mu.Unlock()
			return conn, nil
		}
		d, first := s.dialling, s.dialling == nil
		var within context.Context
		if first {
			d = &dialling{done: make(chan struct{})}
			within, d.cancel = context.WithTimeout(ctx, 2*s.c.parts.Patience)
			s.dialling = d
		}
		s.mu.Unlock()
		if first {
			return s.reconnect(ctx, within, d)
		}
		select {
		case <-d.done:
			if d.err != nil && !d.givenUp {
				return nil, d.err
			}
		case <-ctx.Done():
			return nil, fault.Late(ctx.Err(), "no connection to %s in time", cmp.Or(s.Peer().Name, "the peer")).Because("dial-timeout")
		}
	}
}

// reconnect dials for all callers that wait, and selects again what was selected.
func (s *Session) reconnect(ctx, within context.Context, d *dialling) (comm.Conn, error) {
	defer close(d.done)
	defer d.cancel()
	conn, err := s.connect(within)
	s.mu.Lock()
	s.dialling = nil
	s.mu.Unlock()
	d.err, d.givenUp = err, ctx.Err() != nil
	return conn, err
}

// connect dials, says who we are, checks who is there, and repeats the selections of the session.
// From then on the connection is the session's.
func (s *Session) connect(ctx context.Context) (comm.Conn, error) {
	ears := &listener{s: s}
	conn, err := s.dial(ctx, ears)
	if err != nil {
		return nil, err
	}
	if err := s.introduce(ctx, conn, ears); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// introduce initiates the session over a new connection and makes the connection the session's.
func (s *Session) introduce(ctx context.Context, conn comm.Conn, ears *listener) error {
	self, asking := s.c.Self(), patient{conn, s.c.parts.Patience}
	var got comm.Initiated
	login := s.loginNow()
	hello := comm.Initiate{Name: self.Name, Role: self.Role, PNP: self.PNP, Login: login.Name, Token: login.Token}
	if err := asking.Call(ctx, comm.MethodInitiate, hello, &got); err != nil {
		return err
	}
	if got.Name = calledItself(got.Name); !got.Role.Known() { // it would be kept and shown as the peer has written it
		return fault.New(fault.Unsupported, "%s says that it is a %q, which is no role that is known here", cmp.Or(s.Peer().Name, got.Name, "the peer"), fault.Clip(string(got.Role))).
			Because("role-unknown").WithHint("a peer is a client, a vendor or a bank: tell its operator")
	}
	if len(got.Version) > maxVersion {
		got.Version = ""
	}
	if got.PNP != self.PNP {
		return pnpDiffers(cmp.Or(s.Peer().Name, got.Name, "the peer"), got.PNP, self.PNP)
	}
	if s.Peer().Name == "" {
		got.Name = s.c.apart(ctx, got.Name, conn.Peer().Key)
	}
	s.c.protocols.TellEnds(ctx, conn.Peer(), got.Open)
	fixed, refused := map[instrument.ClassID]selection{}, map[instrument.ClassID]error{}
	for {
		missing, err := s.adopt(conn, got, ears, fixed, refused)
		if err != nil || len(missing) == 0 {
			return err
		}
		for _, sel := range missing {
			// Without its selection the peer would refuse an operation that was begun before, and a
			// refusal is final. What it does not have any more, it is not asked for: the rest goes on.
			class := instrument.ClassID(sel.Class)
			delete(refused, class)
			err := asking.Call(ctx, comm.MethodSelect, sel, nil)
			if errors.Is(err, fault.Unsupported) {
				refused[class] = err
			} else if err != nil {
				return err
			}
			fixed[class] = selection{sel.Protocol, sel.Offer}
		}
	}
}

// maxVersion bounds a version, which is kept with what is remembered of a peer. A longer one
// promises nothing.
const maxVersion = 256

// calledItself is the name that a peer gives itself, for people to read: short and without line
// breaks, so that it cannot pass for output of ours.
func calledItself(name string) string {
	return fault.Line(strings.ToValidUTF8(name[:min(len(name), maxName)], ""))
}

// apart is the name that a peer gives itself, unless somebody else is known by it: a name in the book
// is the person's word for one key, and nobody takes it.
func (c *Controller) apart(ctx context.Context, name, key string) string {
	if known, err := c.Book().PeerNamed(ctx, name); err == nil && known.Key != key {
		return "another " + name
	}
	return name
}

// loginNow is the login of the session. If the party can look it up, it is the present one: after
// a token was rotated, a session that dials again shows the new one.
func (s *Session) loginNow() Login {
	if logins := s.c.logins.Load(); logins != nil && s.login != (Login{}) {
		return (*logins)(s.Peer())
	}
	return s.login
}

// adopt makes conn the session's connection. If there are selections of which the peer does not
// know over this connection (fixed), it returns them instead. Some it may have refused.
func (s *Session) adopt(conn comm.Conn, got comm.Initiated, ears *listener, fixed map[instrument.ClassID]selection, refused map[instrument.ClassID]error) ([]comm.Select, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var missing []comm.Select
	for class, chosen := range s.selected {
		if fixed[class] != chosen {
			missing = append(missing, comm.Select{Class: string(class), Protocol: chosen.protocol, Offer: chosen.offer})
		}
	}
	if len(missing) > 0 {
		return missing, nil
	}
	if ears.over {
		return nil, fault.New(fault.Unavailable, "the connection to %s is lost", cmp.Or(s.peer.Name, got.Name, "the peer")).Because(comm.ReasonConnectionLost)
	}
	proved := conn.Peer()
	s.peer.Key, s.peer.Role, s.peer.PNP = proved.Key, got.Role, got.PNP
	s.version = got.Version
	if s.peer.Name == "" {
		s.peer.Name = got.Name
	}
	s.conn, s.unselected = conn, refused
	if !s.resumes {
		s.c.met.meets(s.peer)
	}
	s.self = s.c.towards(proved.Key)
	s.transcript = newTranscript(conn, got.PNP, s.self.KeyText(), proved.Key)
	return nil, nil
}

// pnpDiffers refuses a session, at either side. Its words are for the initiator.
func pnpDiffers(servicer, its, ours string) error {
	return fault.New(fault.Unsupported, "%s negotiates with %q, not with %q", servicer, its, ours).Because("pnp-differs").
		WithHint("both sides need the same `pnp` in their settings")
}
