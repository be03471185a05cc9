package stream

import (
	"context"
	"errors"
	"net"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// Dial implements comm.Transport. The key is looked at within the handshake,
// before the peer learns who we are. A peer that cannot be reached, or is too
// slow, is fault.Unavailable; one that refuses us is fault.Denied. A serial line
// that is in use is waited for.
func (t *Transport) Dial(ctx context.Context, a comm.Address, h comm.Handler) (comm.Conn, error) {
	if err := t.allowed(a); err != nil {
		return nil, err
	}
	if modeOf(a.Scheme) == inTLS && (t.o.TLS.Client == nil || t.o.TLS.KeyOf == nil) {
		return nil, fault.New(fault.Unsupported, "this party does not dial %s addresses", a.Scheme).Because("identity-missing")
	}
	l, err := t.open(ctx, a)
	if err != nil {
		return nil, t.refusal(ctx, a, err)
	}
	conn, err := t.attempt(ctx, l, a)
	if unknown, ok := errors.AsType[*comm.Stranger](err); ok {
		l, conn, err = t.again(ctx, l, a, unknown.Key)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	conn.Start(h)
	return conn, nil
}

// maxSocket is how long the path of a unix socket can be (unix(7)).
const maxSocket = 107

// Reaches implements comm.Reaching: an address of a line has a path and no host.
func (t *Transport) Reaches(a comm.Address) error {
	switch {
	case !slices.Contains(t.Schemes(), a.Scheme), a.Path == "", a.Host != "":
		return fault.New(fault.Invalid, "%s is not the address of a line", a).
			Because("address-malformed").WithHint("write it like unix:/path#KEY, serial:/dev/ttyS0#KEY or stdio:-#KEY")
	case a.Scheme == Unix && len(a.Path) > maxSocket:
		return fault.New(fault.Invalid, "the path of the socket is %d bytes long, and no system takes more than %d", len(a.Path), maxSocket).
			Because("address-malformed").WithHint("use a shorter path")
	}
	return nil
}

// allowed refuses what is no address of a line, and lines in clear that nobody
// has allowed.
func (t *Transport) allowed(a comm.Address) error {
	if err := t.Reaches(a); err != nil {
		return err
	}
	if modeOf(a.Scheme) == inTLS {
		return nil
	}
	where := comm.Address{Scheme: a.Scheme, Path: a.Path}
	if a.Key != "" {
		return fault.New(fault.Denied, "nobody can prove a key on %s: the line is in clear", where).
			Because("key-in-clear").WithHint("use the line with TLS: the scheme without -clear")
	}
	if !slices.Contains(t.o.Clear, where.String()) {
		return fault.New(fault.Denied, "%s would be in clear, which nobody has allowed", where).
			Because("clear-refused").WithHint("use the line with TLS, or allow it in the configuration: clear_lines")
	}
	return nil
}

// again is the second attempt, after somebody was asked about the key.
func (t *Transport) again(ctx context.Context, l *line, a comm.Address, key string) (*line, *rpc.Conn, error) {
	if err := t.o.TLS.Trust.Check(ctx, key, a); err != nil {
		return l, nil, err
	}
	a.Key = key
	if !l.lasting { // it has ended with the first
		fresh, err := t.open(ctx, a)
		if err != nil {
			return l, nil, t.refusal(ctx, a, err)
		}
		l = fresh
	}
	conn, err := t.attempt(ctx, l, a)
	return l, conn, err
}

// open opens our end of a line.
func (t *Transport) open(ctx context.Context, a comm.Address) (*line, error) {
	within, cancel := context.WithTimeout(ctx, t.o.Handshake)
	defer cancel()
	var p Pipe
	var err error
	switch a.Scheme {
	case Unix:
		p, err = (&net.Dialer{}).DialContext(within, "unix", a.Path)
	case Serial, SerialClear:
		p, err = openSerial(within, a.Path)
	default:
		p, err = t.pipe(within, a)
	}
	if err != nil {
		return nil, err
	}
	return &line{pipe: p, lasting: a.Scheme != Unix}, nil
}

func (t *Transport) pipe(ctx context.Context, a comm.Address) (Pipe, error) {
	if t.o.Pipe == nil {
		return nil, fault.New(fault.Unsupported, "this party has no pipes").Because("pipe-missing")
	}
	return t.o.Pipe(ctx, a.Path)
}

// attempt does everything up to a session within one time limit.
func (t *Transport) attempt(ctx context.Context, l *line, a comm.Address) (*rpc.Conn, error) {
	within, cancel := context.WithTimeout(ctx, t.o.Handshake)
	defer cancel()
	on := l.take(t.o, nobody)
	stop := context.AfterFunc(within, on.cut)
	conn, err := t.call(within, on, a)
	if !stop() && err == nil {
		_ = conn.Close()
		<-conn.Done()
		err = within.Err()
	}
	if err != nil {
		on.end()
		return nil, t.refusal(ctx, a, err)
	}
	return conn, nil
}

const reasonNoSession fault.Reason = "not-a-session"

const otherOrNoise = "other software listens there, or the line garbles what it carries: look at it, and try again"

// refusal says why there is no connection.
func (t *Transport) refusal(ctx context.Context, a comm.Address, err error) error {
	var known *fault.Fault
	var unknown *comm.Stranger
	where := comm.Address{Scheme: a.Scheme, Path: a.Path}
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &unknown):
		return unknown
	case ctx.Err() != nil:
		return fault.Late(ctx.Err(), "no connection to %s in time", where).Because("dial-timeout")
	case errors.Is(err, errOtherMode):
		return fault.Wrap(err, fault.Denied, "one end of %s is in clear and the other is not", where).
			Because("line-mode").WithHint("use the same scheme at both ends, with -clear or without")
	case errors.Is(err, errGarbled): // it has the form of one of ours
		return fault.Wrap(err, fault.Unavailable, "what comes over %s is garbled", where).Because(reasonNoSession).WithHint(otherOrNoise)
	case errors.Is(err, errNoise), errors.Is(err, errNoWelcome), errors.Is(err, errMalformed), errors.Is(err, errTooBig):
		return fault.Wrap(err, fault.Unsupported, "the peer at %s speaks no sessions that we know", where).Because(reasonNoSession).WithHint(otherOrNoise)
	}
	switch ended := comm.HandshakeEnded(err, "the peer at "+where.String()); {
	case fault.ReasonOf(ended) == reasonNoSession:
		return fault.From(ended).WithHint(otherOrNoise)
	case ended != nil:
		return ended
	}
	return fault.Wrap(err, fault.Unavailable, "the peer at %s cannot be reached", where).
		Because("peer-unreachable").WithHint("check the address, and that the peer is running")
}
