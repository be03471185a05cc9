package taler

import "github.com/swaperoo/swaperoo/comm/fault"

// The values that cross the wire as base32. Their text form is canonical when
// written and tolerant when read (Decode); compare the values, never texts.
type (
	// EddsaPublicKey is an Ed25519 public key: of a coin, a reserve, an exchange.
	EddsaPublicKey [32]byte
	// EddsaSignature is an Ed25519 signature, R and S.
	EddsaSignature [64]byte
	// HashCode is a SHA-512 hash: of a denomination, a coin, an envelope.
	HashCode [64]byte
	// ShortHash is half a SHA-512 hash: of a payto URI, an age commitment.
	ShortHash [32]byte
)

// ParseEddsaPublicKey reads a public key from its text.
func ParseEddsaPublicKey(text string) (p EddsaPublicKey, err error) {
	err = p.UnmarshalText([]byte(text))
	return p, err
}

// ParseEddsaSignature reads a signature from its text.
func ParseEddsaSignature(text string) (s EddsaSignature, err error) {
	err = s.UnmarshalText([]byte(text))
	return s, err
}

// String is the key's base32.
func (p EddsaPublicKey) String() string { return Encode(p[:]) }

// String is the signature's base32.
func (s EddsaSignature) String() string { return Encode(s[:]) }

// String is the hash's base32.
func (h HashCode) String() string { return Encode(h[:]) }

// String is the hash's base32.
func (h ShortHash) String() string { return Encode(h[:]) }

// IsZero reports whether the key was never set; it is nobody's key.
func (p EddsaPublicKey) IsZero() bool { return p == EddsaPublicKey{} }

// IsZero reports whether every bit is zero: Taler's "no such thing".
func (h HashCode) IsZero() bool { return h == HashCode{} }

// IsZero reports whether every bit is zero: Taler's "no such thing".
func (h ShortHash) IsZero() bool { return h == ShortHash{} }

// MarshalText writes base32.
func (p EddsaPublicKey) MarshalText() ([]byte, error) { return AppendEncode(nil, p[:]), nil }

// MarshalText writes base32.
func (s EddsaSignature) MarshalText() ([]byte, error) { return AppendEncode(nil, s[:]), nil }

// MarshalText writes base32.
func (h HashCode) MarshalText() ([]byte, error) { return AppendEncode(nil, h[:]), nil }

// MarshalText writes base32.
func (h ShortHash) MarshalText() ([]byte, error) { return AppendEncode(nil, h[:]), nil }

// UnmarshalText reads base32 of 32 bytes.
func (p *EddsaPublicKey) UnmarshalText(text []byte) error {
	return readText(p[:], text, "a public key")
}

// UnmarshalText reads base32 of 64 bytes.
func (s *EddsaSignature) UnmarshalText(text []byte) error {
	return readText(s[:], text, "a signature")
}

// UnmarshalText reads base32 of 64 bytes.
func (h *HashCode) UnmarshalText(text []byte) error { return readText(h[:], text, "a hash") }

// UnmarshalText reads base32 of 32 bytes.
func (h *ShortHash) UnmarshalText(text []byte) error { return readText(h[:], text, "a short hash") }

// readText leaves out as it was when the text is wrong.
func readText(out, text []byte, what string) error {
	var room [64]byte
	data := room[:len(out)]
	if err := DecodeInto(data, text); err != nil {
		return fault.Wrap(err, fault.Invalid, "this is not the text of %s", what).Because("base32-malformed")
	}
	copy(out, data)
	return nil
}
