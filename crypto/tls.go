package crypto

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// TLSCertificate wraps an identity in a self-signed certificate, because TLS carries keys that way.
// Its names and times mean nothing and are constant. So the same identity always has the same
// certificate, and a wrong clock on either side does no harm.
func TLSCertificate(i *Identity) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "swaperoo"},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280: no well-defined end
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(nil, template, template, i.public, signer{i})
	if err != nil {
		return tls.Certificate{}, fault.Wrap(err, fault.Internal, "the identity's certificate cannot be made")
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: signer{i}}, nil
}

// ServerConfig is TLS 1.3 with an identity on both sides, for the side that listens. verify is
// called with the peer's key once the peer has proved to own it; an error ends the handshake. It is
// called on the connection's goroutine, for several connections at a time. With a nil verify every
// key is accepted, and the caller looks at PeerKey.
func ServerConfig(i *Identity, verify func(ed25519.PublicKey) error) (*tls.Config, error) {
	config, err := mutual(i, verify)
	if err != nil {
		return nil, err
	}
	config.ClientAuth = tls.RequireAnyClientCert
	return config, nil
}

// ClientConfig is ServerConfig for the side that connects. Its verify error is what the
// handshake returns.
func ClientConfig(i *Identity, verify func(ed25519.PublicKey) error) (*tls.Config, error) {
	config, err := mutual(i, verify)
	if err != nil {
		return nil, err
	}
	// No authority vouches for a peer and no name is asked: VerifyConnection
	// below checks the one thing that counts, the key.
	config.InsecureSkipVerify = true
	return config, nil
}

func mutual(i *Identity, verify func(ed25519.PublicKey) error) (*tls.Config, error) {
	certificate, err := TLSCertificate(i)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{certificate},
		SessionTicketsDisabled: true, // every connection proves the key anew
		VerifyConnection: func(state tls.ConnectionState) error {
			key, err := PeerKey(state)
			if err != nil || verify == nil {
				return err
			}
			return verify(key)
		},
	}, nil
}

// PeerKey is the key that the peer of a connection has proved to own. The error
// is fault.Denied when it showed anything but one Ed25519 certificate signed by
// itself.
func PeerKey(state tls.ConnectionState) (ed25519.PublicKey, error) {
	if state.Version < tls.VersionTLS13 || len(state.PeerCertificates) != 1 {
		return nil, notSelfSigned("it must show exactly one certificate, in TLS 1.3")
	}
	c := state.PeerCertificates[0]
	key, ok := c.PublicKey.(ed25519.PublicKey)
	if !ok || c.SignatureAlgorithm != x509.PureEd25519 {
		return nil, notSelfSigned("its key is not an Ed25519 key")
	}
	if err := c.CheckSignature(x509.PureEd25519, c.RawTBSCertificate, c.Signature); err != nil {
		return nil, notSelfSigned("its certificate is not signed by itself")
	}
	return key, nil
}

// PeerKeyText is PeerKey as text.
func PeerKeyText(state tls.ConnectionState) (string, error) {
	key, err := PeerKey(state)
	return KeyText(key), err
}

func notSelfSigned(why string) error {
	return fault.New(fault.Denied, "the peer has not proved who it is: %s", why).Because("peer-certificate")
}
