package protocol

import (
	"crypto/sha256"

	"golang.org/x/crypto/chacha20"
)

// stream is the source of Session.Random: the key stream of ChaCha20 under the operation's seed.
type stream struct{ cipher *chacha20.Cipher }

func newStream(seed []byte) *stream {
	key := sha256.Sum256(seed)
	c, err := chacha20.NewUnauthenticatedCipher(key[:], make([]byte, chacha20.NonceSize))
	if err != nil {
		panic("protocol: " + err.Error()) // only wrong lengths fail, and both are constant
	}
	return &stream{c}
}

func (s *stream) read(n int) []byte {
	out := make([]byte, n)
	s.cipher.XORKeyStream(out, out)
	return out
}
