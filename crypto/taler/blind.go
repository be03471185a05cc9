package taler

import (
	"bytes"
	"math/big"

	"filippo.io/bigmod"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Texts of the derivations. FDA is how the protocol spells it.
const (
	labelFDH   = "RSA-FDA FTpsW!"
	labelBlind = "Blinding KDF"
	saltBlind  = "Blinding KDF extractor HMAC key"
)

// BlindingSecret is the 32-byte secret from which a blinding factor follows. It
// prints as [secret] and is not marshalled. It is needed as long as the coin has
// value: a recoup shows it.
type BlindingSecret struct{ hidden }

// Blind hides a message from the exchange that will sign it: FDH(m)·r^e mod N.
// The result has no leading zeros and goes over the wire as it is. m is the hash
// of the coin's public key.
//
// A key under which the message or the blinding factor has a common divisor
// with N is fault.Invalid with ReasonMaliciousKey. The result is public and is
// coprime to N exactly when both factors are, so the test reads only it.
func Blind(pub *RSAPublicKey, secret BlindingSecret, m []byte) ([]byte, error) {
	re := bigmod.NewNat().ExpShortVarTime(blindingFactor(pub, secret), pub.e, pub.n)
	b := re.Mul(fdh(pub, m), pub.n).Bytes(pub.n)
	if !pub.coprime(b) {
		return nil, maliciousKey()
	}
	return minimal(b), nil
}

// Unblind makes a signature on the hidden message into one on the message:
// s'·r^-1 mod N. Verify it before believing in it. Zeros in front of s' say nothing:
// who does not write the shortest form means the same number.
//
// No constant-time inverse is at hand, so the factor is inverted under a mask:
// r^-1 = t·(r·t)^-1, where t follows from the same secret by another label. The
// running time of the inversion depends on r·t alone, which says nothing about r
// to anybody who does not know t.
func Unblind(pub *RSAPublicKey, secret BlindingSecret, signed []byte) ([]byte, error) {
	s, err := bigmod.NewNat().SetBytes(minimal(signed), pub.n)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the blind signature is not below the modulus").Because("signature-malformed")
	}
	t := kdfMod(pub.n, []byte("inversion mask"), secret.reveal(), labelBlind)
	rt := blindingFactor(pub, secret).Mul(t, pub.n).Bytes(pub.n)
	inverse := new(big.Int).ModInverse(new(big.Int).SetBytes(rt), pub.bigN)
	if inverse == nil {
		return nil, maliciousKey()
	}
	inv, err := bigmod.NewNat().SetBytes(inverse.Bytes(), pub.n)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the blinding factor cannot be removed")
	}
	return minimal(s.Mul(inv.Mul(t, pub.n), pub.n).Bytes(pub.n)), nil
}

// Verify reports whether sig is the denomination's signature on m. Under a
// malicious key nothing verifies.
func (p *RSAPublicKey) Verify(m, sig []byte) bool {
	s, err := bigmod.NewNat().SetBytes(sig, p.n)
	if err != nil {
		return false
	}
	want := fdh(p, m)
	if bigmod.NewNat().ExpShortVarTime(s, p.e, p.n).Equal(want) != 1 {
		return false
	}
	return p.coprime(want.Bytes(p.n))
}

// fdh is the full-domain hash of a message under a key.
func fdh(pub *RSAPublicKey, m []byte) *bigmod.Nat { return kdfMod(pub.n, pub.encoded, m, labelFDH) }

func blindingFactor(pub *RSAPublicKey, secret BlindingSecret) *bigmod.Nat {
	return kdfMod(pub.n, []byte(saltBlind), secret.reveal(), labelBlind)
}

// coprime reads its argument in variable time: for public numbers only.
func (p *RSAPublicKey) coprime(b []byte) bool {
	n := new(big.Int).SetBytes(b)
	return n.Sign() > 0 && n.GCD(nil, nil, n, p.bigN).IsInt64() && n.Int64() == 1
}

// minimal drops leading zeros: numbers on the wire have none, and the bytes sent
// are the bytes hashed.
func minimal(b []byte) []byte { return bytes.TrimLeft(b, "\x00") }

func maliciousKey() error {
	return fault.New(fault.Invalid, "this denomination's key is not honest: its modulus has small divisors").
		Because(ReasonMaliciousKey).WithHint("never use this denomination; tell the exchange's auditor")
}
