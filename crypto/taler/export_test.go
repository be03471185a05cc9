package taler

// FDH and BlindingFactor are the intermediate values that some vectors state.

func FDH(pub *RSAPublicKey, m []byte) []byte { return minimal(fdh(pub, m).Bytes(pub.n)) }

func BlindingFactor(pub *RSAPublicKey, secret BlindingSecret) []byte {
	return minimal(blindingFactor(pub, secret).Bytes(pub.n))
}

// NewBlindingSecret takes a copy of 32 bytes, which vectors state; else one follows
// from a coin's seed, with the other CoinSecrets.
func NewBlindingSecret(b []byte) (BlindingSecret, error) {
	h, err := hideExactly(b, "a blinding secret")
	return BlindingSecret{h}, err
}

// WithAFault is the key of a machine that computes one half of its signatures
// wrongly.
func (k *RSAPrivateKey) WithAFault() *RSAPrivateKey {
	broken := *k.rsaPrivate
	broken.dp = append([]byte{}, k.dp...)
	broken.dp[len(broken.dp)-1] ^= 4
	return &RSAPrivateKey{&broken}
}
