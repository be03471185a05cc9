package crypto

import (
	"crypto/hmac"
	"io"
)

const labelToken = "token"

// NewToken draws the token of a terminal or gateway: 256 random bits as 52
// characters. It is shown once; the node keeps only HashToken of it.
func NewToken(random io.Reader) (string, error) {
	s, err := RandomSecret(random, KeySize)
	if err != nil {
		return "", err
	}
	defer s.Wipe()
	return crockford.EncodeToString(s.reveal()), nil
}

// HashToken is what is stored of a token: a keyed hash. It needs no slow hash,
// for nobody guesses 256 bits; passphrases of people are another matter.
func HashToken(e *Engine, token string) []byte { return e.Blind(labelToken, token) }

// TokenMatches reports whether a token is the one of which hash is kept. Its
// running time does not depend on how much of it is right.
func TokenMatches(e *Engine, token string, hash []byte) bool {
	return hmac.Equal(HashToken(e, token), hash)
}
