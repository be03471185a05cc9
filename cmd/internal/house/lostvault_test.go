package house_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/profile"
)

// A database whose vault is missing is a party's: nobody is told to make one there, and
// no init begins another in it, which would take its database and its settings.
func TestAPartyWithoutItsVault(t *testing.T) {
	const openedOnce = "opened once"
	for name, use := range map[string]func(t *testing.T, f house.Files){
		openedOnce: func(t *testing.T, f house.Files) {
			h, err := house.Open(t.Context(), options(f, "open sesame"))
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"copied, with somebody in it": func(t *testing.T, f house.Files) {
			db, err := store.Open(t.Context(), f.Store(), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = db.PutPrincipal(t.Context(), profile.Principal{ID: "till", Kind: profile.Terminal, Name: "till-1"})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"unreadable": func(t *testing.T, f house.Files) {
			if err := os.WriteFile(f.Store(), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := made(t, "open sesame")
			use(t, f)
			if err := os.Rename(f.Vault(), f.Vault()+".away"); err != nil {
				t.Fatal(err)
			}
			if err := f.Check(); fault.KindOf(err) != fault.NotFound || name == openedOnce && fault.ReasonOf(err) != "vault-missing" {
				t.Errorf("whoever opens it is told %v", err)
			}
			if err := f.Free(); fault.ReasonOf(err) != "vault-missing" || fault.KindOf(err) != fault.Conflict {
				t.Errorf("it is free for another: %v", err)
			}
			if err := house.Init(t.Context(), f, "another", options(f, "word").Passphrase); err == nil {
				t.Error("another party was made of it")
			}
			if err := os.Rename(f.Vault()+".away", f.Vault()); err != nil {
				t.Fatal(err)
			}
			if err := f.Check(); err != nil {
				t.Errorf("with its vault: %v", err)
			}
		})
	}
}

// An init that was interrupted before there was a vault is made again.
func TestAnInitIsMadeAgain(t *testing.T) {
	f := made(t, "open sesame")
	if err := os.Remove(f.Vault()); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); fault.ReasonOf(err) != "dir-empty" {
		t.Errorf("there is a party: %v", err)
	}
	if err := house.Init(t.Context(), f, "owner", options(f, "word").Passphrase); err != nil {
		t.Errorf("it was not made again: %v", err)
	}
}
