package stream_test

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

	"github.com/swaperoo/swaperoo/comm/stream"
)

// identity is a party's key and the certificate that it signed for itself.
type identity struct {
	key  string
	cert tls.Certificate
}

func newIdentity(t testing.TB) identity {
	t.Helper()
	id, err := makeIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func makeIdentity() (identity, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return identity{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	return identity{
		key:  base64.RawURLEncoding.EncodeToString(public),
		cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private},
	}, err
}

// config is that of either side; whose key it is, is not its business.
func (id identity) config() *tls.Config {
	return &tls.Config{
		Certificates:       []tls.Certificate{id.cert},
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, // the key is the identity, see keyOf
		ClientAuth:         tls.RequireAnyClientCert,
	}
}

func keyOf(state tls.ConnectionState) (string, error) {
	if len(state.PeerCertificates) != 1 {
		return "", errors.New("not one certificate")
	}
	public, ok := state.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return "", errors.New("not an Ed25519 key")
	}
	return base64.RawURLEncoding.EncodeToString(public), nil
}

func (id identity) options() stream.Options {
	return stream.Options{
		Key: id.key, TLSServer: id.config(), KeyOf: keyOf,
		TLSClient: func(string) (*tls.Config, error) { return id.config(), nil },
		Handshake: patience, Write: patience,
	}
}
