package house

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Remove removes a person, an agent or a group. They cannot open the wallet any more, nor
// what is sealed from then on. What a person or group still holds is lost with them, and so
// are a person's agents: that is refused unless lose is set.
func (h *House) Remove(ctx context.Context, p profile.Principal, lose bool) error {
	if err := h.mayRemove(ctx, p, lose); err != nil {
		return err
	}
	going, err := h.Agents(ctx, p)
	if err != nil {
		return err
	}
	going = append(going, p)
	if err := h.edit(ctx, func(e *crypto.Edit) error { return shutOut(e, going) }); err != nil {
		return err
	}
	for _, g := range going { // a person last, so that a repeated removal still finds the agents that are left
		if err := h.forget(ctx, g.ID); err != nil {
			return err
		}
	}
	return nil
}

// Agents are those who act for somebody.
func (h *House) Agents(ctx context.Context, p profile.Principal) ([]profile.Principal, error) {
	all, err := h.Profiles().Principals(ctx, profile.Agent)
	return slices.DeleteFunc(all, func(a profile.Principal) bool { return a.ActsFor != p.ID || a.Disabled }), err
}

// forget ends memberships, and then the principal.
func (h *House) forget(ctx context.Context, id instrument.PrincipalID) error {
	in, err := h.Profiles().Memberships(ctx, "", id)
	if err != nil {
		return err
	}
	of, err := h.Profiles().Memberships(ctx, id, "")
	if err != nil {
		return err
	}
	for _, s := range append(in, of...) {
		if err := h.Profiles().Leave(ctx, s.Group, s.Member); err != nil {
			return err
		}
	}
	return h.Profiles().Disable(ctx, id)
}

// shutOut takes the slots of those who go out of the vault. Owners who stay, and whose keys
// they had, get other keys.
func shutOut(e *crypto.Edit, going []profile.Principal) error {
	knew := map[string]bool{}
	for _, p := range going {
		if p.Kind == profile.Group {
			for _, slot := range e.Holders(string(p.ID)) {
				if slot != slotUser {
					e.Revoke(string(p.ID), slot)
				}
			}
			continue
		}
		for _, owner := range e.Owners(string(p.ID)) {
			knew[owner] = true
		}
		if err := e.RemoveSlot(string(p.ID)); err != nil && !errors.Is(err, fault.NotFound) { // of a removal that was interrupted
			return err
		}
	}
	for _, p := range going {
		delete(knew, string(p.ID))
	}
	for _, owner := range slices.Sorted(maps.Keys(knew)) {
		if err := e.NewKey(owner, e.Holders(owner)...); err != nil {
			return err
		}
	}
	return nil
}

func (h *House) mayRemove(ctx context.Context, p profile.Principal, lose bool) error {
	if p.ID == Self {
		return fault.New(fault.Denied, "the owner of a wallet cannot be removed from it").Because("not-removable")
	}
	if p.ActsFor != h.user.ID { // the person's keys can only be renewed with them
		if err := h.owner(); err != nil {
			return err
		}
		if p.Kind == profile.Agent {
			return fault.New(fault.Denied, "the agent %q acts for somebody else: they remove it", p.Name).Because("not-owner")
		}
	}
	if lose {
		return nil
	}
	agents, err := h.Agents(ctx, p)
	if err != nil {
		return err
	}
	if len(agents) > 0 {
		return fault.New(fault.Conflict, "the agent %q acts for %q", agents[0].Name, p.Name).Because("agent-left").
			WithHint("%q removes it first; to remove both, and lose what they hold, repeat with --lose-instruments", p.Name)
	}
	return h.keepsNothing(ctx, p)
}
