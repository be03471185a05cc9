package profile

import (
	"context"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Action is an operation that is about to begin.
type Action struct {
	Principal Principal
	// Fresh says that the principal was read for this very request: its limits need
	// not be read again to know whether anything counts against them.
	Fresh     bool
	Protocol  string
	Operation string
	Class     instrument.ClassID
	Amount    instrument.Amount // what it may move; zero if nothing or unknown
	// Spends is set for an operation that gives instruments away, for the amount or for
	// nothing: their class must be allowed, and the amount counts against the limits of
	// a day, a month or an account, under the operation's id.
	Spends bool
	ID     instrument.OperationID
	// Invoice is what the vendor's signed offer says; nil without one.
	Invoice instrument.Invoice
	// Instruments reads the instruments that are named. It is a function because
	// most policies need not look, and looking opens seals.
	Instruments func(ctx context.Context) ([]instrument.Instance, error)

	now    time.Time
	member func(ctx context.Context, group, member instrument.PrincipalID) (bool, error)
}

// Rule is one condition of a policy; nil permits.
type Rule func(ctx context.Context, a Action) error

// Policy is a set of rules, all of which must permit an action.
type Policy []Rule

// UserPolicy is the paper's User Profile Manager (§3.3): a client uses its own
// instruments, those of its groups, and an agent those of the person that it acts
// for, within its limits.
func UserPolicy() Policy { return Policy{OwnInstruments, WithinLimit} }

// CustomerPolicy is the paper's Customer Profile Manager (§4), at the vendor.
// The customer's instruments are not here; what the vendor's own side uses
// belongs to the vendor.
func CustomerPolicy() Policy { return Policy{WithinLimit, OfAge} }

// AccountPolicy is the paper's Account Profile Manager (§4), at the bank: which
// kinds of principals may do what, while their account is in good standing. A protocol
// that no grant names is somebody else's, installed by the bank's operator: whoever has an
// account that is not cancelled may run it, and the rest is for its own code to see.
func AccountPolicy(grants ...Grant) Policy {
	return Policy{granted(grants), WithinLimit}
}

// Grant lets a kind of principal do some operations of a protocol.
type Grant struct {
	Kind       Kind // empty: anybody, where a secret in the call is the permission
	Protocol   string
	Operations []string
	// Standing wants an account in good standing: not cancelled, and if it has a
	// credit line or a limit for a day, an amount that can be counted against it.
	Standing bool
}

// OwnInstruments refuses the use of somebody else's instruments.
func OwnInstruments(ctx context.Context, a Action) error {
	named, err := a.Instruments(ctx)
	if err != nil {
		return err
	}
	for _, i := range named {
		may, err := a.mayUse(ctx, i.Owner)
		if err != nil {
			return err
		}
		if !may {
			return fault.New(fault.Denied, "%q may not use instrument %s", a.Principal.Name, i.ID).Because("not-owner")
		}
	}
	return nil
}

func (a Action) mayUse(ctx context.Context, owner instrument.PrincipalID) (bool, error) {
	if owner == a.Principal.ID || owner == Everyone || owner == a.Principal.ActsFor && owner != "" {
		return true, nil
	}
	return a.member(ctx, owner, a.Principal.ID)
}

// WithinLimit refuses an action above the principal's limit for one operation,
// or with a class that it may not spend. The limits of days and months are kept
// by Manager.Reserve.
func WithinLimit(_ context.Context, a Action) error {
	return a.Principal.Limits.permits(a, a.now)
}

func granted(grants []Grant) Rule {
	ours := map[string]bool{}
	for _, g := range grants {
		ours[g.Protocol] = true
	}
	return func(_ context.Context, a Action) error {
		if !ours[a.Protocol] {
			return notCancelled(a.Principal)
		}
		for _, g := range grants {
			if g.Protocol == a.Protocol && (g.Kind == "" || g.Kind == a.Principal.Kind) && slices.Contains(g.Operations, a.Operation) {
				return g.stands(a)
			}
		}
		return fault.New(fault.Denied, "this principal may not ask for %s of %s", a.Operation, a.Protocol).Because("not-granted")
	}
}

// FactCancelled is the fact that says why an account was cancelled: nothing new
// begins with it, and what was begun ends as it would have.
const FactCancelled = "cancelled"

func (g Grant) stands(a Action) error {
	if !g.Standing {
		return nil
	}
	if err := notCancelled(a.Principal); err != nil {
		return err
	}
	if a.Principal.Limits.counts() && a.Amount.IsZero() {
		return fault.New(fault.Denied, "an account with a limit or a credit line needs an amount").Because("amount-needed").WithHint("say how much")
	}
	return nil
}

func notCancelled(p Principal) error {
	if why := p.Facts[FactCancelled]; why != "" {
		return fault.New(fault.Denied, "this account was cancelled: %s", why).Because("account-cancelled").WithHint("ask the bank")
	}
	return nil
}
