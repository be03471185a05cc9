package taler

// FDH and BlindingFactor are the intermediate values that some vectors state.

func FDH(pub *RSAPublicKey, m []byte) []byte { return minimal(fdh(pub, m).Bytes(pub.n)) }

func BlindingFactor(pub *RSAPublicKey, secret BlindingSecret) []byte {
	return minimal(blindingFactor(pub, secret).Bytes(pub.n))
}
