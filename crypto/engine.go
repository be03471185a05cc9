package crypto

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// KeySize is the length of data keys and of everything that Derive makes.
const KeySize = 32

// Engine seals (XChaCha20-Poly1305) and blinds (HMAC-SHA256) what a node stores. Each use has a
// key of its own, which HKDF-SHA256 derives from one data key; so no output of one use tells
// anything about another. It is safe for concurrent use.
type Engine struct {
	aead   cipher.AEAD
	macs   sync.Pool // of hash.Hash, keyed for Blind
	root   Secret    // for Derive; no bytes are sealed with it
	random io.Reader
}

// Labels of the engine's own keys. A label from outside cannot collide with
// them: Derive puts its own word in front.
const (
	labelSeal   = "swaperoo seal v1"
	labelBlind  = "swaperoo blind v1"
	labelRoot   = "swaperoo derive v1"
	labelDerive = "derive/"
)

// NewEngine makes an engine from a data key of 32 bytes; another length is a
// programmer's mistake and panics. random must be safe for concurrent use; nil
// is the operating system's.
func NewEngine(key Secret, random io.Reader) *Engine {
	if key.Len() != KeySize {
		panic("crypto: a data key has 32 bytes")
	}
	if random == nil {
		random = rand.Reader
	}
	sealKey := expand(key, labelSeal)
	aead, err := chacha20poly1305.NewX(sealKey.reveal())
	if err != nil {
		panic("crypto: " + err.Error()) // only a wrong key length is an error
	}
	sealKey.Wipe()
	blindKey := expand(key, labelBlind)
	return &Engine{
		aead:   aead,
		macs:   sync.Pool{New: func() any { return hmac.New(sha256.New, blindKey.reveal()) }},
		root:   expand(key, labelRoot),
		random: random,
	}
}

// expand derives a key for one use by HKDF-SHA256.
func expand(key Secret, label string) Secret {
	out, err := hkdf.Key(sha256.New, key.reveal(), nil, label, KeySize)
	if err != nil {
		panic("crypto: " + err.Error()) // only asking for too much is an error
	}
	defer clear(out)
	return NewSecret(out)
}

// Sealed bytes are: this version, the nonce, the ciphertext with its tag.
const (
	sealVersion  = 1
	sealHead     = 1 + chacha20poly1305.NonceSizeX
	sealOverhead = sealHead + chacha20poly1305.Overhead
)

// Seal encrypts plain and authenticates it together with ad, which says where
// the bytes belong and is not stored with them. Sealing twice gives different
// bytes. The result is 41 bytes longer than plain.
func (e *Engine) Seal(plain, ad []byte) ([]byte, error) {
	out := make([]byte, sealHead, sealOverhead+len(plain))
	out[0] = sealVersion
	nonce := out[1:sealHead]
	if _, err := io.ReadFull(e.random, nonce); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "no random bytes can be drawn")
	}
	return e.aead.Seal(out, nonce, plain, ad), nil
}

// Open is the reverse of Seal. If the bytes or ad are not exactly those of Seal, or the key is
// another one, it is fault.Internal, "seal-broken", and nothing of the plain text is returned:
// the store holds what this node did not write there.
func (e *Engine) Open(sealed, ad []byte) ([]byte, error) {
	if len(sealed) < sealOverhead || sealed[0] != sealVersion {
		return nil, sealBroken()
	}
	plain, err := e.aead.Open(nil, sealed[1:sealHead], sealed[sealHead:], ad)
	if err != nil {
		return nil, sealBroken()
	}
	return plain, nil
}

// Blind is a keyed hash of value under a label, 32 bytes. A stored value is found by it; without
// the key it tells nothing about the value.
func (e *Engine) Blind(label, value string) []byte {
	mac := e.macs.Get().(hash.Hash)
	defer e.macs.Put(mac)
	mac.Reset()
	// The label's length comes first, so that no other pair of label and value
	// is the same text.
	var room [64]byte
	head := append(binary.BigEndian.AppendUint32(room[:0], uint32(len(label))), label...)
	mac.Write(append(head, value...))
	return mac.Sum(make([]byte, 0, sha256.Size))
}

// Derive is a key of 32 bytes for a use that the label names: the same for the
// same data key and label, for ever.
func (e *Engine) Derive(label string) Secret { return expand(e.root, labelDerive+label) }

func sealBroken() error {
	return fault.New(fault.Internal, "stored data cannot be opened: it was altered or moved, or sealed under another key").
		Because("seal-broken").WithHint("restore the data directory from a backup")
}
