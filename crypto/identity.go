package crypto

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base32"
	"io"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Identity is the Ed25519 key by which others know a node; the names that a node gives itself
// prove nothing. It is safe for concurrent use and prints as its public key.
type Identity struct {
	private Secret // 64 bytes: seed and public key
	public  ed25519.PublicKey
}

// NewIdentity makes an identity from a seed of 32 bytes; another length is a
// programmer's mistake and panics.
func NewIdentity(seed Secret) *Identity {
	key := ed25519.NewKeyFromSeed(seed.reveal())
	defer clear(key)
	return &Identity{private: NewSecret(key), public: ed25519.PublicKey(append([]byte(nil), key[ed25519.SeedSize:]...))}
}

// DeriveIdentity makes the identity that a label names from an engine's data
// key. A wallet shows each vendor one of its own, so that vendors cannot find
// out together that they know the same customer.
func DeriveIdentity(e *Engine, label string) *Identity {
	return NewIdentity(e.Derive("identity/" + label))
}

// Public is the public key; the caller must not change it.
func (i *Identity) Public() ed25519.PublicKey { return i.public }

// KeyText is the text of the public key, as in the identity's address.
func (i *Identity) KeyText() string { return KeyText(i.public) }

// Fingerprint is the short form of the key for people.
func (i *Identity) Fingerprint() string { return Fingerprint(i.public) }

// String is KeyText.
func (i *Identity) String() string { return i.KeyText() }

// Sign signs a message. The message says what it is for; a bare hash could be
// taken for something else.
func (i *Identity) Sign(message []byte) []byte {
	return ed25519.Sign(ed25519.PrivateKey(i.private.reveal()), message)
}

// signer shows the identity to crypto/tls.
type signer struct{ *Identity }

func (s signer) Public() crypto.PublicKey { return s.public }

func (s signer) Sign(random io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	return ed25519.PrivateKey(s.private.reveal()).Sign(random, message, opts)
}

// Verify reports whether sig is key's signature of message.
func Verify(key ed25519.PublicKey, message, sig []byte) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, message, sig)
}

// crockford is the alphabet of key texts: no I, L, O, U, no padding.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// KeyText is a public key as it stands in addresses (wss://host:port/#KEY): 52
// characters, one text for each key.
func KeyText(key ed25519.PublicKey) string { return crockford.EncodeToString(key) }

// ParseKey reads a key's text. Small letters and blanks or hyphens between groups
// are allowed, for people type keys; O is read as 0, I and L as 1, U as V. The
// error is fault.Invalid.
func ParseKey(text string) (ed25519.PublicKey, error) {
	canonical := typed.Replace(strings.ToUpper(text))
	key, err := crockford.DecodeString(canonical)
	if err != nil || len(key) != ed25519.PublicKeySize || KeyText(key) != canonical {
		return nil, fault.New(fault.Invalid, "this is not the key of a peer").
			Because("key-malformed").WithHint("a key has 52 letters and digits; copy it from the peer's screen")
	}
	return key, nil
}

var typed = strings.NewReplacer("O", "0", "I", "1", "L", "1", "U", "V", " ", "", "-", "")

// Fingerprint is the beginning of a key's text in four groups, for two people to
// compare by eye or voice. Decisions of the software use the whole key.
func Fingerprint(key ed25519.PublicKey) string {
	text := KeyText(key)
	if len(text) < 16 {
		return text
	}
	return text[0:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
}
