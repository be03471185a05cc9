package taler

import (
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	"sync"

	"filippo.io/bigmod"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Bounds of the keys that this package works with. Exchanges use 2048 bits and
// e = 65537; below 1024 a key is worthless, above 8192 it only costs time.
const (
	MinRSABits = 1024
	MaxRSABits = 8192
	maxRSAExp  = 1<<31 - 1
)

// RSAPublicKey is the public key of a denomination. It does not change and is
// safe for concurrent use.
type RSAPublicKey struct {
	encoded []byte
	n       *bigmod.Modulus
	bigN    *big.Int // only for gcd
	e       uint
}

// ParseRSAPublicKey reads Taler's encoding: lengths of N and e in 16 bits each,
// then N and e without leading zeros. The error is fault.Invalid; a key that
// cannot be an honest one has the reason "malicious-key".
func ParseRSAPublicKey(data []byte) (*RSAPublicKey, error) {
	if len(data) < 4 {
		return nil, badRSA("it is too short")
	}
	nLen, eLen := int(binary.BigEndian.Uint16(data)), int(binary.BigEndian.Uint16(data[2:]))
	body := data[4:]
	if nLen+eLen != len(body) {
		return nil, badRSA("its lengths do not add up")
	}
	n, e := body[:nLen], body[nLen:]
	if nLen == 0 || eLen == 0 || n[0] == 0 || e[0] == 0 {
		return nil, badRSA("a number in it has a leading zero, or none of its bytes")
	}
	return newRSAPublicKey(new(big.Int).SetBytes(n), new(big.Int).SetBytes(e))
}

// NewRSAPublicKey takes the key of crypto/rsa under the same rules.
func NewRSAPublicKey(key *rsa.PublicKey) (*RSAPublicKey, error) {
	return newRSAPublicKey(key.N, big.NewInt(int64(key.E)))
}

func newRSAPublicKey(n, e *big.Int) (*RSAPublicKey, error) {
	switch {
	case n.BitLen() < MinRSABits || n.BitLen() > MaxRSABits:
		return nil, badRSA("it has %d bits", n.BitLen()).Because(ReasonMaliciousKey)
	case n.Bit(0) == 0:
		return nil, badRSA("its modulus is even").Because(ReasonMaliciousKey)
	case smallDivisor(n):
		return nil, maliciousKey()
	case e.Bit(0) == 0 || e.Cmp(big.NewInt(3)) < 0 || e.Cmp(big.NewInt(maxRSAExp)) > 0:
		return nil, badRSA("its exponent is even or out of range").Because(ReasonMaliciousKey)
	}
	m, err := bigmod.NewModulus(n.Bytes())
	if err != nil {
		return nil, badRSA("its modulus is none")
	}
	return &RSAPublicKey{encoded: encodeRSA(n.Bytes(), e.Bytes()), n: m, bigN: new(big.Int).Set(n), e: uint(e.Uint64())}, nil
}

// divisorBound is up to where a modulus is tried for divisors. One that has a
// larger one shows it in a blinded coin with a chance of one to that divisor.
const divisorBound = 1 << 12

// oddPrimes is the product of all odd primes below divisorBound, made once.
var oddPrimes = sync.OnceValue(func() *big.Int {
	product := big.NewInt(1)
	for n := int64(3); n < divisorBound; n += 2 {
		if p := big.NewInt(n); p.ProbablyPrime(0) {
			product.Mul(product, p)
		}
	}
	return product
})

// smallDivisor reports whether an odd number has a divisor below divisorBound.
func smallDivisor(n *big.Int) bool {
	return new(big.Int).GCD(nil, nil, n, oddPrimes()).Cmp(big.NewInt(1)) != 0
}

func encodeRSA(n, e []byte) []byte {
	out := make([]byte, 0, 4+len(n)+len(e))
	out = append(out, u16(len(n))...)
	out = append(out, u16(len(e))...)
	out = append(out, n...)
	return append(out, e...)
}

// Encode is Taler's encoding of the key.
func (p *RSAPublicKey) Encode() []byte { return append([]byte(nil), p.encoded...) }

// Bits is the length of the modulus.
func (p *RSAPublicKey) Bits() int { return p.n.BitLen() }

// String is the base32 of the encoding.
func (p *RSAPublicKey) String() string { return Encode(p.encoded) }

// ReasonMaliciousKey marks a denomination key that no honest exchange makes. It
// must never be used: a coin under it can be traced.
const ReasonMaliciousKey fault.Reason = "malicious-key"

func badRSA(format string, args ...any) *fault.Fault {
	return fault.New(fault.Invalid, "this is not a usable RSA public key: "+format, args...).Because("key-malformed")
}
