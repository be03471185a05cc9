package taler

import (
	"bytes"
	"crypto/ed25519"
)

// EddsaPrivateKey is the 32-byte seed of an Ed25519 key: of a coin, a reserve,
// an exchange. It prints as [secret], is not marshalled, and is gone after Wipe.
type EddsaPrivateKey struct{ hidden }

// NewEddsaPrivateKey takes a copy of a 32-byte seed.
func NewEddsaPrivateKey(seed []byte) (EddsaPrivateKey, error) {
	h, err := hideExactly(seed, "a private key")
	return EddsaPrivateKey{h}, err
}

// Public is the key that belongs to it.
func (k EddsaPrivateKey) Public() EddsaPublicKey {
	key := ed25519.NewKeyFromSeed(k.reveal())
	defer clear(key)
	return EddsaPublicKey(key[ed25519.SeedSize:])
}

// Sign signs a message that carries its purpose (SignedMessage).
func (k EddsaPrivateKey) Sign(message []byte) EddsaSignature {
	key := ed25519.NewKeyFromSeed(k.reveal())
	defer clear(key)
	return EddsaSignature(ed25519.Sign(key, message))
}

// Verify reports whether sig is this key's signature of message. The verifier
// builds message itself from what it knows; it is never taken from the wire.
func (p EddsaPublicKey) Verify(message []byte, sig EddsaSignature) bool {
	return ed25519.Verify(p[:], message, sig[:])
}

// SignedMessage is what Taler signs: the size of the whole in 32 bits, the
// purpose in 32 bits, and the body without gaps. The purpose keeps a signature
// that was made for one statement from being read as another.
func SignedMessage(purpose Purpose, body ...[]byte) []byte {
	joined := bytes.Join(body, nil)
	out := make([]byte, 0, 8+len(joined))
	out = append(out, u32(uint32(8+len(joined)))...)
	out = append(out, u32(uint32(purpose))...)
	return append(out, joined...)
}

// Purpose says what a signature is for (GANA registry, gnunet-signatures).
type Purpose uint32

// The purposes that this package builds messages for.
const (
	PurposeGlobalFees          Purpose = 1022 // master key: fees of accounts and purses
	PurposeSigningKey          Purpose = 1024 // master key: an online signing key
	PurposeDenomination        Purpose = 1025 // master key: a denomination
	PurposeWireFees            Purpose = 1028 // master key: fees of a wire method
	PurposeAccount             Purpose = 1030 // master key: a bank account
	PurposeExtensions          Purpose = 1031 // master key: extensions of the protocol
	PurposeDenominations       Purpose = 1035 // signing key: the list of denominations
	PurposeDenominationUnknown Purpose = 1042 // signing key: a denomination is not ours
	PurposeDenominationExpired Purpose = 1043 // signing key: a denomination is not valid now
	PurposeAuditor             Purpose = 1064 // auditor: a denomination is looked after
	PurposeReserveWithdraw     Purpose = 1200 // reserve key: coins are paid by the reserve
	PurposeReserveHistory      Purpose = 1208 // reserve key: its history may be shown
)
