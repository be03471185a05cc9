package house

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// login opens the vault for the user that Options name: the paper's login (§5.1). A wallet
// gets the keys of that principal and no others.
func (h *House) login(ctx context.Context, o Options) error {
	if o.Role != comm.Client || o.Passphrase == nil && o.KeyFile == "" {
		h.slot = crypto.Slot{Name: slotNode, Lock: crypto.KeyFile(o.Key())}
		key, err := crypto.OpenVault(o.Vault(), h.slot)
		if err == nil {
			h.Engine = crypto.NewEngine(key, rand.Reader)
		}
		return err
	}
	user, err := named(ctx, h.Store, o.User)
	if err != nil {
		return err
	}
	if err := opensBy(user, o.Passphrase != nil); err != nil {
		return err
	}
	if h.unshare, err = o.shareKeys(); err != nil {
		h.unshare = nothing
		return err
	}
	h.user, h.slot = user, crypto.Slot{Name: slotOf(user.ID), Lock: lockOf(o)}
	keys, err := o.open(h.slot)
	if err != nil {
		return err
	}
	h.Engine = crypto.NewEngine(keys.Data, rand.Reader)
	h.ring = crypto.NewRing(keys, h.Engine, rand.Reader)
	return nil
}

// opensBy refuses a user the way in of the other kind: persons have a passphrase, agents a key
// file.
func opensBy(user profile.Principal, passphrase bool) error {
	var f *fault.Fault
	switch {
	case user.Kind == profile.Agent && passphrase:
		f = fault.New(fault.NotFound, "%q is an agent, which opens this wallet by a key file and not by a passphrase", user.Name).
			WithHint("give the file that was made with it: --key-file FILE; if it is lost, remove the agent and add it anew")
	case user.Kind != profile.Agent && !passphrase:
		f = fault.New(fault.NotFound, "%q is a person, who opens this wallet by a passphrase and not by a key file", user.Name).
			WithHint("an agent is named: --user NAME --key-file FILE; a person leaves --key-file and SWAPEROO_KEY_FILE out")
	default:
		return nil
	}
	return f.Because("vault-slot-missing")
}

// shareKeys keeps others from changing the keys of a wallet, but lets them use it.
func (f Files) shareKeys() (unshare func() error, err error) {
	unshare, err = share(f.keysLock())
	if errors.Is(err, fault.Locked) { // any other failure says itself what is wrong with the file
		err = fault.Wrap(err, fault.Locked, "somebody changes who may use this wallet").Because("keys-in-use").WithHint("try again in a moment")
	}
	return unshare, err
}

// open opens a slot of the vault. Only guesses of passphrases are counted: nobody guesses a
// key file.
func (o Options) open(slot crypto.Slot) (keys *crypto.Keys, err error) {
	if o.Passphrase == nil {
		return crypto.OpenKeys(o.Vault(), slot)
	}
	err = o.guess(slot.Name, time.Now, func() error {
		keys, err = crypto.OpenKeys(o.Vault(), slot)
		return err
	})
	return keys, err
}

func lockOf(o Options) crypto.Lock {
	if o.Passphrase != nil {
		return o.lockBy(*o.Passphrase)
	}
	return crypto.KeyFile(o.KeyFile)
}

// slotOf is the slot of a principal in a wallet's vault.
func slotOf(id instrument.PrincipalID) string {
	if id == Self {
		return slotUser
	}
	return string(id)
}

// named finds the person or agent of a name; empty is the wallet's owner.
func named(ctx context.Context, db *store.DB, name string) (profile.Principal, error) {
	if name == "" {
		return db.Principal(ctx, Self)
	}
	for _, kind := range []profile.Kind{profile.Person, profile.Agent} {
		all, err := db.Principals(ctx, kind)
		if err != nil {
			return profile.Principal{}, err
		}
		for _, p := range all {
			if !p.Disabled && (p.Name == name || string(p.ID) == name) {
				return p, nil
			}
		}
	}
	return profile.Principal{}, fault.New(fault.NotFound, "this wallet has no user %q", name).Because("user-unknown").
		WithHint("`wallet profile list` shows those that it has")
}

// ChangePassphrase replaces the passphrase of a wallet's user. A wrong present one is
// fault.Denied and counts as a guess. After a crash either the old or the new one opens the
// wallet. Others may use the wallet meanwhile.
func (f Files) ChangePassphrase(ctx context.Context, name string, from, to crypto.Secret, now func() time.Time) error {
	if to.Len() == 0 {
		return emptyPassphrase()
	}
	slot := slotUser
	if name != "" {
		db, err := store.Open(ctx, f.Store(), store.Options{})
		if err != nil {
			return err
		}
		user, err := named(ctx, db, name)
		if err == nil {
			err = opensBy(user, true)
		}
		if err := errors.Join(err, db.Close()); err != nil {
			return err
		}
		slot = slotOf(user.ID)
	}
	return f.guess(slot, now, func() error {
		unlock, err := f.lockVault()
		if err != nil {
			return err
		}
		defer func() { _ = unlock() }()
		return crypto.ChangeSlot(f.Vault(), rand.Reader, slot, f.lockBy(from), f.lockBy(to))
	})
}

func (f Files) lockVault() (func() error, error) {
	unlock, err := lock(f.vaultLock())
	if errors.Is(err, fault.Locked) {
		err = fault.Wrap(err, fault.Locked, "somebody else changes the vault").Because("vault-in-use").WithHint("try again in a moment")
	}
	return unlock, err
}
