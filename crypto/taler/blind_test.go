package taler_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/taler"
)

// newKey makes a key of crypto/rsa and prepares it.
func newKey(t testing.TB, bits int) (*rsa.PrivateKey, *taler.RSAPrivateKey) {
	t.Helper()
	std, err := rsa.GenerateKey(nil, bits)
	if err != nil {
		t.Fatal(err)
	}
	key, err := taler.NewRSAPrivateKey(std)
	if err != nil {
		t.Fatal(err)
	}
	return std, key
}

func TestBlindSignUnblindVerify(t *testing.T) {
	// 1023+1024 bits make a modulus whose highest byte is not full.
	for name, bits := range map[string]int{"1024 bits": 1024, "1031 bits": 1031, "2048 bits": 2048} {
		t.Run(name, func(t *testing.T) {
			std, key := newKey(t, bits)
			rapid.Check(t, func(t *rapid.T) {
				random := rapid.SliceOfN(rapid.Byte(), 32, 32)
				secret, err := taler.NewBlindingSecret(random.Draw(t, "secret"))
				if err != nil {
					t.Fatal(err)
				}
				m := rapid.SliceOf(rapid.Byte()).Draw(t, "message")
				wholeWay(t, std, key, secret, m)
			})
		})
	}
}

type failer interface{ Fatalf(string, ...any) }

// wholeWay blinds, signs, unblinds and verifies, and compares each result with
// the same formula in math/big. It returns the lengths on the wire.
func wholeWay(t failer, std *rsa.PrivateKey, key *taler.RSAPrivateKey, secret taler.BlindingSecret, m []byte) (blinded, signed, sig int) {
	pub, e := key.Public(), big.NewInt(int64(std.E))
	r := new(big.Int).SetBytes(taler.BlindingFactor(pub, secret))
	hash := new(big.Int).SetBytes(taler.FDH(pub, m))

	b, err := taler.Blind(pub, secret, m)
	if err != nil {
		t.Fatalf("blind: %v", err)
	}
	want := new(big.Int).Exp(r, e, std.N)
	same(t, "blinded", b, want.Mul(want, hash).Mod(want, std.N))

	s, err := key.SignBlinded(b)
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	same(t, "blind signature", s, new(big.Int).Exp(want, std.D, std.N))

	u, err := taler.Unblind(pub, secret, s)
	if err != nil {
		t.Fatalf("unblind: %v", err)
	}
	same(t, "signature", u, new(big.Int).Exp(hash, std.D, std.N))
	if !pub.Verify(m, u) {
		t.Fatalf("the signature does not verify")
	}
	if pub.Verify(append([]byte{0}, m...), u) {
		t.Fatalf("the signature verifies for another message")
	}
	return len(b), len(s), len(u)
}

// same compares with the shortest big-endian form, so padding is a failure.
func same(t failer, what string, got []byte, want *big.Int) {
	if !bytes.Equal(got, want.Bytes()) {
		t.Fatalf("%s = %x, want %x", what, got, want)
	}
}

// One number in 256 is a byte shorter than the modulus. The loop goes on until
// each of the three kinds has been short once.
func TestShortNumbersAreSentShort(t *testing.T) {
	std, key := newKey(t, 1024)
	shortBlinded, shortSigned, shortSig := 0, 0, 0
	for i := uint64(0); shortBlinded == 0 || shortSigned == 0 || shortSig == 0; i++ {
		secret, err := taler.NewBlindingSecret(binary.BigEndian.AppendUint64(make([]byte, 24), i))
		if err != nil {
			t.Fatal(err)
		}
		b, s, u := wholeWay(t, std, key, secret, binary.BigEndian.AppendUint64(nil, i))
		shortBlinded += 128 - b
		shortSigned += 128 - s
		shortSig += 128 - u
	}
}

func TestSignBlindedRefuses(t *testing.T) {
	std, key := newKey(t, 1024)
	one := make([]byte, 128)
	one[127] = 1
	for name, b := range map[string][]byte{
		"nothing":       nil,
		"zero":          {0},
		"leading zeros": one,
		"the modulus":   std.N.Bytes(),
		"above":         new(big.Int).Add(std.N, big.NewInt(1)).Bytes(),
		"far above":     bytes.Repeat([]byte{0xff}, 200),
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := key.SignBlinded(b); !errors.Is(err, fault.Invalid) {
				t.Errorf("got %x, %v", s, err)
			}
		})
	}
}

func TestUnblindAndVerifyRefuseWhatIsNotBelowTheModulus(t *testing.T) {
	std, key := newKey(t, 1024)
	secret := blindingSecret(t, make([]byte, 32))
	m := []byte("coin")
	b, err := taler.Blind(key.Public(), secret, m)
	if err != nil {
		t.Fatal(err)
	}
	s, err := key.SignBlinded(b)
	if err != nil {
		t.Fatal(err)
	}
	u, err := taler.Unblind(key.Public(), secret, s)
	if err != nil {
		t.Fatal(err)
	}
	above := func(x []byte) []byte { return new(big.Int).Add(new(big.Int).SetBytes(x), std.N).Bytes() }
	if _, err := taler.Unblind(key.Public(), secret, above(s)); !errors.Is(err, fault.Invalid) {
		t.Errorf("unblind: %v", err)
	}
	if key.Public().Verify(m, above(u)) {
		t.Error("a signature plus the modulus verifies: one coin would have two signatures")
	}
	if !key.Public().Verify(m, u) {
		t.Error("the control fails: the signature itself does not verify")
	}
}

// TestASignatureWithZerosInFront is the same number: other software pads what it sends.
func TestASignatureWithZerosInFront(t *testing.T) {
	_, key := newKey(t, 1024)
	secret := blindingSecret(t, make([]byte, 32))
	b, err := taler.Blind(key.Public(), secret, []byte("coin"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := key.SignBlinded(b)
	if err != nil {
		t.Fatal(err)
	}
	want, err := taler.Unblind(key.Public(), secret, s)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := taler.Unblind(key.Public(), secret, append(make([]byte, 9), s...)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v", got, err)
	}
}

// A modulus with a small divisor has it in common with many a hash, and an exchange
// that knows it recognises its coins: the key is refused before anybody plans with it.
func TestAMaliciousKeyIsNeverUsed(t *testing.T) {
	small := big.NewInt(1)
	for p := int64(3); small.BitLen() < 1100; p += 2 {
		if big.NewInt(p).ProbablyPrime(0) {
			small.Mul(small, big.NewInt(p))
		}
	}
	prime, err := rand.Prime(rand.Reader, 2047)
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]*big.Int{
		"small primes":     small,
		"three of them":    new(big.Int).Mul(big.NewInt(3), prime),
		"the largest seen": new(big.Int).Mul(big.NewInt(4093), prime),
	} {
		if _, err := taler.NewRSAPublicKey(&rsa.PublicKey{N: n, E: 65537}); fault.ReasonOf(err) != taler.ReasonMaliciousKey {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A divisor that is too large to be looked for shows in every factor of which it is
// a part.
func TestADivisorThatIsFoundLate(t *testing.T) {
	const p = 4099 // the first prime that is not tried
	cofactor, err := rand.Prime(rand.Reader, 1100)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := taler.NewRSAPublicKey(&rsa.PublicKey{N: cofactor.Mul(cofactor, big.NewInt(p)), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	secret := blindingSecret(t, make([]byte, 32))
	for n := range 40 * p {
		_, err = taler.Blind(pub, secret, fmt.Append(nil, n))
		if err != nil {
			break
		}
	}
	if fault.ReasonOf(err) != taler.ReasonMaliciousKey {
		t.Errorf("blind: %v", err)
	}
}

func TestParseRSAPublicKeyRefuses(t *testing.T) {
	good := newModulus(t)
	encode := func(n, e []byte) []byte {
		out := binary.BigEndian.AppendUint16(nil, uint16(len(n)))
		out = binary.BigEndian.AppendUint16(out, uint16(len(e)))
		return append(append(out, n...), e...)
	}
	e := []byte{1, 0, 1}
	if _, err := taler.ParseRSAPublicKey(encode(good, e)); err != nil {
		t.Fatalf("control: %v", err)
	}
	even := bytes.Clone(good)
	even[len(even)-1] &^= 1
	for name, row := range map[string]struct {
		data   []byte
		reason fault.Reason
	}{
		"nothing":         {nil, "key-malformed"},
		"three bytes":     {[]byte{0, 1, 0}, "key-malformed"},
		"cut":             {encode(good, e)[:100], "key-malformed"},
		"a byte more":     {append(encode(good, e), 0), "key-malformed"},
		"no modulus":      {encode(nil, e), "key-malformed"},
		"no exponent":     {encode(good, nil), "key-malformed"},
		"zero before N":   {encode(append([]byte{0}, good...), e), "key-malformed"},
		"zero before e":   {encode(good, []byte{0, 3}), "key-malformed"},
		"1023 bits":       {encode(append([]byte{0x7f}, good[1:]...), e), taler.ReasonMaliciousKey},
		"too many bits":   {encode(bytes.Repeat([]byte{0xff}, 1025), e), taler.ReasonMaliciousKey},
		"even modulus":    {encode(even, e), taler.ReasonMaliciousKey},
		"exponent one":    {encode(good, []byte{1}), taler.ReasonMaliciousKey},
		"exponent two":    {encode(good, []byte{2}), taler.ReasonMaliciousKey},
		"even exponent":   {encode(good, []byte{1, 0}), taler.ReasonMaliciousKey},
		"a huge exponent": {encode(good, bytes.Repeat([]byte{0xff}, 9)), taler.ReasonMaliciousKey},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := taler.ParseRSAPublicKey(row.data)
			if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != row.reason {
				t.Errorf("got %v (%s), want reason %s", err, fault.ReasonOf(err), row.reason)
			}
		})
	}
}

func newModulus(t testing.TB) []byte {
	std, _ := newKey(t, 1024)
	return std.N.Bytes()
}

func TestARSAPrivateKeyOfOtherPrimesIsRefused(t *testing.T) {
	a, _ := newKey(t, 1024)
	b, _ := newKey(t, 1024)
	mixed := &rsa.PrivateKey{PublicKey: a.PublicKey, D: a.D, Primes: []*big.Int{a.Primes[0], b.Primes[1]}}
	if _, err := taler.NewRSAPrivateKey(mixed); !errors.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

func TestKeysAreSafeForConcurrentUse(t *testing.T) {
	std, key := newKey(t, 1024)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			random := mathrand.New(mathrand.NewPCG(uint64(i), 1))
			for range 10 {
				secret, err := taler.NewBlindingSecret(binary.BigEndian.AppendUint64(make([]byte, 24), random.Uint64()))
				if err != nil {
					t.Error(err)
					return
				}
				wholeWay(concurrent{t}, std, key, secret, []byte("coin"))
			}
		})
	}
	all.Wait()
}

// concurrent reports without ending a goroutine that is not the test's.
type concurrent struct{ *testing.T }

func (c concurrent) Fatalf(format string, args ...any) { c.Errorf(format, args...) }

func FuzzParseRSAPublicKey(f *testing.F) {
	pub := newModulus(f)
	f.Add(append([]byte{0, 128, 0, 3}, append(pub, 1, 0, 1)...))
	f.Add([]byte{})
	f.Add([]byte{0, 1, 0, 1, 3, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := taler.ParseRSAPublicKey(data)
		if err != nil {
			if !errors.Is(err, fault.Invalid) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		if !bytes.Equal(key.Encode(), data) {
			t.Fatalf("%x is encoded as %x", data, key.Encode())
		}
	})
}

func FuzzSignatures(f *testing.F) {
	std, err := rsa.GenerateKey(nil, 1024)
	if err != nil {
		f.Fatal(err)
	}
	key, err := taler.NewRSAPrivateKey(std)
	if err != nil {
		f.Fatal(err)
	}
	secret, err := taler.NewBlindingSecret(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1})
	f.Add([]byte{0, 1})
	f.Add(std.N.Bytes())
	f.Fuzz(func(t *testing.T, foreign []byte) {
		if key.Public().Verify([]byte("coin"), foreign) {
			t.Fatal("a made-up signature verifies")
		}
		if s, err := key.SignBlinded(foreign); err == nil && (len(s) == 0 || s[0] == 0) {
			t.Fatalf("signature %x is not of minimal length", s)
		}
		_, _ = taler.Unblind(key.Public(), secret, foreign)
	})
}

// One such signature beside a right one would give the primes away.
func TestAWrongSignatureDoesNotLeave(t *testing.T) {
	_, key := newKey(t, 1024)
	if s, err := key.WithAFault().SignBlinded([]byte{7}); s != nil || !errors.Is(err, fault.Internal) {
		t.Errorf("got %x, %v", s, err)
	}
	if _, err := key.SignBlinded([]byte{7}); err != nil {
		t.Errorf("control: %v", err)
	}
}
