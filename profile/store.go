package profile

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// Store is what the Manager needs of a database.
type Store interface {
	// PutPrincipal inserts or replaces one; fault.Conflict (reason "login-taken")
	// if another principal has the login.
	PutPrincipal(ctx context.Context, p Principal) error
	// Principal reads one; fault.NotFound.
	Principal(ctx context.Context, id instrument.PrincipalID) (Principal, error)
	// PrincipalByLogin reads one by its login; fault.NotFound.
	PrincipalByLogin(ctx context.Context, login string) (Principal, error)
	// Principals lists all of a kind, or all if kind is empty, by id.
	Principals(ctx context.Context, kind Kind) ([]Principal, error)
}

// Kind sorts principals.
type Kind string

// The kinds of principals.
const (
	Person   Kind = "person"   // the user of a wallet
	Terminal Kind = "terminal" // a vendor's device at the bank
	Gateway  Kind = "gateway"  // an exchange's wire gateway login at the bank
	Node     Kind = "node"     // the party itself, for its own background work
)

// Principal is who may ask for operations (paper §3.3): a person, a device, a
// service. The bank's account profiles and the vendor's customer profiles are
// principals of the same manager under other policies.
type Principal struct {
	ID       instrument.PrincipalID
	Kind     Kind
	Name     string
	Login    string // unique; empty if it cannot log in
	Token    []byte // keyed hash of the access token; nil if it has none
	Disabled bool
	Limits   Limits
	Facts    map[string]string // what a role keeps with it: provider, exchange, …
	Created  time.Time
}

// Limits bound what one principal may move in one operation, per currency. No
// entry for a currency means no limit.
type Limits struct {
	PerOperation map[string]instrument.Amount `json:"per_operation,omitempty"`
}
