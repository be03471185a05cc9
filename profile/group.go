package profile

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Membership lets a person or an agent use the instruments of a group, within
// limits of its own (paper §3.3).
type Membership struct {
	Group  instrument.PrincipalID
	Member instrument.PrincipalID
	Limits Limits
}

// MemberReader reads who is in which group.
type MemberReader interface {
	// Memberships lists those of a group and of a member, either of which may be
	// empty, by group and member.
	Memberships(ctx context.Context, group, member instrument.PrincipalID) ([]Membership, error)
}

// MemberWriter changes who is in which group.
type MemberWriter interface {
	// Membership reads one as it is now; fault.NotFound, reason "not-member".
	Membership(group, member instrument.PrincipalID) (Membership, error)
	// PutMembership inserts or replaces one.
	PutMembership(m Membership) error
	// RemoveMembership ends one; fault.NotFound, reason "not-member".
	RemoveMembership(group, member instrument.PrincipalID) error
}

// Join makes a person or an agent a member of a group. A member stays one, with the limits
// that it has.
func (m *Manager) Join(ctx context.Context, s Membership) error {
	return m.store.UpdateProfiles(ctx, func(w Writer) error {
		group, err := w.Principal(s.Group)
		if err != nil {
			return err
		}
		member, err := w.Principal(s.Member)
		if err != nil {
			return err
		}
		if group.Kind != Group || member.Kind == Group {
			return fault.New(fault.Invalid, "%q is no group, or %q is one", group.Name, member.Name).Because("kind-differs")
		}
		if group.Disabled || member.Disabled {
			return fault.New(fault.Denied, "%q or %q has been removed", group.Name, member.Name).Because("principal-disabled")
		}
		if _, err := w.Membership(s.Group, s.Member); !errors.Is(err, fault.NotFound) {
			return err
		}
		return w.PutMembership(s)
	})
}

// Leave ends a membership; fault.NotFound.
func (m *Manager) Leave(ctx context.Context, group, member instrument.PrincipalID) error {
	return m.store.UpdateProfiles(ctx, func(w Writer) error { return w.RemoveMembership(group, member) })
}

// Memberships lists those of a group and of a member; either may be empty.
func (m *Manager) Memberships(ctx context.Context, group, member instrument.PrincipalID) ([]Membership, error) {
	return m.store.Memberships(ctx, group, member)
}

// SetMemberLimits replaces the limits of a member; fault.NotFound.
func (m *Manager) SetMemberLimits(ctx context.Context, group, member instrument.PrincipalID, change func(*Limits)) error {
	return m.store.UpdateProfiles(ctx, func(w Writer) error {
		s, err := w.Membership(group, member)
		if err != nil {
			return err
		}
		change(&s.Limits)
		return w.PutMembership(s)
	})
}

// Everyone is the owner of what is no secret and serves all users of a wallet, such as what
// it knows of an exchange.
const Everyone instrument.PrincipalID = "everyone"

// Owners lists whose instruments a principal may use: its own, everyone's, those
// of the person that it acts for, and those of its groups.
func (m *Manager) Owners(ctx context.Context, p Principal) ([]instrument.PrincipalID, error) {
	out := []instrument.PrincipalID{p.ID, Everyone}
	if p.ActsFor != "" {
		out = append(out, p.ActsFor)
	}
	in, err := m.store.Memberships(ctx, "", p.ID)
	for _, s := range in {
		out = append(out, s.Group)
	}
	return out, err
}

// isMember reports whether a principal is in a group now. That its person is in the group
// does not make an agent a member.
func (m *Manager) isMember(ctx context.Context, group, member instrument.PrincipalID) (bool, error) {
	in, err := m.store.Memberships(ctx, group, member)
	return len(in) > 0, err
}
