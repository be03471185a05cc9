package crypto_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

func newEngine(fill byte) *crypto.Engine {
	return crypto.NewEngine(crypto.NewSecret(bytes.Repeat([]byte{fill}, crypto.KeySize)), nil)
}

func TestSealedBytesOpen(t *testing.T) {
	e := newEngine(1)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		ad := rapid.SliceOf(rapid.Byte()).Draw(t, "ad")
		sealed, err := e.Seal(plain, ad)
		if err != nil {
			t.Fatal(err)
		}
		if len(sealed) != len(plain)+41 {
			t.Fatalf("%d bytes became %d", len(plain), len(sealed))
		}
		opened, err := e.Open(sealed, ad)
		if err != nil || !bytes.Equal(opened, plain) {
			t.Fatalf("opened %x, %v", opened, err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	e := newEngine(1)
	ad := []byte("instances\x00id\x00class\x003")
	sealed, err := e.Seal([]byte("state"), ad)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(t *testing.T, by *crypto.Engine, sealed, ad []byte) {
		t.Helper()
		plain, err := by.Open(sealed, ad)
		if plain != nil || !errors.Is(err, fault.Internal) || fault.ReasonOf(err) != "seal-broken" {
			t.Errorf("got %q, %v", plain, err)
		}
	}
	t.Run("another key", func(t *testing.T) { refused(t, newEngine(2), sealed, ad) })
	t.Run("another version of the row", func(t *testing.T) { refused(t, e, sealed, []byte("instances\x00id\x00class\x002")) })
	t.Run("no associated data", func(t *testing.T) { refused(t, e, sealed, nil) })
	t.Run("a byte more", func(t *testing.T) { refused(t, e, append(bytes.Clone(sealed), 0), ad) })
	for n := range len(sealed) {
		t.Run(fmt.Sprintf("cut to %d", n), func(t *testing.T) { refused(t, e, sealed[:n], ad) })
	}
	for i := range len(sealed) * 8 {
		t.Run(fmt.Sprintf("bit %d", i), func(t *testing.T) {
			flipped := bytes.Clone(sealed)
			flipped[i/8] ^= 1 << (i % 8)
			refused(t, e, flipped, ad)
		})
	}
	if plain, err := e.Open(sealed, ad); err != nil || string(plain) != "state" {
		t.Errorf("control: %q, %v", plain, err)
	}
}

func TestSealingTwiceDiffers(t *testing.T) {
	e := newEngine(1)
	a, err := e.Seal([]byte("state"), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Seal([]byte("state"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a, b) {
		t.Error("the same bytes twice: the nonce was used twice")
	}
}

func TestNothingIsSealedWithoutRandomness(t *testing.T) {
	for name, random := range map[string]io.Reader{
		"it fails":    iotest.ErrReader(errors.New("no entropy")),
		"it is short": bytes.NewReader(make([]byte, 23)),
	} {
		t.Run(name, func(t *testing.T) {
			e := crypto.NewEngine(crypto.NewSecret(make([]byte, 32)), random)
			if sealed, err := e.Seal([]byte("state"), nil); sealed != nil || !errors.Is(err, fault.Internal) {
				t.Errorf("got %x, %v", sealed, err)
			}
		})
	}
}

func TestBlindAndDerive(t *testing.T) {
	e := newEngine(1)
	outputs := map[string][]byte{
		"label and value":       e.Blind("wopid", "A"),
		"another value":         e.Blind("wopid", "B"),
		"another label":         e.Blind("reserve", "A"),
		"the border moved":      e.Blind("wopidA", ""),
		"another key":           newEngine(2).Blind("wopid", "A"),
		"derived":               e.Derive("wopid").Bytes(),
		"derived, another name": e.Derive("reserve").Bytes(),
		"derived, another key":  newEngine(2).Derive("wopid").Bytes(),
		"the engine's own key":  e.Derive("swaperoo seal v1").Bytes(),
	}
	seen := map[string]string{}
	for name, out := range outputs {
		if len(out) != 32 {
			t.Errorf("%s has %d bytes", name, len(out))
		}
		if other, ok := seen[string(out)]; ok {
			t.Errorf("%s and %s are equal", name, other)
		}
		seen[string(out)] = name
	}
	again := newEngine(1)
	if !bytes.Equal(again.Blind("wopid", "A"), outputs["label and value"]) || !bytes.Equal(again.Derive("wopid").Bytes(), outputs["derived"]) {
		t.Error("after a restart another value comes out: nothing would be found again")
	}
}

// The formats are on users' disks: these bytes must come out for ever.
func TestFormatsStay(t *testing.T) {
	e := newEngine(1)
	for name, row := range map[string]struct{ got, want string }{
		"blind":  {fmt.Sprintf("%x", e.Blind("wopid", "A")), "991f141a924d060d1c9615351b0f8f58866b07028ad6e6941d14a6a1158d019f"},
		"derive": {fmt.Sprintf("%x", e.Derive("wopid").Bytes()), "d26a4d5c443bf47337ef92caeeda85a24c9e22df0e03375a3aeca281b00893f6"},
	} {
		if row.got != row.want {
			t.Errorf("%s = %s, want %s", name, row.got, row.want)
		}
	}
	sealed := mustHex(t, "01000102030405060708090a0b0c0d0e0f1011121314151617f78b0906d2d6b1489175f008bfe4d5aa826b14beea")
	if plain, err := e.Open(sealed, []byte("ad")); err != nil || string(plain) != "state" {
		t.Errorf("an old seal opens as %q, %v", plain, err)
	}
}

func TestAnEngineIsSafeForConcurrentUse(t *testing.T) {
	e := newEngine(1)
	want := e.Blind("l", "v")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			ad := []byte{byte(i)}
			for n := range 200 {
				plain := bytes.Repeat([]byte{byte(i)}, n)
				sealed, err := e.Seal(plain, ad)
				if err != nil {
					t.Error(err)
					return
				}
				opened, err := e.Open(sealed, ad)
				if err != nil || !bytes.Equal(opened, plain) || !bytes.Equal(e.Blind("l", "v"), want) || e.Derive("x").Len() != 32 {
					t.Errorf("goroutine %d: %v", i, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestADataKeyHas32Bytes(t *testing.T) {
	for _, key := range []crypto.Secret{{}, crypto.NewSecret(make([]byte, 31)), crypto.NewSecret(make([]byte, 33))} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("an engine of %d bytes is made", key.Len())
				}
			}()
			crypto.NewEngine(key, nil)
		}()
	}
}

func FuzzOpen(f *testing.F) {
	e := newEngine(1)
	good, err := e.Seal([]byte("state"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[:len(good)-1])
	f.Add([]byte{})
	f.Add(make([]byte, 41))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := e.Open(sealed, []byte("nobody sealed with this")); err == nil {
			t.Fatalf("%x opens as %x", sealed, plain)
		}
	})
}

func BenchmarkEngine(b *testing.B) {
	e := newEngine(1)
	plain, ad := make([]byte, 400), make([]byte, 80)
	sealed, err := e.Seal(plain, ad)
	if err != nil {
		b.Fatal(err)
	}
	for name, step := range map[string]func() error{
		"seal":  func() error { _, err := e.Seal(plain, ad); return err },
		"open":  func() error { _, err := e.Open(sealed, ad); return err },
		"blind": func() error { e.Blind("taler-withdrawal/wopid", "0123456789ABCDEF"); return nil },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := step(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
