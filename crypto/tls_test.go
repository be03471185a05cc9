package crypto_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

// handshake connects two configurations over a real socket, and says how each
// side ended after a byte went each way.
func handshake(t *testing.T, server, client *tls.Config) (seenByServer tls.ConnectionState, serverErr, clientErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	done := make(chan error, 1)
	go func() {
		raw, err := l.Accept()
		if err != nil {
			done <- err
			return
		}
		conn := tls.Server(raw, server)
		defer func() { _ = conn.Close() }()
		err = echo(conn)
		seenByServer = conn.ConnectionState()
		done <- err
	}()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn := tls.Client(raw, client)
	clientErr = ask(conn)
	_ = conn.Close()
	serverErr = <-done // only then has the server seen all
	return seenByServer, serverErr, clientErr
}

func echo(c *tls.Conn) error {
	if err := c.Handshake(); err != nil {
		return err
	}
	_, err := io.CopyN(c, c, 1)
	return err
}

// ask also reads, for in TLS 1.3 a client learns only then that it was refused.
func ask(c *tls.Conn) error {
	if err := c.Handshake(); err != nil {
		return err
	}
	if _, err := c.Write([]byte{1}); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

func configs(t *testing.T, a, b *crypto.Identity, atServer, atClient func(ed25519.PublicKey) error) (server, client *tls.Config) {
	t.Helper()
	server, err := crypto.ServerConfig(a, atServer)
	if err != nil {
		t.Fatal(err)
	}
	if client, err = crypto.ClientConfig(b, atClient); err != nil {
		t.Fatal(err)
	}
	return server, client
}

func only(i *crypto.Identity) func(ed25519.PublicKey) error {
	return func(key ed25519.PublicKey) error {
		if !key.Equal(i.Public()) {
			return fault.New(fault.Denied, "a stranger").Because("stranger")
		}
		return nil
	}
}

func TestBothSidesLearnTheOthersKey(t *testing.T) {
	bank, terminal := newIdentity(1), newIdentity(2)
	server, client := configs(t, bank, terminal, only(terminal), only(bank))
	state, serverErr, clientErr := handshake(t, server, client)
	if serverErr != nil || clientErr != nil {
		t.Fatalf("server %v, client %v", serverErr, clientErr)
	}
	if key, err := crypto.PeerKey(state); err != nil || !key.Equal(terminal.Public()) {
		t.Errorf("the server sees %x, %v", key, err)
	}
	if state.Version != tls.VersionTLS13 || state.DidResume {
		t.Errorf("version %x, resumed %v", state.Version, state.DidResume)
	}
}

func TestAStrangerIsRefused(t *testing.T) {
	bank, terminal, stranger := newIdentity(1), newIdentity(2), newIdentity(3)
	t.Run("as server", func(t *testing.T) {
		server, client := configs(t, stranger, terminal, nil, only(bank))
		if _, _, err := handshake(t, server, client); fault.ReasonOf(err) != "stranger" {
			t.Errorf("the client goes on: %v", err)
		}
	})
	t.Run("as client", func(t *testing.T) {
		server, client := configs(t, bank, stranger, only(terminal), nil)
		_, serverErr, clientErr := handshake(t, server, client)
		if fault.ReasonOf(serverErr) != "stranger" || clientErr == nil {
			t.Errorf("server %v, client %v", serverErr, clientErr)
		}
	})
}

func TestOtherCertificatesAreRefused(t *testing.T) {
	bank, terminal := newIdentity(1), newIdentity(2)
	own, err := crypto.TLSCertificate(terminal)
	if err != nil {
		t.Fatal(err)
	}
	for name, certificates := range map[string][]tls.Certificate{
		"none":                    nil,
		"two of them":             {{Certificate: [][]byte{own.Certificate[0], own.Certificate[0]}, PrivateKey: own.PrivateKey}},
		"of an elliptic curve":    {otherKind(t)},
		"signed by somebody else": {signedByAnother(t)},
	} {
		t.Run(name, func(t *testing.T) {
			server, client := configs(t, bank, terminal, nil, nil)
			client.Certificates = certificates
			if _, serverErr, _ := handshake(t, server, client); serverErr == nil {
				t.Error("the server goes on")
			}
		})
	}
	t.Run("somebody else's", func(t *testing.T) {
		stolen, err := crypto.TLSCertificate(bank)
		if err != nil {
			t.Fatal(err)
		}
		stolen.PrivateKey = own.PrivateKey
		server, client := configs(t, bank, terminal, nil, nil)
		client.Certificates = []tls.Certificate{stolen}
		if _, serverErr, clientErr := handshake(t, server, client); serverErr == nil && clientErr == nil {
			t.Error("a certificate without its key is taken")
		}
	})
	t.Run("older than TLS 1.3", func(t *testing.T) {
		server, client := configs(t, bank, terminal, nil, nil)
		client.MinVersion, client.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		if _, serverErr, clientErr := handshake(t, server, client); serverErr == nil || clientErr == nil {
			t.Error("TLS 1.2 is spoken")
		}
	})
}

func template() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func otherKind(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template(), template(), key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func signedByAnother(t *testing.T) tls.Certificate {
	t.Helper()
	own := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, 32))
	another := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{6}, 32))
	der, err := x509.CreateCertificate(rand.Reader, template(), template(), own.Public(), another)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: own}
}

func TestACertificateIsConstant(t *testing.T) {
	a, err := crypto.TLSCertificate(newIdentity(1))
	if err != nil {
		t.Fatal(err)
	}
	b, err := crypto.TLSCertificate(newIdentity(1))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Certificate[0], b.Certificate[0]) {
		t.Error("the same identity has two certificates")
	}
}

func TestNoPeerNoKey(t *testing.T) {
	if _, err := crypto.PeerKey(tls.ConnectionState{}); !errors.Is(err, fault.Denied) {
		t.Errorf("got %v", err)
	}
}

// Of what a peer has shown, whoever refuses it says what was wrong.
func TestWhyAPeerHasNoKey(t *testing.T) {
	own, err := crypto.TLSCertificate(newIdentity(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		version uint16
		shown   tls.Certificate
		why     string
	}{
		"good":                    {tls.VersionTLS13, own, ""},
		"of TLS 1.2":              {tls.VersionTLS12, own, "in TLS 1.3"},
		"of an elliptic curve":    {tls.VersionTLS13, otherKind(t), "not an Ed25519 key"},
		"signed by somebody else": {tls.VersionTLS13, signedByAnother(t), "not signed by itself"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := x509.ParseCertificate(row.shown.Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			_, err = crypto.PeerKey(tls.ConnectionState{Version: row.version, PeerCertificates: []*x509.Certificate{c}})
			if (err == nil) != (row.why == "") || err != nil && (!errors.Is(err, fault.Denied) || !strings.Contains(err.Error(), row.why)) {
				t.Errorf("got %v", err)
			}
		})
	}
}
