package taler

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
)

// recorded reads a file of testdata into v.
func recorded(t testing.TB, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// sameJSON compares documents member by member; numbers as they are written.
func sameJSON(t *testing.T, got, want []byte) {
	t.Helper()
	if diff := cmp.Diff(generic(t, want), generic(t, got)); diff != "" {
		t.Errorf("another document (-recorded +ours):\n%s", diff)
	}
}

func generic(t *testing.T, text []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// roundTrip reads a recorded document and writes it again.
func roundTrip[T any](t *testing.T, text []byte) T {
	t.Helper()
	var v T
	if err := Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, again, text)
	return v
}

var mustAmount = instrumenttest.Amount

func mustKey(t testing.TB, text string) (k EddsaPublicKey) {
	t.Helper()
	if err := k.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return k
}

const (
	someKey   = "AS745ETSJ7MJD3Y4AS75KG61M44CPW5FC07KVJVMDHFZSZXPBA9G"
	someID    = "A3EK9R4M5SSGWPDY88RHNSJVJWJPQCVDRT7GCFX809NSWWR1GYSG"
	somePayto = Payto("payto://x-taler-bank/localhost/exchange?receiver-name=exchange")
)

func someWOPID(t testing.TB) WOPID {
	t.Helper()
	id, err := ParseWOPID(someID)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
