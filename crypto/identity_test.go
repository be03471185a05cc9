package crypto_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

func newIdentity(fill byte) *crypto.Identity {
	return crypto.NewIdentity(crypto.NewSecret(bytes.Repeat([]byte{fill}, 32)))
}

func TestAnIdentitySigns(t *testing.T) {
	i, message := newIdentity(1), []byte("offer")
	sig := i.Sign(message)
	if !crypto.Verify(i.Public(), message, sig) {
		t.Error("a signature does not verify")
	}
	for name, ok := range map[string]bool{
		"another message": crypto.Verify(i.Public(), []byte("offers"), sig),
		"another key":     crypto.Verify(newIdentity(2).Public(), message, sig),
		"half a key":      crypto.Verify(i.Public()[:16], message, sig),
		"no key":          crypto.Verify(nil, message, sig),
		"half a sign":     crypto.Verify(i.Public(), message, sig[:32]),
	} {
		if ok {
			t.Errorf("%s verifies", name)
		}
	}
}

func TestIdentitiesOfOneWalletAreNotLinked(t *testing.T) {
	e := newEngine(1)
	a, b := crypto.DeriveIdentity(e, "vendor A"), crypto.DeriveIdentity(e, "vendor B")
	if a.Public().Equal(b.Public()) {
		t.Error("two vendors see the same key")
	}
	if !a.Public().Equal(crypto.DeriveIdentity(newEngine(1), "vendor A").Public()) {
		t.Error("after a restart the vendor sees another key")
	}
}

func TestKeyText(t *testing.T) {
	key := newIdentity(1).Public()
	text := crypto.KeyText(key)
	if len(text) != 52 {
		t.Fatalf("%s has %d characters", text, len(text))
	}
	for name, spelling := range map[string]string{
		"itself":        text,
		"small letters": strings.ToLower(text),
		"in groups":     text[:4] + "-" + text[4:8] + " " + text[8:],
		"look-alikes":   strings.NewReplacer("0", "o", "1", "l", "V", "u").Replace(text),
	} {
		got, err := crypto.ParseKey(spelling)
		if err != nil || !got.Equal(key) {
			t.Errorf("%s (%s): %x, %v", name, spelling, got, err)
		}
	}
	for name, wrong := range map[string]string{
		"nothing": "", "cut": text[:51], "longer": text + "0", "a star": text[:51] + "*", "fill bits": text[:51] + "1",
		"a line end": text[:20] + "\n" + text[20:], "padding": text + "====",
	} {
		if got, err := crypto.ParseKey(wrong); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
	if got := crypto.Fingerprint(key); len(got) != 19 || strings.ReplaceAll(got, "-", "") != text[:16] {
		t.Errorf("fingerprint %s of %s", got, text)
	}
	if got := newIdentity(1).String(); got != text {
		t.Errorf("an identity prints as %s", got)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(newIdentity(1).KeyText())
	f.Add("oil-u")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := crypto.ParseKey(text)
		if err != nil {
			return
		}
		again, err := crypto.ParseKey(crypto.KeyText(key))
		if len(key) != ed25519.PublicKeySize || err != nil || !again.Equal(key) {
			t.Fatalf("%q is %x, then %x, %v", text, key, again, err)
		}
	})
}
