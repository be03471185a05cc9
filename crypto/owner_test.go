package crypto_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

// keyed is a slot that opens by a key file, which takes no time.
func keyed(t *testing.T, name, owner string) crypto.Slot {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, crypto.CreateKeyFile(path, rand.Reader))
	return crypto.Slot{Name: name, Lock: crypto.KeyFile(path), Owner: owner}
}

// ring opens the vault by a slot.
func ring(t *testing.T, path string, s crypto.Slot) *crypto.Ring {
	t.Helper()
	k, err := crypto.OpenKeys(path, s)
	must(t, err)
	return crypto.NewRing(k, crypto.NewEngine(k.Data, nil), nil)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func seal(t *testing.T, r *crypto.Ring, owner string) []byte {
	t.Helper()
	s, err := r.For(owner)
	must(t, err)
	out, err := s.Seal([]byte("a card"), []byte(owner))
	must(t, err)
	return out
}

// opens reports whether a ring opens what belongs to an owner.
func opens(t *testing.T, r *crypto.Ring, owner string, sealed []byte) bool {
	t.Helper()
	s, err := r.For(owner)
	if err != nil {
		if !errors.Is(err, fault.Locked) || fault.ReasonOf(err) != "owner-locked" {
			t.Errorf("%v", err)
		}
		return false
	}
	_, err = s.Open(sealed, []byte(owner))
	return err == nil
}

// family is a vault of two people and their group, and what they have sealed.
type family struct {
	path      string
	gary, amy crypto.Slot
	sealed    map[string][]byte // by owner
}

func newFamily(t *testing.T) family {
	t.Helper()
	f := family{path: filepath.Join(t.TempDir(), "vault.json"), gary: keyed(t, "gary", "gary"), amy: keyed(t, "amy", "amy")}
	_, err := crypto.CreateVault(f.path, rand.Reader, f.gary)
	must(t, err)
	f.edit(t, func(e *crypto.Edit) error {
		return errors.Join(e.AddSlot(f.amy), e.NewKey("family", "gary"), e.Grant("family", "amy"))
	})
	g, a := ring(t, f.path, f.gary), ring(t, f.path, f.amy)
	f.sealed = map[string][]byte{"gary": seal(t, g, "gary"), "amy": seal(t, a, "amy"), "family": seal(t, a, "family"), "nobody": seal(t, g, "nobody")}
	return f
}

func edited(_ *crypto.Keys, err error) error { return err }

func (f family) edit(t *testing.T, change func(*crypto.Edit) error) {
	t.Helper()
	must(t, edited(crypto.EditVault(f.path, rand.Reader, f.gary, change)))
}

// A member cannot read another's cards; all read the group's, and what belongs to
// nobody who has a key.
func TestEachOpensTheirOwnAndTheirGroups(t *testing.T) {
	f := newFamily(t)
	for _, row := range []struct {
		who  crypto.Slot
		want []string
	}{{f.gary, []string{"family", "gary", "nobody"}}, {f.amy, []string{"amy", "family", "nobody"}}} {
		r := ring(t, f.path, row.who)
		var got []string
		for owner, sealed := range f.sealed {
			if opens(t, r, owner, sealed) {
				got = append(got, owner)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s opens what belongs to %v, not %v", row.who.Name, got, row.want)
		}
	}
	// Nor is anything sealed for somebody else: under the data key all could read it.
	r := ring(t, f.path, f.gary)
	if s, err := r.For("amy"); s != nil || fault.KindOf(err) != fault.Locked || fault.ReasonOf(err) != "owner-locked" {
		t.Errorf("gary seals for amy, %v", err)
	}
	if !r.Knows("amy") || !r.Knows("gary") || r.Knows("nobody") {
		t.Error("it is not known who has keys")
	}
	// The data key, which both have, opens none of it; nor does a wrong owner's key.
	k, err := crypto.OpenKeys(f.path, f.amy)
	must(t, err)
	if _, err := crypto.NewEngine(k.Data, nil).Open(f.sealed["gary"], []byte("gary")); err == nil {
		t.Error("the data key opens a person's card")
	}
	s, err := ring(t, f.path, f.amy).For("family")
	must(t, err)
	if _, err := s.Open(f.sealed["gary"], []byte("gary")); err == nil {
		t.Error("the group's key opens a person's card")
	}
}

// Whoever has made a key uses it from then on: what is sealed next is for its holders only.
func TestANewKeyIsUsedAtOnce(t *testing.T) {
	f := newFamily(t)
	r := ring(t, f.path, f.gary)
	k, err := crypto.EditVault(f.path, rand.Reader, f.gary, func(e *crypto.Edit) error { return e.NewKey("office", "gary") })
	must(t, err)
	r.Take(k)
	sealed := seal(t, r, "office")
	if !opens(t, r, "gary", f.sealed["gary"]) || !opens(t, ring(t, f.path, f.gary), "office", sealed) {
		t.Error("gary does not open what is his and the office's")
	}
	if _, err := crypto.NewEngine(k.Data, nil).Open(sealed, []byte("office")); err == nil {
		t.Error("the data key opens the office's")
	}
}

// Somebody who cannot open an owner's instruments lets nobody else do it.
func TestNobodyGrantsWhatTheyDoNotHave(t *testing.T) {
	f := newFamily(t)
	before, err := os.ReadFile(f.path)
	must(t, err)
	for name, change := range map[string]func(*crypto.Edit) error{
		"another's own":       func(e *crypto.Edit) error { return e.Grant("amy", "gary") },
		"to nobody":           func(e *crypto.Edit) error { return e.Grant("family", "bob") },
		"a key to nobody":     func(e *crypto.Edit) error { return e.NewKey("office", "bob") },
		"removing nobody":     func(e *crypto.Edit) error { return e.RemoveSlot("bob") },
		"a slot twice":        func(e *crypto.Edit) error { return e.AddSlot(f.amy) },
		"an owner without it": func(e *crypto.Edit) error { return e.Grant("office", "amy") },
	} {
		if _, err := crypto.EditVault(f.path, rand.Reader, f.gary, change); err == nil {
			t.Errorf("%s: it is done", name)
		}
	}
	if after, err := os.ReadFile(f.path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a refused change has changed the file, %v", err)
	}
}

// Who is removed opens nothing any more; with an old copy of the vault they open
// what was sealed until then, and nothing that is sealed after the renewal.
func TestWhatRemovingSomebodyAchieves(t *testing.T) {
	f := newFamily(t)
	old := filepath.Join(t.TempDir(), "old.json")
	kept, err := os.ReadFile(f.path)
	must(t, err)
	must(t, os.WriteFile(old, kept, 0o600))
	f.edit(t, func(e *crypto.Edit) error {
		return errors.Join(e.RemoveSlot("amy"), e.NewKey("family", e.Holders("family")...))
	})
	if _, err := crypto.OpenVault(f.path, f.amy); !errors.Is(err, fault.NotFound) {
		t.Errorf("she opens it: %v", err)
	}
	g := ring(t, f.path, f.gary)
	if !opens(t, g, "family", f.sealed["family"]) {
		t.Error("what is not sealed again yet is lost")
	}
	again := seal(t, g, "family")
	f.edit(t, func(e *crypto.Edit) error { e.Renewed("family"); return nil })
	g, thief := ring(t, f.path, f.gary), ring(t, old, f.amy)
	for name, row := range map[string]struct {
		r      *crypto.Ring
		sealed []byte
		want   bool
	}{
		"the thief, what she could read":     {thief, f.sealed["family"], true},
		"the thief, what was sealed since":   {thief, again, false},
		"the other, what was sealed since":   {g, again, true},
		"the other, something under the old": {g, f.sealed["family"], false}, // or she could put it back
	} {
		if got := opens(t, row.r, "family", row.sealed); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What is done with the keys of one owner leaves those of all others, and of whoever else has them.
func TestTheKeysOfOthersStay(t *testing.T) {
	f := newFamily(t)
	bob := keyed(t, "bob", "bob")
	f.edit(t, func(e *crypto.Edit) error {
		err := errors.Join(e.AddSlot(bob), e.Grant("family", "bob"), e.Grant("family", "amy")) // who has it, has it once
		if got := e.Holders("family"); !slices.Equal(got, []string{"gary", "amy", "bob"}) {
			t.Errorf("the family's key is held by %v", got)
		}
		if got := e.Owners("amy"); !slices.Equal(got, []string{"amy", "family"}) {
			t.Errorf("amy has the keys of %v", got)
		}
		e.Revoke("family", "amy")
		if got := e.Owners("amy"); !slices.Equal(got, []string{"amy"}) {
			t.Errorf("amy still has the keys of %v", got)
		}
		return err
	})
	for who, row := range map[string]struct {
		slot      crypto.Slot
		own, ours bool
	}{"gary": {f.gary, true, true}, "amy": {f.amy, true, false}, "bob": {bob, false, true}} {
		r := ring(t, f.path, row.slot)
		own := f.sealed[who] != nil && opens(t, r, who, f.sealed[who])
		if ours := opens(t, r, "family", f.sealed["family"]); own != row.own || ours != row.ours {
			t.Errorf("%s opens their own: %v, the family's: %v", who, own, ours)
		}
	}
	unfinished := func(want ...string) {
		t.Helper()
		k, err := crypto.OpenKeys(f.path, f.gary)
		must(t, err)
		if got := k.Unfinished(); !slices.Equal(got, want) {
			t.Errorf("not all under their newest key are those of %v, not of %v", got, want)
		}
	}
	unfinished()
	f.edit(t, func(e *crypto.Edit) error {
		return errors.Join(e.NewKey("family", "gary", "bob"), e.NewKey("gary", "gary"))
	})
	unfinished("family", "gary")
	f.edit(t, func(e *crypto.Edit) error { e.Renewed("family"); return nil })
	unfinished("gary")
	if r := ring(t, f.path, f.gary); !opens(t, r, "gary", f.sealed["gary"]) || opens(t, r, "family", f.sealed["family"]) {
		t.Error("not the family's old key is gone, but another")
	}
	f.edit(t, func(e *crypto.Edit) error { e.Mix("family"); e.Mix("amy"); return nil })
	unfinished("family", "gary") // amy's is for whoever has her key
}

// TestEveryFlippedBitIsRefused changes each bit of a vault's file. Nothing opens,
// and nothing is written.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	f := newFamily(t)
	f.edit(t, func(e *crypto.Edit) error { // a slot that opens by a passphrase is under the code as well
		return e.AddSlot(crypto.Slot{Name: "bob", Lock: word("a word"), Owner: "bob"})
	})
	good, err := os.ReadFile(f.path)
	must(t, err)
	next := keyed(t, "next", "").Lock
	flip := flipper(t, f.path, good)
	for n := range good {
		for bit := range 8 {
			bad := flip(n, bit)
			if _, err := crypto.OpenKeys(f.path, f.gary); err == nil {
				t.Fatalf("it opens with bit %d of byte %d flipped: %q", bit, n, bad[max(0, n-20):min(len(bad), n+20)])
			}
			if bit == n%8 {
				if err := crypto.ChangeSlot(f.path, rand.Reader, "gary", f.gary.Lock, next); err == nil {
					t.Fatalf("its lock is changed with byte %d flipped", n)
				}
				if now, err := os.ReadFile(f.path); err != nil || !bytes.Equal(now, bad) {
					t.Fatalf("the refused file was touched, %v", err)
				}
			}
		}
	}
}

// flipper changes one bit of a file at a time, and leaves all others as they were. It writes
// that byte only: a file that is written anew is waited for until it is on the disk.
func flipper(t *testing.T, path string, good []byte) func(n, bit int) (bad []byte) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	t.Cleanup(func() { file.Close() })
	last := 0
	return func(n, bit int) []byte {
		bad := bytes.Clone(good)
		bad[n] ^= 1 << bit
		for _, at := range []int{last, n} {
			_, err := file.WriteAt(bad[at:at+1], int64(at))
			must(t, err)
		}
		last = n
		return bad
	}
}

// TestAVaultOfTheFirstVersion was written by the program of that time.
func TestAVaultOfTheFirstVersion(t *testing.T) {
	good, err := os.ReadFile(filepath.Join("testdata", "vault-1.json"))
	must(t, err)
	path := filepath.Join(t.TempDir(), "vault.json")
	must(t, os.WriteFile(path, good, 0o600))
	owner := crypto.Slot{Name: "owner", Lock: word("open sesame")}
	key, err := crypto.OpenVault(path, owner)
	must(t, err)
	if _, err := crypto.OpenVault(path, crypto.Slot{Name: "owner", Lock: word("open barley")}); fault.ReasonOf(err) != "wrong-passphrase" {
		t.Errorf("another word: %v", err)
	}
	flip := flipper(t, path, good)
	for n := 0; n < len(good); n += 11 { // a passphrase of that time costs time
		flip(n, n%8)
		if _, err := crypto.OpenVault(path, owner); err == nil {
			t.Fatalf("it opens with byte %d flipped", n)
		}
	}
	must(t, os.WriteFile(path, good, 0o600))
	old := seal(t, ring(t, path, owner), "self")
	must(t, crypto.ChangeSlot(path, rand.Reader, "owner", owner.Lock, word("a new one")))
	owner.Lock = word("a new one")
	must(t, edited(crypto.EditVault(path, rand.Reader, owner, func(e *crypto.Edit) error {
		e.Mix("self")
		return errors.Join(e.NewKey("self", "owner"), e.AddSlot(keyed(t, "amy", "amy")))
	})))
	again, err := crypto.OpenVault(path, owner)
	if err != nil || !bytes.Equal(again.Bytes(), key.Bytes()) {
		t.Fatalf("the data key is another one, %v", err)
	}
	r := ring(t, path, owner)
	if !opens(t, r, "self", old) || !opens(t, r, "self", seal(t, r, "self")) {
		t.Error("what was sealed before and after is not opened")
	}
	must(t, edited(crypto.EditVault(path, rand.Reader, owner, func(e *crypto.Edit) error { e.Renewed("self"); return nil })))
	if opens(t, ring(t, path, owner), "self", old) {
		t.Error("what others could write is still opened")
	}
}

// TestAVaultOfTheFirstVersionOfSeveral stays as it is: renewed by one of its holders, it would
// open to nobody else.
func TestAVaultOfTheFirstVersionOfSeveral(t *testing.T) {
	one, err := os.ReadFile(filepath.Join("testdata", "vault-1.json"))
	must(t, err)
	begin, end := bytes.Index(one, []byte("    {")), bytes.Index(one, []byte("\n  ]"))
	slot := one[begin:end]
	amys := bytes.Replace(slot, []byte(`"owner"`), []byte(`"amy"`), 1)
	several := slices.Concat(one[:end], []byte(",\n"), amys, one[end:])
	path := filepath.Join(t.TempDir(), "vault.json")
	must(t, os.WriteFile(path, several, 0o600))
	owner := crypto.Slot{Name: "owner", Lock: word("open sesame")}
	err = edited(crypto.EditVault(path, rand.Reader, owner, func(e *crypto.Edit) error { return e.AddSlot(keyed(t, "bob", "bob")) }))
	if fault.ReasonOf(err) != "vault-version" {
		t.Errorf("got %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, several) {
		t.Errorf("the file was changed, %v", err)
	}
	if _, err := crypto.OpenVault(path, owner); err != nil {
		t.Error(err)
	}
}
