package house

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// edit changes the vault while no other process has the wallet open: such a process would go
// on sealing under old keys. Afterwards it seals again what is not under its owner's newest
// key, before anybody else can open the wallet; after a crash the next edit does that.
func (h *House) edit(ctx context.Context, change func(*crypto.Edit) error) error {
	release, err := h.alone()
	if err != nil {
		return err
	}
	defer release()
	if err := h.private(ctx); err != nil {
		return err
	}
	members, err := h.members(ctx)
	if err != nil {
		return err
	}
	err = h.write(func(e *crypto.Edit) error {
		if err := change(e); err != nil {
			return err
		}
		return expel(e, members)
	})
	if err != nil {
		return err
	}
	return h.renew(ctx)
}

// members are the slots of each group's members, with that of the owner, who keeps the keys
// of groups.
func (h *House) members(ctx context.Context) (map[string][]string, error) {
	if h.user.ID != Self {
		return nil, nil
	}
	groups, err := h.Profiles().Principals(ctx, profile.Group)
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, g := range groups {
		in, err := h.Profiles().Memberships(ctx, g.ID, "")
		if err != nil {
			return nil, err
		}
		out[string(g.ID)] = []string{slotUser}
		for _, s := range in {
			out[string(g.ID)] = append(out[string(g.ID)], slotOf(s.Member))
		}
	}
	return out, nil
}

// expel takes a group's key from those who are not members, as an interrupted change may
// leave it, and gives the group another key.
func expel(e *crypto.Edit, members map[string][]string) error {
	for _, group := range slices.Sorted(maps.Keys(members)) {
		strangers := slices.DeleteFunc(e.Holders(group), func(slot string) bool { return slices.Contains(members[group], slot) })
		for _, slot := range strangers {
			e.Revoke(group, slot)
		}
		if len(strangers) == 0 {
			continue
		}
		if err := e.NewKey(group, e.Holders(group)...); err != nil {
			return err
		}
	}
	return nil
}

// alone makes sure that no other process has the wallet open. It does not wait, but fails.
func (h *House) alone() (release func(), err error) {
	if err := h.unshare(); err != nil {
		return nil, err
	}
	h.unshare = nothing
	again := func() {
		if unshare, err := share(h.files.keysLock()); err == nil {
			h.unshare = unshare
		}
	}
	unlock, err := lock(h.files.keysLock())
	if errors.Is(err, fault.Locked) {
		err = fault.Wrap(err, fault.Locked, "another process has this wallet open").Because("wallet-open").
			WithHint("wait for it to end, or end it with `wallet lock`")
	}
	if err != nil {
		again()
		return nil, err
	}
	return func() { _ = unlock(); again() }, nil
}

// write makes one edit of the vault, and brings the ring up to date with it.
func (h *House) write(change func(*crypto.Edit) error) error {
	unlock, err := h.files.lockVault()
	if err != nil {
		return err
	}
	defer func() { _ = unlock() }()
	keys, err := crypto.EditVault(h.files.Vault(), rand.Reader, h.slot, change)
	if err != nil {
		return err
	}
	h.ring.Take(keys)
	h.unfinished = keys.Unfinished()
	return nil
}

// private gives the owner of a wallet a key of their own, if it was made when wallets had one
// user and no keys of owners. What the wallet knows of exchanges becomes everyone's. It also
// finishes what an interrupted edit has left.
func (h *House) private(ctx context.Context) error {
	fresh := false
	err := h.write(func(e *crypto.Edit) error {
		if fresh = len(e.Holders(string(Self))) == 0; !fresh {
			return nil
		}
		e.Mix(string(Self))
		return e.NewKey(string(Self), slotUser)
	})
	if err == nil && fresh {
		err = h.Instruments().Reseal(ctx, instrument.Filter{Class: taler.ClassExchange, Owner: Self}, profile.Everyone)
	}
	if err != nil {
		return err
	}
	return h.renew(ctx)
}

// renew seals again what is not under its owner's newest key.
func (h *House) renew(ctx context.Context) error {
	for _, owner := range h.unfinished {
		if err := h.Instruments().Reseal(ctx, instrument.Filter{Owner: instrument.PrincipalID(owner)}, ""); err != nil {
			return err
		}
		if err := h.write(func(e *crypto.Edit) error { e.Renewed(owner); return nil }); err != nil {
			return err
		}
	}
	return nil
}
