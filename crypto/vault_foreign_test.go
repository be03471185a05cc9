package crypto_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

func TestAVaultFromElsewhereIsMistrusted(t *testing.T) {
	path, agent, _ := newVault(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// As the program writes it, so that it is what it says that is mistrusted.
	type derivation struct {
		Time    any `json:"time"`
		Memory  any `json:"memory_kib"`
		Threads any `json:"threads"`
		Salt    any `json:"salt"`
	}
	type slot struct {
		Name    string      `json:"name"`
		Kind    string      `json:"kind"`
		Derive  *derivation `json:"derive,omitempty"`
		Wrapped []byte      `json:"wrapped"`
		Public  []byte      `json:"public,omitempty"`
	}
	change := func(n int, f func(*slot)) []byte {
		var v struct {
			Version int    `json:"version"`
			Slots   []slot `json:"slots"`
			Code    []byte `json:"code,omitempty"`
		}
		if err := json.Unmarshal(good, &v); err != nil {
			t.Fatal(err)
		}
		f(&v.Slots[n])
		out, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return append(out, '\n')
	}
	if same := change(0, func(*slot) {}); !bytes.Equal(same, good) {
		t.Fatalf("the test writes vaults in another way: %s", same)
	}
	derive := func(f func(*derivation)) []byte { return change(0, func(s *slot) { f(s.Derive) }) }
	swapped := change(0, func(s *slot) { s.Name = "mallory" })
	for name, row := range map[string]struct {
		data   []byte
		slot   crypto.Slot
		reason fault.Reason
	}{
		"no rounds":           {derive(func(d *derivation) { d.Time = 0 }), person("correct horse"), "vault-parameters"},
		"too many rounds":     {derive(func(d *derivation) { d.Time = 17 }), person("correct horse"), "vault-parameters"},
		"little memory":       {derive(func(d *derivation) { d.Memory = 1024 }), crypto.Slot{Name: "gary", Lock: crypto.Passphrase(crypto.NewSecret([]byte("correct horse")))}, "vault-parameters"},
		"all the memory":      {derive(func(d *derivation) { d.Memory = 4 << 20 }), person("correct horse"), "vault-parameters"},
		"no thread":           {derive(func(d *derivation) { d.Threads = 0 }), person("correct horse"), "vault-parameters"},
		"many threads":        {derive(func(d *derivation) { d.Threads = 255 }), person("correct horse"), "vault-parameters"},
		"no salt":             {derive(func(d *derivation) { d.Salt = "" }), person("correct horse"), "vault-parameters"},
		"salt for a hundred":  {derive(func(d *derivation) { d.Salt = strings.Repeat("AAAA", 400) }), person("correct horse"), "vault-parameters"},
		"text for a number":   {derive(func(d *derivation) { d.Time = "1" }), person("correct horse"), "vault-malformed"},
		"another salt":        {derive(func(d *derivation) { d.Salt = "AAAAAAAAAAAAAAAAAAAAAA==" }), person("correct horse"), "wrong-passphrase"},
		"no parameters":       {change(0, func(s *slot) { s.Derive = nil }), person("correct horse"), "vault-malformed"},
		"nothing wrapped":     {change(1, func(s *slot) { s.Wrapped = []byte{} }), agent, "wrong-key-file"},
		"under another name":  {swapped, crypto.Slot{Name: "mallory", Lock: word("correct horse")}, "wrong-passphrase"},
		"another version":     {bytes.Replace(good, []byte(`"version": 2`), []byte(`"version": 3`), 1), agent, "vault-version"},
		"an older version":    {bytes.Replace(good, []byte(`"version": 2`), []byte(`"version": 1`), 1), agent, "wrong-key-file"},
		"a slot of another":   {change(0, func(s *slot) { s.Public = make([]byte, 32) }), agent, "vault-altered"},
		"cut":                 {good[:len(good)/2], agent, "vault-malformed"},
		"empty":               {nil, agent, "vault-malformed"},
		"larger than a vault": {append(bytes.Repeat([]byte(" "), 1<<20), good...), agent, "vault-malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "vault.json")
			if err := os.WriteFile(path, row.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if key, err := crypto.OpenVault(path, row.slot); key.Len() != 0 || fault.ReasonOf(err) != row.reason {
				t.Errorf("%d bytes, %v (%s)", key.Len(), err, fault.ReasonOf(err))
			}
		})
	}
}

func FuzzVault(f *testing.F) {
	f.Add([]byte(`{"version":1,"slots":[{"name":"a","kind":"key-file","wrapped":"AAAA"}]}`))
	f.Add([]byte("{\n  \"version\": 2,\n  \"slots\": [\n    {\n      \"name\": \"a\",\n      \"kind\": \"key-file\",\n      \"wrapped\": \"AAAA\"\n    }\n  ]\n}\n"))
	f.Add([]byte(`{"version":1,"slots":[{}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`null`))
	dir := f.TempDir()
	file := filepath.Join(dir, "key")
	if err := crypto.CreateKeyFile(file, rand.Reader); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "vault.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := crypto.OpenVault(path, crypto.Slot{Name: "a", Lock: crypto.KeyFile(file)}); err == nil {
			t.Fatalf("%q opens", data)
		}
	})
}
