package taler

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"

	"filippo.io/bigmod"
)

// maxKDF is the longest output: 255 blocks of SHA-256.
const maxKDF = 255 * sha256.Size

// KDF derives n bytes as GNUnet does: HKDF (RFC 5869), which extracts with
// HMAC-SHA512 and expands with HMAC-SHA256. No salt is a salt of 64 zero bytes.
// It panics when n is above 8160.
func KDF(salt, ikm, info []byte, n int) []byte {
	if n > maxKDF {
		panic("taler: KDF gives at most 8160 bytes")
	}
	extract := hmac.New(sha512.New, salt)
	extract.Write(ikm)
	expand := hmac.New(sha256.New, extract.Sum(nil))

	out := make([]byte, 0, (n+sha256.Size-1)/sha256.Size*sha256.Size)
	var last []byte
	for i := byte(1); len(out) < n; i++ {
		expand.Reset()
		expand.Write(last)
		expand.Write(info)
		expand.Write([]byte{i})
		out = expand.Sum(out)
		last = out[len(out)-sha256.Size:]
	}
	return out[:n]
}

// kdfMod derives a number below m: KDF outputs of m's bit length, numbered by a
// counter behind the label, until one is small enough. Only the number of rounds
// shows in its running time.
func kdfMod(m *bigmod.Modulus, salt, ikm []byte, label string) *bigmod.Nat {
	spare := uint(8*m.Size() - m.BitLen())
	for counter := 0; ; counter++ {
		info := append([]byte(label), u16(counter)...)
		r := KDF(salt, ikm, info, m.Size())
		r[0] &= 0xff >> spare
		if n, err := bigmod.NewNat().SetBytes(r, m); err == nil {
			return n
		}
	}
}
