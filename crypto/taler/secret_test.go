package taler_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/taler"
)

// holder is a struct of somebody who prints it without thinking.
type holder struct {
	Name   string
	Key    taler.EddsaPrivateKey
	coin   taler.CoinSecrets
	seed   taler.Seed
	signer *taler.RSAPrivateKey
}

func newHolder(t *testing.T) (holder, []string) {
	t.Helper()
	raw := []byte("this is the secret of 32 bytes!!")
	key, err := taler.NewEddsaPrivateKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := taler.NewSeed(raw)
	if err != nil {
		t.Fatal(err)
	}
	_, signer := newKey(t, 1024)
	coin := taler.CoinSecrets{Priv: key, Blinding: blindingSecret(t, raw)}
	// fmt writes byte slices in decimal, hexadecimal or as text.
	signs := []string{"the secret of", fmt.Sprintf("%d", raw)[1:20], hex.EncodeToString(raw)[:20], taler.Encode(raw)[:20], "0x74, 0x68"}
	return holder{"h", key, coin, seed, signer}, signs
}

func TestSecretsDoNotPrint(t *testing.T) {
	h, signs := newHolder(t)
	texts := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		texts["holder "+verb] = fmt.Sprintf(verb, h)
		texts["pointer "+verb] = fmt.Sprintf(verb, &h)
		texts["key "+verb] = fmt.Sprintf(verb, h.Key)
		texts["coin "+verb] = fmt.Sprintf(verb, h.coin)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", h.Key, "holder", h, "seed", h.seed)
	texts["log"] = log.String()
	for name, text := range texts {
		for _, sign := range signs {
			if strings.Contains(text, sign) {
				t.Errorf("%s shows %q: %s", name, sign, text)
			}
		}
	}
	if got := fmt.Sprint(h.Key); got != "[secret]" {
		t.Errorf("a key prints as %s", got)
	}
}

func TestSecretsAreNotMarshalled(t *testing.T) {
	h, _ := newHolder(t)
	for name, v := range map[string]any{"key": h.Key, "holder": h, "pointer": &h, "map key": map[taler.Seed]int{h.seed: 1}} {
		if text, err := json.Marshal(v); err == nil {
			t.Errorf("%s is written as %s", name, text)
		}
	}
	if err := gob.NewEncoder(&bytes.Buffer{}).Encode(h.seed); err == nil {
		t.Error("gob writes a seed")
	}
}

func TestWipeReachesEveryCopy(t *testing.T) {
	h, _ := newHolder(t)
	copied := h.Key
	kept := h.Key.Bytes()
	h.Key.Wipe()
	if copied.IsSet() || h.Key.IsSet() {
		t.Error("the key is still set")
	}
	if kept[0] != 't' {
		t.Error("Bytes gave the key's own memory away")
	}
	defer func() {
		if recover() == nil {
			t.Error("a wiped key signs")
		}
	}()
	copied.Sign([]byte("message"))
}

func TestSecretsHaveTheirSize(t *testing.T) {
	for _, size := range []int{0, 31, 33, 64} {
		if _, err := taler.NewEddsaPrivateKey(make([]byte, size)); !errors.Is(err, fault.Invalid) {
			t.Errorf("key of %d bytes: %v", size, err)
		}
		if _, err := taler.NewSeed(make([]byte, size)); !errors.Is(err, fault.Invalid) {
			t.Errorf("seed of %d bytes: %v", size, err)
		}
		if _, err := taler.NewBlindingSecret(make([]byte, size)); !errors.Is(err, fault.Invalid) {
			t.Errorf("blinding secret of %d bytes: %v", size, err)
		}
	}
}

func TestTextForms(t *testing.T) {
	type all struct {
		P taler.EddsaPublicKey
		S taler.EddsaSignature
		H taler.HashCode
		W taler.ShortHash
	}
	in := all{taler.EddsaPublicKey{1}, taler.EddsaSignature{2}, taler.HashCode{3}, taler.ShortHash{4}}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out all
	if err := json.Unmarshal(bytes.ToLower(text), &out); err != nil || out != in {
		t.Errorf("%s reads as %+v, %v", text, out, err)
	}
	key := in.P
	if err := key.UnmarshalText([]byte("short")); !errors.Is(err, fault.Invalid) || key != in.P {
		t.Errorf("a short key: %v, %v", key, err)
	}
	bad := []byte(strings.Repeat("0", 51) + "*")
	if err := key.UnmarshalText(bad); !errors.Is(err, fault.Invalid) || key != in.P {
		t.Errorf("a key with a star: %v, %v", key, err)
	}
	var hash taler.HashCode
	if err := hash.UnmarshalText([]byte(in.P.String())); !errors.Is(err, fault.Invalid) {
		t.Errorf("a key is read as a hash: %v", err)
	}
	var h taler.ShortHash
	if err := h.UnmarshalText([]byte(in.P.String())); err != nil || h[0] != 1 {
		t.Errorf("a short hash: %v, %v", h, err)
	}
}

func TestKDFLimits(t *testing.T) {
	long := taler.KDF(nil, []byte("ikm"), nil, 8160)
	if !bytes.Equal(long[:7], taler.KDF(make([]byte, 64), []byte("ikm"), []byte{}, 7)) {
		t.Error("no salt is not a salt of zeros, or a short output is no beginning of a long one")
	}
	if len(taler.KDF(nil, nil, nil, 0)) != 0 {
		t.Error("nothing was asked for")
	}
	defer func() {
		if recover() == nil {
			t.Error("8161 bytes are given")
		}
	}()
	taler.KDF(nil, nil, nil, 8161)
}
