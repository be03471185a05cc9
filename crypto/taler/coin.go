package taler

// Cipher is the kind of a denomination's signature, as hashed.
type Cipher uint32

// The ciphers that exchanges use. This package signs and verifies RSA; of the
// other kind it only hashes keys and envelopes.
const (
	CipherRSA Cipher = 1
	CipherCS  Cipher = 2 // Clause-Schnorr
)

// DenomHash names a denomination: the hash of its age mask, its cipher and its
// key (the encoding of an RSA key, the 32 bytes of a CS point).
func DenomHash(ageMask uint32, cipher Cipher, key []byte) HashCode {
	return H(u32(ageMask), u32(uint32(cipher)), key)
}

// CoinPubHash is the message that a denomination signs: the hash of the coin's
// public key and, unless it is zero, of its age commitment.
func CoinPubHash(pub EddsaPublicKey, age ShortHash) HashCode {
	if age.IsZero() {
		return H(pub[:])
	}
	return H(pub[:], age[:])
}

// CoinEvHash names a blinded coin. The exchange remembers withdrawals by it. For
// RSA the envelope is the blinded message exactly as it is sent.
func CoinEvHash(denom HashCode, cipher Cipher, envelope []byte) HashCode {
	return H(denom[:], u32(uint32(cipher)), envelope)
}

// Seed is the 32-byte secret of one withdrawal, from which all its coins follow.
// It prints as [secret] and is not marshalled.
type Seed struct{ hidden }

// NewSeed takes a copy of 32 bytes.
func NewSeed(b []byte) (Seed, error) {
	h, err := hideExactly(b, "a seed")
	return Seed{h}, err
}

// CoinSecrets are the two secrets of a coin: the key that spends it, and what
// hides it from the exchange at the withdrawal.
type CoinSecrets struct {
	Priv     EddsaPrivateKey
	Blinding BlindingSecret
}

// DeriveCoin makes the coin with a number from a withdrawal's seed, the way
// Taler's own wallet does: storing the seed is storing the coins.
func DeriveCoin(seed Seed, index uint32) CoinSecrets {
	out := KDF(u32(index), seed.reveal(), []byte("taler-withdrawal-coin-derivation"), 64)
	defer clear(out)
	return CoinSecrets{
		Priv:     EddsaPrivateKey{hide([secretSize]byte(out))},
		Blinding: BlindingSecret{hide([secretSize]byte(out[secretSize:]))},
	}
}
