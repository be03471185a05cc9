package house_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/profile"
)

func options(f house.Files, word string) house.Options {
	o := house.Options{Files: f, Role: comm.Client, Name: "wallet", Policy: profile.UserPolicy(), Log: slog.New(slog.DiscardHandler)}
	if word != "" {
		s := crypto.NewSecret([]byte(word))
		o.Passphrase = &s
	}
	return o
}

func made(t *testing.T, word string) house.Files {
	t.Helper()
	f := house.Files{Dir: filepath.Join(t.TempDir(), "party"), LockBy: crypto.QuickPassphrase}
	if err := house.Init(t.Context(), f, "owner", options(f, word).Passphrase); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSeveralProcessesShareADirectory(t *testing.T) {
	f := made(t, "open sesame")
	server := options(f, "open sesame")
	server.Alone = true
	first, err := house.Open(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := house.Open(t.Context(), server); fault.ReasonOf(err) != "dir-in-use" || !errors.Is(err, fault.Locked) {
		t.Errorf("a second server: %v", err)
	}
	look := options(f, "open sesame")
	look.Looking = true
	beside, err := house.Open(t.Context(), look)
	if err != nil {
		t.Fatalf("one that looks: %v", err)
	}
	if len(beside.Host.Bundles()) == 0 || beside.Identity.KeyText() != first.Identity.KeyText() {
		t.Error("it sees another party")
	}
	second, err := house.Open(t.Context(), options(f, "open sesame"))
	if err != nil {
		t.Fatalf("one that works beside it: %v", err)
	}
	if lives, err := filepath.Glob(filepath.Join(f.Lives(), "*")); err != nil || len(lives) != 3 {
		t.Errorf("lives: %v, %v", lives, err)
	}
	for _, h := range []*house.House{beside, second, first} {
		if err := h.Close(t.Context()); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if lives, err := filepath.Glob(filepath.Join(f.Lives(), "*")); err != nil || len(lives) != 0 {
		t.Errorf("lives after their end: %v, %v", lives, err)
	}
	again, err := house.Open(t.Context(), server)
	if err != nil {
		t.Fatalf("after it has ended: %v", err)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(f.Run(), "host-*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestOnlyTheRightLockOpens(t *testing.T) {
	wallet, server := made(t, "open sesame"), made(t, "")
	for _, row := range []struct {
		name   string
		files  house.Files
		word   string
		reason fault.Reason
	}{
		{"a wallet", wallet, "open sesame", ""},
		{"a wrong passphrase", wallet, "open barley", "wrong-passphrase"},
		{"a server", server, "", ""},
		{"nothing there", house.Files{Dir: t.TempDir()}, "open sesame", "dir-empty"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h, err := house.Open(t.Context(), options(row.files, row.word))
			if fault.ReasonOf(err) != row.reason {
				t.Fatalf("error = %v", err)
			}
			if err == nil {
				err = h.Close(t.Context())
			}
			if row.reason == "" && err != nil {
				t.Error(err)
			}
		})
	}
	if err := house.Init(t.Context(), wallet, "owner", options(wallet, "another").Passphrase); fault.ReasonOf(err) != "dir-taken" {
		t.Errorf("over another: %v", err)
	}
}

func TestAPassphraseChanges(t *testing.T) {
	f := made(t, "old")
	word := func(text string) crypto.Secret { return crypto.NewSecret([]byte(text)) }
	if err := f.ChangePassphrase(t.Context(), "", word("wrong"), word("new"), time.Now); fault.ReasonOf(err) != "wrong-passphrase" {
		t.Errorf("with a wrong one: %v", err)
	}
	if err := f.ChangePassphrase(t.Context(), "", word("old"), word(""), time.Now); fault.ReasonOf(err) != "passphrase-empty" {
		t.Errorf("to none: %v", err)
	}
	if err := f.ChangePassphrase(t.Context(), "", word("old"), word("new"), time.Now); err != nil {
		t.Fatal(err)
	}
	if _, err := house.Open(t.Context(), options(f, "old")); !errors.Is(err, fault.Denied) {
		t.Errorf("the old one: %v", err)
	}
	h, err := house.Open(t.Context(), options(f, "new"))
	if err != nil {
		t.Fatalf("the new one: %v", err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A party whose database has gone is not opened with an empty one in its place, and
// one that is open says so as soon as it is to store something.
func TestAPartyWithoutItsDatabase(t *testing.T) {
	f := made(t, "open sesame")
	h := opened(t, options(f, "open sesame"))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Lost(over); err != nil {
		t.Errorf("it has lost %v", err)
	}
	if err := os.Rename(f.Store(), f.Store()+".away"); err != nil {
		t.Fatal(err)
	}
	if err := h.Store.PutPrincipal(t.Context(), profile.Principal{ID: "other", Kind: profile.Person, Name: "other"}); fault.ReasonOf(err) != "store-stopped" {
		t.Errorf("it was stored: %v", err)
	}
	if err := h.Lost(t.Context()); fault.ReasonOf(err) != "store-stopped" {
		t.Errorf("it has lost %v", err)
	}
	if _, err := house.Open(t.Context(), options(f, "open sesame")); fault.ReasonOf(err) != "store-missing" {
		t.Errorf("it was opened: %v", err)
	}
	if _, err := os.Stat(f.Store()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is another database: %v", err)
	}
}

// What a copy that failed has left, or a database that was made anew, is not opened as
// if nothing had ever been: the numbers of its journal would begin again.
func TestAPartyWithAnEmptyDatabase(t *testing.T) {
	for name, leave := range map[string]func(path string) error{
		"no byte": func(path string) error { return os.Truncate(path, 0) },
		"tables alone": func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			db, err := store.Open(t.Context(), path, store.Options{})
			if err != nil {
				return err
			}
			return db.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := made(t, "") // a bank: it asks for no passphrase
			if err := leave(f.Store()); err != nil {
				t.Fatal(err)
			}
			o := options(f, "")
			o.Role = comm.Bank
			h, err := house.Open(t.Context(), o)
			if fault.ReasonOf(err) != "store-missing" {
				t.Errorf("it was opened: %v", err)
			}
			if err == nil {
				_ = h.Close(t.Context())
			}
		})
	}
}
