package taler_test

import (
	"bytes"
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/taler"
)

func TestDecodeIsTolerantOfSpelling(t *testing.T) {
	for name, row := range map[string]struct{ text, same string }{
		"lower case":        {"91jprv3f", "91JPRV3F"},
		"letter O":          {"O0", "00"},
		"letters I and L":   {"ILil1111", "11111111"},
		"letter U":          {"UUuu", "VVVV"},
		"fill bits ignored": {"ZZ", "ZW"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := taler.Decode(row.text)
			if err != nil {
				t.Fatal(err)
			}
			want, err := taler.Decode(row.same)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is %x, %s is %x", row.text, got, row.same, want)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"one character":     "0",
		"three characters":  "000",
		"six characters":    "000000",
		"padding":           "00======",
		"blank":             "00 0",
		"star":              "0*",
		"beyond ASCII":      "0é0",
		"check symbol":      "000$",
		"zero byte":         "0\x00",
		"newline at an end": "0000\n",
	} {
		t.Run(name, func(t *testing.T) {
			if out, err := taler.Decode(text); !errors.Is(err, fault.Invalid) {
				t.Errorf("got %x, %v", out, err)
			}
		})
	}
}

func TestDecodeFixedInsistsOnSize(t *testing.T) {
	text := taler.Encode(make([]byte, 32))
	if len(text) != 52 {
		t.Fatalf("32 bytes make %d characters", len(text))
	}
	if _, err := taler.DecodeFixed(text, 32); err != nil {
		t.Error(err)
	}
	for _, size := range []int{0, 31, 33, 64} {
		if _, err := taler.DecodeFixed(text, size); !errors.Is(err, fault.Invalid) {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

// TestWhatIsNoKeyIsNoZeroKey: nobody goes on with a key of nothing.
func TestWhatIsNoKeyIsNoZeroKey(t *testing.T) {
	for _, text := range []string{"", "x", taler.Encode(make([]byte, 31)), taler.Encode(make([]byte, 33))} {
		if k, err := taler.ParseEddsaPublicKey(text); err == nil {
			t.Errorf("the key %q is %s", text, k)
		}
		if s, err := taler.ParseEddsaSignature(text); err == nil {
			t.Errorf("the signature %q is %s", text, s)
		}
	}
}

func TestErrorsDoNotRepeatTheText(t *testing.T) {
	secret := strings.Repeat("S3CRET", 8) + "!!!!"
	if _, err := taler.Decode(secret); err == nil || strings.Contains(err.Error(), "S3CRET") {
		t.Errorf("error is %v", err)
	}
}

// The definition by arithmetic: the bytes are one big number, shifted left until
// its bits are a multiple of five, written with 32 digits.
func byNumber(data []byte) string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	length := (8*len(data) + 4) / 5
	n := new(big.Int).SetBytes(data)
	n.Lsh(n, uint(5*length-8*len(data)))
	out := make([]byte, length)
	digit, base := new(big.Int), big.NewInt(32)
	for i := length - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		out[i] = digits[digit.Int64()]
	}
	return string(out)
}

func TestEncodeIsWhatArithmeticSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		text := taler.Encode(data)
		if want := byNumber(data); text != want {
			t.Fatalf("%x is %s, not %s", data, text, want)
		}
		back, err := taler.Decode(text)
		if err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%s reads back as %x, %v", text, back, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "00", "ZZ", "zzo", "91JPRV3F", "040000", "\xff\xff", strings.Repeat("0", 103)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, err := taler.Decode(text)
		if err != nil {
			return
		}
		canonical := taler.Encode(data)
		if len(canonical) != len(text) {
			t.Fatalf("%q has another length than its canonical form %q", text, canonical)
		}
		again, err := taler.Decode(canonical)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%q: %x and %x, %v", text, data, again, err)
		}
		fixed, err := taler.DecodeFixed(text, len(data))
		if err != nil || !bytes.Equal(fixed, data) {
			t.Fatalf("fixed: %x, %v", fixed, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	text := taler.Encode(make([]byte, 64))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := taler.Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}
