package profile

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"io"
	"sync"
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
	runner string
	fate   func(context.Context, instrument.OperationID) (Fate, error)
	gone   func(runner string) bool

	looks looks

	mu     sync.Mutex
	flying map[instrument.OperationID]int   // operations that have reserved in this life and are not settled
	held   map[instrument.OperationID]*Hold // by which their reservations are settled
}

// Parts are what a Manager is made of; all but the last three are required.
type Parts struct {
	Store  Store
	Hash   func(label, value string) []byte // keyed; see instrument.Sealer.Blind
	Clock  func() time.Time
	Random io.Reader
	Policy Policy
	Runner string // this life of this node
	// Fate says what became of an operation, for reservations that nobody has settled.
	// Without it they stay reserved.
	Fate func(context.Context, instrument.OperationID) (Fate, error)
	// Gone reports whether another life of this node has ended; nil: that is not known.
	Gone func(runner string) bool
}

// NewManager makes a manager.
func NewManager(p Parts) *Manager {
	return &Manager{
		store: p.Store, hash: p.Hash, clock: p.Clock, random: p.Random, policy: p.Policy, runner: p.Runner, fate: p.Fate, gone: p.Gone,
		flying: map[instrument.OperationID]int{}, held: map[instrument.OperationID]*Hold{},
	}
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
		if token, p.Token, err = m.newToken(); err != nil {
			return "", err
		}
	}
	p.Created = m.clock()
	if err := m.store.PutPrincipal(ctx, p); err != nil {
		return "", err
	}
	return token, nil
}

// Rotate gives a principal a new token; the old one ends at once.
func (m *Manager) Rotate(ctx context.Context, id instrument.PrincipalID) (token string, err error) {
	token, hash, err := m.newToken()
	if err != nil {
		return "", err
	}
	if err := m.Change(ctx, id, func(p *Principal) error { p.Token = hash; return nil }); err != nil {
		return "", err
	}
	return token, nil
}

// Disable ends a principal's rights; its records stay.
func (m *Manager) Disable(ctx context.Context, id instrument.PrincipalID) error {
	return m.Change(ctx, id, func(p *Principal) error { p.Disabled = true; return nil })
}

// Change changes a principal as it is now, in one unit of work, so that two changes at the
// same time do not undo each other. change may be called again and changes only what it is
// given; if it returns an error, nothing changes. fault.NotFound if there is no such
// principal.
func (m *Manager) Change(ctx context.Context, id instrument.PrincipalID, change func(*Principal) error) error {
	return m.store.UpdateProfiles(ctx, func(w Writer) error {
		p, err := w.Principal(id)
		if err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		return w.PutPrincipal(p)
	})
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

// ReasonCredentials marks a login that proves nobody, or does not any more.
const ReasonCredentials fault.Reason = "credentials"

// Login finds the principal that a login and an access token prove. For an unknown login, a
// wrong token and a disabled principal it takes the same time and returns the same:
// fault.Denied, reason "credentials".
func (m *Manager) Login(ctx context.Context, kind Kind, login, token string) (Principal, error) {
	p, err := m.store.PrincipalByLogin(ctx, login)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return Principal{}, err
	}
	given := m.hash("access token", token)
	right := subtle.ConstantTimeCompare(given, p.Token) == 1
	if err != nil || !right || len(p.Token) == 0 || p.Disabled || p.Kind != kind {
		return Principal{}, fault.New(fault.Denied, "login or token is not right").Because(ReasonCredentials)
	}
	return p, nil
}

// Present is a principal that has logged in before, as it is now. If it was disabled or got
// another token since, it is fault.Denied, reason "credentials".
func (m *Manager) Present(ctx context.Context, p Principal) (Principal, error) {
	now, err := m.store.Principal(ctx, p.ID)
	if err == nil && (now.Disabled || !bytes.Equal(now.Token, p.Token)) {
		return now, fault.New(fault.Denied, "the login of this session holds no more").Because(ReasonCredentials).WithHint("log in again")
	}
	return now, err
}

// Authorise asks the policy whether an action may begin. It is called before
// every operation.
func (m *Manager) Authorise(ctx context.Context, a Action) error {
	if a.Principal.Disabled {
		return disabled(a.Principal)
	}
	a.now, a.member = m.clock(), m.isMember
	for _, rule := range m.policy {
		if err := rule(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) newToken() (token string, hash []byte, err error) {
	var b [32]byte
	if _, err := io.ReadFull(m.random, b[:]); err != nil {
		return "", nil, fault.Wrap(err, fault.Internal, "no random bytes for an access token")
	}
	token = tokenText.EncodeToString(b[:])
	return token, m.hash("access token", token), nil
}

func disabled(p Principal) error {
	return fault.New(fault.Denied, "%q has been disabled", p.Name).Because("principal-disabled")
}
