package taler_test

import (
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/swaperoo/swaperoo/crypto/taler"
)

// Each step once as the package does it and once with math/big, which is the
// price of constant time.
func BenchmarkRSA2048(b *testing.B) {
	std, key := newKey(b, 2048)
	pub, e := key.Public(), big.NewInt(int64(std.E))
	secret, err := taler.NewBlindingSecret(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	m := make([]byte, 64)
	blinded := must(taler.Blind(pub, secret, m))
	signed := must(key.SignBlinded(blinded))
	sig := must(taler.Unblind(pub, secret, signed))

	bench := func(name string, step func() bool) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !step() {
					b.Fatal("wrong")
				}
			}
		})
	}
	bench("blind/bigmod", func() bool { return len(must(taler.Blind(pub, secret, m))) > 0 })
	bench("blind/math-big", func() bool { return bigBlind(std, pub, secret, m).Sign() > 0 })
	bench("sign/bigmod", func() bool { return len(must(key.SignBlinded(blinded))) > 0 })
	bench("sign/math-big", func() bool { return bigSign(std, blinded).Sign() > 0 })
	bench("unblind/bigmod", func() bool { return len(must(taler.Unblind(pub, secret, signed))) > 0 })
	bench("unblind/math-big", func() bool {
		r := new(big.Int).SetBytes(taler.BlindingFactor(pub, secret))
		r.ModInverse(r, std.N)
		return r.Mul(r, new(big.Int).SetBytes(signed)).Mod(r, std.N).Sign() > 0
	})
	bench("verify/bigmod", func() bool { return pub.Verify(m, sig) })
	bench("verify/math-big", func() bool {
		s := new(big.Int).SetBytes(sig)
		return s.Exp(s, e, std.N).Cmp(new(big.Int).SetBytes(taler.FDH(pub, m))) == 0
	})
}

func bigBlind(std *rsa.PrivateKey, pub *taler.RSAPublicKey, secret taler.BlindingSecret, m []byte) *big.Int {
	r := new(big.Int).SetBytes(taler.BlindingFactor(pub, secret))
	r.Exp(r, big.NewInt(int64(std.E)), std.N)
	return r.Mul(r, new(big.Int).SetBytes(taler.FDH(pub, m))).Mod(r, std.N)
}

func bigSign(std *rsa.PrivateKey, blinded []byte) *big.Int {
	c := new(big.Int).SetBytes(blinded)
	p, q := std.Primes[0], std.Primes[1]
	m1 := new(big.Int).Exp(c, std.Precomputed.Dp, p)
	m2 := new(big.Int).Exp(c, std.Precomputed.Dq, q)
	m1.Sub(m1, m2).Mul(m1, std.Precomputed.Qinv).Mod(m1, p)
	return m1.Mul(m1, q).Add(m1, m2)
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}
