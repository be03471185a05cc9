package comm

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Manager is the Communication Manager: it knows the transports of this party
// and picks one by the scheme of a peer's address.
type Manager struct {
	transports map[string]Transport
	fetcher    Fetcher
}

// NewManager makes a manager of transports; fetcher may be nil for a party that
// lets no plugin out.
func NewManager(fetcher Fetcher, transports ...Transport) *Manager {
	m := &Manager{transports: map[string]Transport{}, fetcher: fetcher}
	for _, t := range transports {
		for _, scheme := range t.Schemes() {
			m.transports[scheme] = t
		}
	}
	return m
}

// Dial connects to a peer at the first of its addresses that answers. The key
// of the peer, if known, holds for every address that names none.
func (m *Manager) Dial(ctx context.Context, p Peer, h Handler) (Conn, error) {
	if len(p.Addresses) == 0 {
		return nil, fault.New(fault.Invalid, "peer %q has no address", p.Name).Because("address-missing")
	}
	var errs []error
	for _, text := range p.Addresses {
		conn, err := m.dialOne(ctx, p, text, h)
		if err == nil {
			return conn, nil
		}
		if !errors.Is(err, fault.Unavailable) {
			return nil, err
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func (m *Manager) dialOne(ctx context.Context, p Peer, text string, h Handler) (Conn, error) {
	a, err := ParseAddress(text)
	if err != nil {
		return nil, err
	}
	if a.Key == "" {
		a.Key = p.Key
	}
	if p.Key != "" && a.Key != p.Key {
		return nil, fault.New(fault.Denied, "%q is known under the key %s, but its address names %s", p.Name, p.Key, a.Key).
			Because("peer-key-changed").WithHint("if the change is right, remove the peer and add it again")
	}
	if err := m.Reaches(a); err != nil {
		return nil, err
	}
	conn, err := m.transports[a.Scheme].Dial(ctx, a, h)
	if err != nil {
		return nil, err
	}
	if c, ok := conn.(Introduced); ok {
		c.Introduce(p.Name, p.Role)
	}
	return conn, nil
}

// Reaches refuses an address at which nobody can ever be reached from here. It asks nobody.
func (m *Manager) Reaches(a Address) error {
	t, ok := m.transports[a.Scheme]
	if !ok {
		return fault.New(fault.Unsupported, "there is no transport for %s addresses here", a.Scheme).Because("scheme-unknown")
	}
	if r, ok := t.(Reaching); ok {
		return r.Reaches(a)
	}
	return nil
}

// Listen opens a door at an address.
func (m *Manager) Listen(ctx context.Context, a Address, accept func(Conn) (Handler, error)) (Listener, error) {
	t, ok := m.transports[a.Scheme].(Acceptor)
	if !ok {
		return nil, fault.New(fault.Unsupported, "nobody can listen for %s connections here", a.Scheme).Because("scheme-unknown")
	}
	return t.Listen(ctx, a, accept)
}

// Fetch makes one request to a foreign server for a plugin.
func (m *Manager) Fetch(ctx context.Context, r Fetch) (Fetched, error) {
	if m.fetcher == nil {
		return Fetched{}, fault.New(fault.Denied, "this party lets no plugin out").Because("fetch-denied")
	}
	return m.fetcher.Fetch(ctx, r)
}
