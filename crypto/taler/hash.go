package taler

import (
	"crypto/sha512"
	"encoding/binary"
)

// H is SHA-512 over the concatenation of the parts.
func H(parts ...[]byte) HashCode {
	d := sha512.New()
	for _, p := range parts {
		d.Write(p)
	}
	var h HashCode
	d.Sum(h[:0])
	return h
}

// H32 is the first half of H. It is neither SHA-256 nor SHA-512/256.
func H32(parts ...[]byte) ShortHash {
	h := H(parts...)
	return ShortHash(h[:32])
}

// HashString is H over a string with one zero byte behind it: the way Taler
// hashes wire methods, payto URIs and URLs.
func HashString(s string) HashCode { return H([]byte(s), zero) }

// FullPaytoHash is the short hash of a payto URI exactly as it was given,
// query and all.
func FullPaytoHash(uri string) ShortHash { return H32([]byte(uri), zero) }

var zero = []byte{0}

func u16(v int) []byte    { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
func u64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
