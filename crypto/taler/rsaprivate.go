package taler

import (
	"crypto/rsa"
	"math/big"

	"filippo.io/bigmod"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// RSAPrivateKey signs blinded messages for a denomination: the exchange's side.
// It does not change and is safe for concurrent use. It has no text form, and fmt
// and encoding/json show nothing of it.
type RSAPrivateKey struct{ *rsaPrivate }

type rsaPrivate struct {
	pub    *RSAPublicKey
	p, q   *bigmod.Modulus
	dp, dq []byte      // d mod p-1, d mod q-1
	qInv   *bigmod.Nat // q^-1 mod p
	qModN  *bigmod.Nat
}

// NewRSAPrivateKey prepares a key of two primes that crypto/rsa made or loaded.
func NewRSAPrivateKey(key *rsa.PrivateKey) (*RSAPrivateKey, error) {
	pub, err := NewRSAPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	if err := key.Validate(); err != nil || len(key.Primes) != 2 {
		return nil, fault.New(fault.Invalid, "this RSA private key is inconsistent or has not two primes").Because("key-malformed")
	}
	p, q := key.Primes[0], key.Primes[1]
	k := &rsaPrivate{pub: pub, dp: expMod(key.D, p), dq: expMod(key.D, q)}
	if k.p, err = bigmod.NewModulus(p.Bytes()); err != nil {
		return nil, badPrivate(err)
	}
	if k.q, err = bigmod.NewModulus(q.Bytes()); err != nil {
		return nil, badPrivate(err)
	}
	if k.qInv, err = bigmod.NewNat().SetBytes(new(big.Int).ModInverse(q, p).Bytes(), k.p); err != nil {
		return nil, badPrivate(err)
	}
	if k.qModN, err = bigmod.NewNat().SetBytes(q.Bytes(), pub.n); err != nil {
		return nil, badPrivate(err)
	}
	return &RSAPrivateKey{k}, nil
}

// expMod is d mod p-1, once when the key is loaded.
func expMod(d, p *big.Int) []byte {
	return new(big.Int).Mod(d, new(big.Int).Sub(p, big.NewInt(1))).Bytes()
}

// Public is the denomination's public key.
func (k *RSAPrivateKey) Public() *RSAPublicKey { return k.pub }

// SignBlinded is b^d mod N without leading zeros. It signs whatever number it is
// given: who calls has checked the reserve and its signature.
//
// fault.Invalid means that b is zero, not below N or has a leading zero. The
// halves modulo p and q are put together and checked against b before anything
// leaves, for one wrong half would give the private key away.
func (k *RSAPrivateKey) SignBlinded(b []byte) ([]byte, error) {
	if len(b) == 0 || b[0] == 0 {
		return nil, badEnvelope("it is zero or has leading zeros")
	}
	n := k.pub.n
	c, err := bigmod.NewNat().SetBytes(b, n)
	if err != nil {
		return nil, badEnvelope("it is not below the modulus")
	}
	m1 := bigmod.NewNat().Exp(bigmod.NewNat().Mod(c, k.p), k.dp, k.p)
	m2 := bigmod.NewNat().Exp(bigmod.NewNat().Mod(c, k.q), k.dq, k.q)

	// Garner: m = m2 + q·((m1 - m2)·q^-1 mod p), as crypto/rsa does it.
	m := m1.Sub(bigmod.NewNat().Mod(m2, k.p), k.p)
	m.Mul(k.qInv, k.p).ExpandFor(n)
	m.Mul(k.qModN, n).Add(m2.ExpandFor(n), n)

	if bigmod.NewNat().ExpShortVarTime(m, k.pub.e, n).Equal(c) != 1 {
		return nil, fault.New(fault.Internal, "this signature came out wrong and was thrown away")
	}
	return minimal(m.Bytes(n)), nil
}

func badPrivate(err error) error {
	return fault.Wrap(err, fault.Invalid, "this RSA private key cannot be used").Because("key-malformed")
}

func badEnvelope(why string) error {
	return fault.New(fault.Invalid, "this blinded message cannot be signed: %s", why).Because("envelope-malformed")
}
