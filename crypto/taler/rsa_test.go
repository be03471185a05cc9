package taler_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/taler"
)

// rsaFromExponent finds the primes of a key of which the vectors publish only N,
// e and d: e·d-1 is a multiple of the order of every element, so one of the
// roots of one on the way to it is not trivial and shares a prime with N.
func rsaFromExponent(t *testing.T, encoded []byte, d *big.Int) *taler.RSAPrivateKey {
	t.Helper()
	nLen := int(binary.BigEndian.Uint16(encoded))
	n, e := new(big.Int).SetBytes(encoded[4:4+nLen]), new(big.Int).SetBytes(encoded[4+nLen:])
	one := big.NewInt(1)
	k := new(big.Int).Sub(new(big.Int).Mul(e, d), one)
	s := k.TrailingZeroBits()
	odd := new(big.Int).Rsh(k, s)
	for g := int64(2); g < 200; g++ {
		x := new(big.Int).Exp(big.NewInt(g), odd, n)
		for range s {
			root := new(big.Int).Mul(x, x)
			root.Mod(root, n)
			if root.Cmp(one) == 0 {
				p := new(big.Int).GCD(nil, nil, new(big.Int).Sub(x, one), n)
				if p.Cmp(one) != 0 && p.Cmp(n) != 0 {
					return rsaFromPrimes(t, n, d, int(e.Int64()), p)
				}
				break
			}
			x = root
		}
	}
	t.Fatal("this exponent does not belong to this modulus")
	return nil
}

func rsaFromPrimes(t *testing.T, n, d *big.Int, e int, p *big.Int) *taler.RSAPrivateKey {
	t.Helper()
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: n, E: e}, D: d,
		Primes: []*big.Int{p, new(big.Int).Div(n, p)},
	}
	key.Precompute()
	k, err := taler.NewRSAPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// modulus is a number of so many bits that has no divisor below 4,096.
func modulus(bits uint) *big.Int {
	small := big.NewInt(1)
	for p := int64(3); p < 1<<12; p += 2 {
		small.Mul(small, big.NewInt(p))
	}
	n, one, two := new(big.Int).Lsh(big.NewInt(1), bits-1), big.NewInt(1), big.NewInt(2)
	for n.Add(n, one); new(big.Int).GCD(nil, nil, n, small).Cmp(one) != 0; {
		n.Add(n, two)
	}
	return n
}

// Under a short key anybody could make coins, and a long one only costs time.
func TestWhichKeysAreTaken(t *testing.T) {
	even := new(big.Int).Lsh(modulus(2047), 1)
	for _, row := range []struct {
		name string
		n    *big.Int
		e    int64
		good bool
	}{
		{"the shortest", modulus(taler.MinRSABits), 65537, true},
		{"too short", modulus(taler.MinRSABits - 1), 65537, false},
		{"the longest", modulus(taler.MaxRSABits), 65537, true},
		{"too long", modulus(taler.MaxRSABits + 1), 65537, false},
		{"an even modulus", even, 65537, false},
		{"a small divisor", new(big.Int).Mul(modulus(2048), big.NewInt(4093)), 65537, false},
		{"the least exponent", modulus(2048), 3, true},
		{"an exponent of one", modulus(2048), 1, false},
		{"an even exponent", modulus(2048), 65536, false},
		{"the greatest exponent", modulus(2048), 1<<31 - 1, true},
		{"a greater exponent", modulus(2048), 1<<31 + 1, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			n, e := row.n.Bytes(), big.NewInt(row.e).Bytes()
			head := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, uint16(len(n))), uint16(len(e)))
			text := slices.Concat(head, n, e)
			pub, err := taler.ParseRSAPublicKey(text)
			if (err == nil) != row.good || err != nil && fault.ReasonOf(err) != taler.ReasonMaliciousKey {
				t.Fatalf("%v", err)
			}
			if err == nil && (!bytes.Equal(pub.Encode(), text) || pub.Bits() != row.n.BitLen()) {
				t.Errorf("it is another one, of %d bits", pub.Bits())
			}
		})
	}
}

// An exchange can make a modulus of primes that are too large to be looked for. Coins under it
// fail now and then, at any place, and the wallet says whose fault that is.
func TestAModulusOfManyPrimesIsTold(t *testing.T) {
	n := big.NewInt(1)
	for p := int64(1<<12 + 1); n.BitLen() < 1024; p += 2 {
		if q := big.NewInt(p); q.ProbablyPrime(0) {
			n.Mul(n, q)
		}
	}
	pub, err := taler.NewRSAPublicKey(&rsa.PublicKey{N: n, E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for i := range byte(200) {
		secret, m := blindingSecret(t, bytes.Repeat([]byte{i}, 32)), []byte{i}
		_, err := taler.Blind(pub, secret, m)
		told["blind"] += count(t, err)
		_, err = taler.Unblind(pub, secret, []byte{1})
		told["unblind"] += count(t, err)
	}
	if told["blind"] == 0 || told["unblind"] == 0 {
		t.Errorf("of 200 coins %v were refused", told)
	}
}

func count(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	if fault.ReasonOf(err) != taler.ReasonMaliciousKey {
		t.Error(err)
	}
	return 1
}
