package profile

import (
	"context"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"io"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Manager is the Profile Manager of one party. It is safe for concurrent use.
type Manager struct {
	store  Store
	hash   func(label, value string) []byte
	clock  func() time.Time
	random io.Reader
	policy Policy
}

// Parts are what a Manager is made of; all are required.
type Parts struct {
	Store  Store
	Hash   func(label, value string) []byte // keyed; see instrument.Sealer.Blind
	Clock  func() time.Time
	Random io.Reader
	Policy Policy
}

// NewManager makes a manager.
func NewManager(p Parts) *Manager {
	return &Manager{store: p.Store, hash: p.Hash, clock: p.Clock, random: p.Random, policy: p.Policy}
}

// tokenText is how an access token is shown, this once.
var tokenText = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Add stores a principal. If it has a login it gets an access token of 256
// random bits, which is returned and kept only as a keyed hash.
func (m *Manager) Add(ctx context.Context, p Principal) (token string, err error) {
	if p.ID == "" {
		id, err := instrument.NewID(m.clock(), m.random)
		if err != nil {
			return "", err
		}
		p.ID = instrument.PrincipalID(id)
	}
	if p.Login != "" {
		if _, err := m.store.PrincipalByLogin(ctx, p.Login); err == nil {
			return "", fault.New(fault.Conflict, "there is a %s %q already", p.Kind, p.Login).Because("login-taken")
		}
		if token, err = m.newToken(&p); err != nil {
			return "", err
		}
	}
	p.Created = m.clock()
	return token, m.store.PutPrincipal(ctx, p)
}

// Rotate gives a principal a new token; the old one ends at once.
func (m *Manager) Rotate(ctx context.Context, id instrument.PrincipalID) (token string, err error) {
	p, err := m.store.Principal(ctx, id)
	if err != nil {
		return "", err
	}
	if token, err = m.newToken(&p); err != nil {
		return "", err
	}
	return token, m.store.PutPrincipal(ctx, p)
}

// Disable ends a principal's rights; its records stay.
func (m *Manager) Disable(ctx context.Context, id instrument.PrincipalID) error {
	p, err := m.store.Principal(ctx, id)
	if err != nil {
		return err
	}
	p.Disabled = true
	return m.store.PutPrincipal(ctx, p)
}

// SetLimits replaces the limits of a principal.
func (m *Manager) SetLimits(ctx context.Context, id instrument.PrincipalID, l Limits) error {
	p, err := m.store.Principal(ctx, id)
	if err != nil {
		return err
	}
	p.Limits = l
	return m.store.PutPrincipal(ctx, p)
}

// Principal reads one; fault.NotFound.
func (m *Manager) Principal(ctx context.Context, id instrument.PrincipalID) (Principal, error) {
	return m.store.Principal(ctx, id)
}

// ByLogin reads one by its login; fault.NotFound.
func (m *Manager) ByLogin(ctx context.Context, login string) (Principal, error) {
	return m.store.PrincipalByLogin(ctx, login)
}

// Principals lists those of a kind.
func (m *Manager) Principals(ctx context.Context, k Kind) ([]Principal, error) {
	return m.store.Principals(ctx, k)
}

// Login proves who is there by login and access token. It takes the same time
// for an unknown login, a wrong token and a disabled principal, and says the
// same: fault.Denied, reason "credentials".
func (m *Manager) Login(ctx context.Context, kind Kind, login, token string) (Principal, error) {
	p, err := m.store.PrincipalByLogin(ctx, login)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return Principal{}, err
	}
	given := m.hash("access token", token)
	right := subtle.ConstantTimeCompare(given, p.Token) == 1
	if err != nil || !right || len(p.Token) == 0 || p.Disabled || p.Kind != kind {
		return Principal{}, fault.New(fault.Denied, "login or token is not right").Because("credentials")
	}
	return p, nil
}

// Authorise asks the policy whether an action may begin. It is called before
// every operation.
func (m *Manager) Authorise(ctx context.Context, a Action) error {
	if a.Principal.Disabled {
		return fault.New(fault.Denied, "%q has been disabled", a.Principal.Name).Because("principal-disabled")
	}
	for _, rule := range m.policy {
		if err := rule(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) newToken(p *Principal) (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(m.random, b[:]); err != nil {
		return "", fault.Wrap(err, fault.Internal, "no random bytes for an access token")
	}
	token := tokenText.EncodeToString(b[:])
	p.Token = m.hash("access token", token)
	return token, nil
}
