package house

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// AddPerson lets another person use the wallet, by a passphrase of their own.
func (h *House) AddPerson(ctx context.Context, name string, passphrase crypto.Secret) (profile.Principal, error) {
	if err := h.owner(); err != nil {
		return profile.Principal{}, err
	}
	if passphrase.Len() == 0 {
		return profile.Principal{}, emptyPassphrase()
	}
	p, err := h.principal(ctx, profile.Principal{Kind: profile.Person, Name: name})
	if err != nil {
		return p, err
	}
	return p, h.orNot(ctx, p, h.edit(ctx, func(e *crypto.Edit) error {
		return e.AddSlot(crypto.Slot{Name: string(p.ID), Lock: h.files.lockBy(passphrase), Owner: string(p.ID)})
	}))
}

// AddAgent lets software use the wallet for the user who adds it, by a key file that is
// made for it. It may use its own instruments and those of that person.
func (h *House) AddAgent(ctx context.Context, name, keyFile string) (profile.Principal, error) {
	if h.user.Kind != profile.Person {
		return profile.Principal{}, fault.New(fault.Denied, "an agent acts for a person").Because("kind-differs")
	}
	p, err := h.principal(ctx, profile.Principal{Kind: profile.Agent, Name: name, ActsFor: h.user.ID})
	if err != nil {
		return p, err
	}
	err = crypto.CreateKeyFile(keyFile, rand.Reader)
	if err == nil {
		err = h.edit(ctx, func(e *crypto.Edit) error {
			slot := crypto.Slot{Name: string(p.ID), Lock: crypto.KeyFile(keyFile), Owner: string(p.ID)}
			return errors.Join(e.AddSlot(slot), e.Grant(string(h.user.ID), slot.Name))
		})
		if err != nil { // the file opens nothing, and would be in the way of the next attempt
			err = errors.Join(err, os.Remove(keyFile))
		}
	}
	return p, h.orNot(ctx, p, err)
}

// AddGroup makes a group without members. The wallet's owner keeps its key, to
// let members in.
func (h *House) AddGroup(ctx context.Context, name string) (profile.Principal, error) {
	if err := h.owner(); err != nil {
		return profile.Principal{}, err
	}
	p, err := h.principal(ctx, profile.Principal{Kind: profile.Group, Name: name})
	if err != nil {
		return p, err
	}
	return p, h.orNot(ctx, p, h.edit(ctx, func(e *crypto.Edit) error { return e.NewKey(string(p.ID), slotUser) }))
}

// AddMember lets a person or agent use the instruments of a group. The key is given last.
// So a crash in between leaves a member without the key, to whom the next call gives it,
// and never a key with somebody who is no member.
func (h *House) AddMember(ctx context.Context, s profile.Membership) error {
	if err := h.owner(); err != nil {
		return err
	}
	before, err := h.Profiles().Memberships(ctx, s.Group, s.Member)
	if err != nil {
		return err
	}
	if err := h.Profiles().Join(ctx, s); err != nil {
		return err
	}
	err = h.edit(ctx, func(e *crypto.Edit) error { return e.Grant(string(s.Group), slotOf(s.Member)) })
	if err != nil && len(before) == 0 {
		err = errors.Join(err, h.Profiles().Leave(ctx, s.Group, s.Member))
	}
	return err
}

// RemoveMember ends a membership and gives the group another key: the former member cannot
// open what is sealed from then on. Where keys cannot change now they stay a member, with their
// limits.
func (h *House) RemoveMember(ctx context.Context, group, member instrument.PrincipalID) error {
	if err := h.owner(); err != nil {
		return err
	}
	slot := slotOf(member)
	if slot == slotUser { // the owner keeps the key
		return h.Profiles().Leave(ctx, group, member)
	}
	return h.edit(ctx, func(e *crypto.Edit) error {
		left := h.Profiles().Leave(ctx, group, member)
		if left != nil && (!errors.Is(left, fault.NotFound) || !slices.Contains(e.Holders(string(group)), slot)) {
			return left
		}
		e.Revoke(string(group), slot)
		return e.NewKey(string(group), e.Holders(string(group))...)
	})
}

// ByAPerson refuses to an agent what all users of the wallet go by: whom a name that is there
// means, and which key is trusted.
func (h *House) ByAPerson() error {
	if h.user.Kind == profile.Agent {
		return fault.New(fault.Denied, "an agent does not change whom the users of this wallet trust").Because("kind-differs").
			WithHint("a person does that, as the owner or with --user NAME")
	}
	return nil
}

// owner refuses everybody but the wallet's owner.
func (h *House) owner() error {
	if h.user.ID != Self {
		return notOwner()
	}
	return nil
}

func notOwner() error {
	return fault.New(fault.Denied, "only the owner of this wallet may do that").Because("not-owner")
}

func (h *House) principal(ctx context.Context, p profile.Principal) (profile.Principal, error) {
	if p.Name == "" {
		return p, fault.New(fault.Invalid, "a name is needed").Because("name-malformed")
	}
	id, err := instrument.NewID(h.Now(), rand.Reader)
	if err != nil {
		return p, err
	}
	p.ID = instrument.PrincipalID(id)
	if _, err = h.Profiles().Add(ctx, p); fault.ReasonOf(err) != "name-taken" {
		return p, err
	}
	half, found := h.halfMade(ctx, p.Name)
	if !found {
		return p, err
	}
	if err := h.Remove(ctx, half, false); err != nil {
		return p, err
	}
	_, err = h.Profiles().Add(ctx, p)
	return p, err
}

// halfMade finds a principal of that name without a key, as an interrupted addition leaves
// it. Nobody can log in as that one, so adding the name again completes it. No other process
// has changed the vault since this one opened it.
func (h *House) halfMade(ctx context.Context, name string) (profile.Principal, bool) {
	for _, kind := range []profile.Kind{profile.Person, profile.Agent, profile.Group} {
		all, err := h.Profiles().Principals(ctx, kind)
		if err != nil {
			return profile.Principal{}, false
		}
		for _, p := range all {
			if p.Name == name && !p.Disabled && p.ID != Self && !h.ring.Knows(string(p.ID)) {
				return p, true
			}
		}
	}
	return profile.Principal{}, false
}

// orNot removes a principal that has got no key, even if the command was interrupted.
func (h *House) orNot(ctx context.Context, p profile.Principal, err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(err, h.Profiles().Disable(context.WithoutCancel(ctx), p.ID))
}
