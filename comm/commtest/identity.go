package commtest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
)

// Identity is a party's key and the certificate that it has signed for itself. It has only what
// transports need: their tests know nothing of package crypto.
type Identity struct {
	Key  string
	cert tls.Certificate
}

// NewIdentity makes one for a test.
func NewIdentity(t testing.TB) Identity {
	t.Helper()
	id, err := MakeIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// MakeIdentity is NewIdentity where there is no test.
func MakeIdentity() (Identity, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Identity{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	return Identity{
		Key:  base64.RawURLEncoding.EncodeToString(public),
		cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private},
	}, err
}

// Config is a TLS configuration for either side. It accepts any key.
func (id Identity) Config() *tls.Config {
	return &tls.Config{
		Certificates:       []tls.Certificate{id.cert},
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, // the key is the identity, see KeyOf
		ClientAuth:         tls.RequireAnyClientCert,
	}
}

// Handshake is how either side uses it. It trusts no unknown peer.
func (id Identity) Handshake() comm.Handshake {
	return comm.Handshake{
		Key: id.Key, Server: id.Config(), KeyOf: KeyOf,
		Client: func(string) (*tls.Config, error) { return id.Config(), nil },
	}
}

// KeyOf reads the text of the peer's key from a handshake.
func KeyOf(state tls.ConnectionState) (string, error) {
	if len(state.PeerCertificates) != 1 {
		return "", errors.New("not one certificate")
	}
	public, ok := state.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return "", errors.New("not an Ed25519 key")
	}
	return base64.RawURLEncoding.EncodeToString(public), nil
}
