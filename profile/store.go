package profile

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// Store is what the Manager needs of a database. Reads see committed state only.
type Store interface {
	Reader
	// PutPrincipal inserts or replaces one. It is fault.Conflict, reason "login-taken", if
	// another principal has the login, and reason "name-taken" if another person, agent,
	// group or customer that is not disabled has the name.
	PutPrincipal(ctx context.Context, p Principal) error
	// UpdateProfiles runs one unit of work; the contract of
	// instrument.Store.UpdateInstruments holds. Nobody, in this process or another,
	// changes a profile between what the unit reads and what it writes.
	UpdateProfiles(ctx context.Context, unit func(Writer) error) error
}

// Reader reads profiles.
type Reader interface {
	PrincipalReader
	MemberReader
	SpendingReader
}

// PrincipalReader reads who there is.
type PrincipalReader interface {
	// Principal reads one; fault.NotFound.
	Principal(ctx context.Context, id instrument.PrincipalID) (Principal, error)
	// PrincipalByLogin reads one by its login; fault.NotFound.
	PrincipalByLogin(ctx context.Context, login string) (Principal, error)
	// Principals lists all of a kind, or all if kind is empty, by id.
	Principals(ctx context.Context, kind Kind) ([]Principal, error)
}

// Writer is one unit of work on profiles.
type Writer interface {
	PrincipalWriter
	MemberWriter
	SpendingWriter
}

// PrincipalWriter changes principals.
type PrincipalWriter interface {
	// Principal reads one as it is now; fault.NotFound.
	Principal(id instrument.PrincipalID) (Principal, error)
	// PutPrincipal is that of Store.
	PutPrincipal(p Principal) error
}

// Kind sorts principals.
type Kind string

// The kinds of principals.
const (
	Person   Kind = "person"   // the user of a wallet
	Agent    Kind = "agent"    // software that uses a wallet for a person
	Group    Kind = "group"    // owns instruments that its members use
	Customer Kind = "customer" // a customer whom the vendor knows
	Terminal Kind = "terminal" // a vendor's device at the bank
	Gateway  Kind = "gateway"  // an exchange's wire gateway login at the bank
	Node     Kind = "node"     // the party itself, for its own background work
)

// Principal is somebody who may ask for operations (paper §3.3): a person, a software
// agent, a device or a service. A group is a principal that only owns. The bank's account
// profiles and the vendor's customer profiles are principals of the same manager, under
// other policies.
type Principal struct {
	ID       instrument.PrincipalID
	Kind     Kind
	Name     string
	Login    string // unique; empty if it cannot log in
	Token    []byte // keyed hash of the access token; nil if it has none
	Disabled bool
	ActsFor  instrument.PrincipalID // an agent's person, whose instruments it uses
	Limits   Limits
	Facts    map[string]string // what a role keeps with it: provider, exchange, …
	Created  time.Time
}
