package house

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Slots of a vault.
const (
	slotNode = "node"  // the key file of a bank or terminal
	slotUser = "owner" // the passphrase of a wallet's user
)

// Self is the principal of a bank or terminal itself, and of a wallet's owner.
const Self instrument.PrincipalID = "self"

// Init makes the party of a data directory: vault, store and its own principal. passphrase
// is a wallet's; nil makes a key file. An Init that fails before the vault is written
// leaves nothing.
func Init(ctx context.Context, f Files, name string, passphrase *crypto.Secret) error {
	if err := f.make(); err != nil {
		return err
	}
	slot, err := f.newSlot(passphrase)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, f.Store(), store.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	kind := profile.Node
	if passphrase != nil {
		kind = profile.Person
	}
	if err := db.PutPrincipal(ctx, profile.Principal{ID: Self, Kind: kind, Name: name, Created: time.Now()}); err != nil {
		return err
	}
	_, err = crypto.CreateVault(f.Vault(), rand.Reader, slot)
	return err
}

func emptyPassphrase() error {
	return fault.New(fault.Invalid, "the passphrase is empty").Because("passphrase-empty")
}

func (f Files) newSlot(passphrase *crypto.Secret) (crypto.Slot, error) {
	if passphrase != nil {
		if passphrase.Len() == 0 {
			return crypto.Slot{}, emptyPassphrase()
		}
		return crypto.Slot{Name: slotUser, Lock: f.lockBy(*passphrase), Owner: string(Self)}, nil
	}
	err := crypto.CreateKeyFile(f.Key(), rand.Reader)
	if errors.Is(err, fault.Conflict) {
		err = nil // left by an interrupted init: it opens nothing, because there is no vault
	}
	return crypto.Slot{Name: slotNode, Lock: crypto.KeyFile(f.Key())}, err
}
