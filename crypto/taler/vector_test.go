package taler_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// vector is one published or recorded computation; testdata/vectors.json says
// of each where it comes from and how strong it is.
type vector struct {
	Name, Op, Kind, Source string
	Inputs, Outputs        fields
}

type fields map[string]json.RawMessage

func (f fields) get(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(f[name], into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func (f fields) text(t *testing.T, name string) (s string) {
	t.Helper()
	f.get(t, name, &s)
	return s
}

func (f fields) number(t *testing.T, name string) (n uint64) {
	t.Helper()
	f.get(t, name, &n)
	return n
}

func (f fields) b32(t *testing.T, name string) []byte {
	t.Helper()
	return b32(t, f.text(t, name))
}

func (f fields) hex(t *testing.T, name string) []byte {
	t.Helper()
	s := f.text(t, name)
	if len(s)%2 == 1 {
		s = "0" + s
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (f fields) amount(t *testing.T, name string) (a instrument.Amount) {
	t.Helper()
	f.get(t, name, &a)
	return a
}

func (f fields) at(t *testing.T, name string) taler.Timestamp {
	t.Helper()
	return taler.Timestamp(f.number(t, name))
}

func (f fields) pub(t *testing.T, name string) (p taler.EddsaPublicKey) {
	t.Helper()
	f.get(t, name, &p)
	return p
}

func (f fields) hash(t *testing.T, name string) (h taler.HashCode) {
	t.Helper()
	f.get(t, name, &h)
	return h
}

func b32(t *testing.T, text string) []byte {
	t.Helper()
	b, err := taler.Decode(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return b
}

func private(t *testing.T, text string) taler.EddsaPrivateKey {
	t.Helper()
	k, err := taler.NewEddsaPrivateKey(b32(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func load(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s = %x, want %x", what, got, want)
	}
}
