package crypto_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

func word(s string) crypto.Lock { return crypto.QuickPassphrase(crypto.NewSecret([]byte(s))) }

func person(s string) crypto.Slot { return crypto.Slot{Name: "gary", Lock: word(s)} }

// newVault makes one that opens by a passphrase and by a key file.
func newVault(t *testing.T) (path string, agent crypto.Slot, key crypto.Secret) {
	t.Helper()
	dir := t.TempDir()
	path, file := filepath.Join(dir, "vault.json"), filepath.Join(dir, "key")
	if err := crypto.CreateKeyFile(file, rand.Reader); err != nil {
		t.Fatal(err)
	}
	agent = crypto.Slot{Name: "agent", Lock: crypto.KeyFile(file)}
	key, err := crypto.CreateVault(path, rand.Reader, person("correct horse"), agent)
	if err != nil {
		t.Fatal(err)
	}
	return path, agent, key
}

func TestAVaultOpensByEachOfItsSlots(t *testing.T) {
	path, agent, key := newVault(t)
	for name, slot := range map[string]crypto.Slot{"passphrase": person("correct horse"), "key file": agent} {
		t.Run(name, func(t *testing.T) {
			got, err := crypto.OpenVault(path, slot)
			if err != nil || !bytes.Equal(got.Bytes(), key.Bytes()) || got.Len() != crypto.KeySize {
				t.Errorf("%d bytes, %v", got.Len(), err)
			}
		})
	}
	names, err := crypto.VaultSlots(path)
	if err != nil || !slices.Equal(names, []string{"gary", "agent"}) {
		t.Errorf("slots %v, %v", names, err)
	}
	data, err := os.ReadFile(path)
	if err != nil || bytes.Contains(data, key.Bytes()) {
		t.Errorf("the key lies in the file: %v", err)
	}
}

func TestAVaultStaysShut(t *testing.T) {
	path, agent, _ := newVault(t)
	other := filepath.Join(t.TempDir(), "other")
	if err := crypto.CreateKeyFile(other, rand.Reader); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		path   string
		slot   crypto.Slot
		kind   fault.Kind
		reason fault.Reason
	}{
		"wrong passphrase":            {path, person("correct house"), fault.Denied, "wrong-passphrase"},
		"no passphrase":               {path, person(""), fault.Denied, "wrong-passphrase"},
		"another key file":            {path, crypto.Slot{Name: "agent", Lock: crypto.KeyFile(other)}, fault.Denied, "wrong-key-file"},
		"no key file":                 {path, crypto.Slot{Name: "agent", Lock: crypto.KeyFile(other + "x")}, fault.NotFound, "key-file-missing"},
		"a directory as key file":     {path, crypto.Slot{Name: "agent", Lock: crypto.KeyFile(filepath.Dir(path))}, fault.Invalid, "key-file-malformed"},
		"somebody else's slot":        {path, crypto.Slot{Name: "agent", Lock: word("correct horse")}, fault.NotFound, "vault-slot-missing"},
		"key file in person's slot":   {path, crypto.Slot{Name: "gary", Lock: agent.Lock}, fault.NotFound, "vault-slot-missing"},
		"a slot that is not there":    {path, crypto.Slot{Name: "eve", Lock: word("correct horse")}, fault.NotFound, "vault-slot-missing"},
		"a vault that is not there":   {path + "x", person("correct horse"), fault.NotFound, "vault-missing"},
		"the key file instead of one": {other, person("correct horse"), fault.Invalid, "vault-malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := crypto.OpenVault(row.path, row.slot)
			if key.Len() != 0 || !errors.Is(err, row.kind) || fault.ReasonOf(err) != row.reason {
				t.Errorf("%d bytes, %v (%s)", key.Len(), err, fault.ReasonOf(err))
			}
			if row.reason == "vault-malformed" && !strings.Contains(err.Error(), row.path) {
				t.Errorf("which file is no vault, nobody says: %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "correct") {
				t.Errorf("the error tells the passphrase: %v", err)
			}
		})
	}
}

func TestAKeyFileThatOthersCanReadIsRefused(t *testing.T) {
	path, agent, _ := newVault(t)
	file := filepath.Join(filepath.Dir(path), "key")
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o620, 0o601} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = crypto.OpenVault(path, agent)
		if info.Mode().Perm() == mode && fault.ReasonOf(err) != "key-file-open" {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := crypto.OpenVault(path, agent); err != nil {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestAKeyFileOfAnotherSizeIsRefused(t *testing.T) {
	path, _, _ := newVault(t)
	for _, size := range []int{0, 31, 33} {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := crypto.OpenVault(path, crypto.Slot{Name: "agent", Lock: crypto.KeyFile(file)})
		if fault.ReasonOf(err) != "key-file-malformed" {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	path, _, _ := newVault(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := crypto.CreateVault(path, rand.Reader, person("another")); !errors.Is(err, fault.Conflict) {
		t.Errorf("vault: %v", err)
	}
	if err := crypto.CreateKeyFile(path, rand.Reader); !errors.Is(err, fault.Conflict) {
		t.Errorf("key file: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the vault was changed: %v", err)
	}
	onlyFiles(t, filepath.Dir(path), "key", "vault.json")
}

// onlyFiles fails when a temporary file stayed behind.
func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if info, err := e.Info(); err == nil && info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%s has mode %o", e.Name(), info.Mode().Perm())
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
}

func TestAVaultNeedsASlotThatCanOpenIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.json")
	for name, slots := range map[string][]crypto.Slot{
		"none":              nil,
		"empty passphrase":  {person("")},
		"two of one name":   {person("a"), person("b")},
		"missing key file":  {{Name: "agent", Lock: crypto.KeyFile(path + "x")}},
		"second is missing": {person("a"), {Name: "agent", Lock: crypto.KeyFile(path + "x")}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := crypto.CreateVault(path, rand.Reader, slots...); err == nil {
				t.Error("a vault is made")
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a file was written: %v", err)
			}
		})
	}
	if _, err := crypto.CreateVault(filepath.Join(path, "no", "directory"), rand.Reader, person("a")); !errors.Is(err, fault.Internal) {
		t.Errorf("without a directory: %v", err)
	}
}

func TestChangeSlot(t *testing.T) {
	path, agent, key := newVault(t)
	if err := crypto.ChangeSlot(path, rand.Reader, "gary", word("wrong"), word("new")); fault.ReasonOf(err) != "wrong-passphrase" {
		t.Fatalf("with a wrong passphrase: %v", err)
	}
	if err := crypto.ChangeSlot(path, rand.Reader, "gary", word("correct horse"), word("")); !errors.Is(err, fault.Invalid) {
		t.Fatalf("to an empty passphrase: %v", err)
	}
	if _, err := crypto.OpenVault(path, person("correct horse")); err != nil {
		t.Fatalf("a refused change changed something: %v", err)
	}
	if err := crypto.ChangeSlot(path, rand.Reader, "gary", word("correct horse"), word("new")); err != nil {
		t.Fatal(err)
	}
	if _, err := crypto.OpenVault(path, person("correct horse")); !errors.Is(err, fault.Denied) {
		t.Errorf("the old passphrase opens: %v", err)
	}
	for _, slot := range []crypto.Slot{person("new"), agent} {
		if got, err := crypto.OpenVault(path, slot); err != nil || !bytes.Equal(got.Bytes(), key.Bytes()) {
			t.Errorf("slot %s: %v", slot.Name, err)
		}
	}
	onlyFiles(t, filepath.Dir(path), "key", "vault.json")
}

func TestWhatALockCostsIsInItsSlot(t *testing.T) {
	secret := crypto.NewSecret([]byte("correct horse"))
	for name, row := range map[string]struct {
		lock   crypto.Lock
		memory string
		opens  fault.Reason // what a person's lock says to the slot
	}{
		"a person's": {crypto.Passphrase(secret), `"memory_kib": 65536`, ""},
		"for a test": {crypto.QuickPassphrase(secret), `"memory_kib": 64,`, "vault-parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "vault.json")
			if _, err := crypto.CreateVault(path, rand.Reader, crypto.Slot{Name: "gary", Lock: row.lock}); err != nil {
				t.Fatal(err)
			}
			if text, err := os.ReadFile(path); err != nil || !bytes.Contains(text, []byte(row.memory)) {
				t.Errorf("%s, %v", text, err)
			}
			if _, err := crypto.OpenVault(path, crypto.Slot{Name: "gary", Lock: crypto.QuickPassphrase(secret)}); err != nil {
				t.Errorf("a test's lock: %v", err)
			}
			if _, err := crypto.OpenVault(path, crypto.Slot{Name: "gary", Lock: crypto.Passphrase(secret)}); fault.ReasonOf(err) != row.opens {
				t.Errorf("a person's lock: %v", err)
			}
		})
	}
}

func BenchmarkOpenVaultByPassphrase(b *testing.B) {
	path := filepath.Join(b.TempDir(), "vault.json")
	if _, err := crypto.CreateVault(path, rand.Reader, person("correct horse")); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := crypto.OpenVault(path, person("correct horse")); err != nil {
			b.Fatal(err)
		}
	}
}
