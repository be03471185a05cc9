package commtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func testSlowHandshake(t *testing.T, w Wire) {
	s := party(t)
	s.Handshake = short
	a := w.door(t, s, Echo())
	t.Run("silent", func(t *testing.T) { WantEnd(t, w.Line(t, a)) })
	t.Run("silent where TLS begins", func(t *testing.T) {
		line := w.Line(t, a)
		if w.Hail != nil {
			_ = w.Hail(line) // unless it is cut before
		}
		WantEnd(t, line)
	})
}

func testWhoMayComeIn(t *testing.T, w Wire) {
	a := w.door(t, party(t), Echo())
	anonymous, old := NewIdentity(t).Config(), NewIdentity(t).Config()
	anonymous.Certificates = nil
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	for name, config := range map[string]*tls.Config{"without a certificate": anonymous, "TLS 1.2": old} {
		t.Run(name, func(t *testing.T) {
			line := w.hailed(t, a)
			c := tls.Client(line, config)
			if _, err := c.Write([]byte("x")); err == nil { // in TLS 1.3 the refusal comes with the next read
				if n, err := c.Read(make([]byte, 1)); err == nil {
					t.Errorf("answered with %d bytes", n)
				}
			}
			WantEnd(t, line)
		})
	}
}

func testRefusedKey(t *testing.T, w Wire) {
	s := party(t)
	s.TLS.Server.VerifyConnection = func(tls.ConnectionState) error { return errors.New("not on the list") }
	_, err := w.New(party(t)).Dial(within(t), w.door(t, s, Echo()), Echo())
	wantFault(t, err, fault.Denied, "identity-refused")
}

// testOtherTLS has other software at the other end, which ends the handshake in its own way. It says
// nothing about our key.
func testOtherTLS(t *testing.T, w Wire) {
	old := NewIdentity(t).Config()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	hello := append(append([]byte{22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3}, make([]byte, 33)...), 0xc0, 0x2b, 0) // a ServerHello of TLS 1.2
	says := func(record []byte) func(net.Conn) {
		return func(line net.Conn) {
			_, _ = line.Read(make([]byte, 4<<10))
			_, _ = line.Write(record)
			_, _ = line.Read(make([]byte, 4<<10))
		}
	}
	for name, server := range map[string]func(net.Conn){
		"TLS 1.2":           func(line net.Conn) { _ = tls.Server(line, old).HandshakeContext(t.Context()) },
		"picks TLS 1.2":     says(hello),
		"handshake failure": says([]byte{21, 3, 3, 0, 2, 2, 40}),
		"no TLS":            says([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")),
	} {
		t.Run(name, func(t *testing.T) {
			a := w.Accept(t, server)
			a.Key = NewIdentity(t).Key
			_, err := w.New(party(t)).Dial(within(t), a, Echo())
			wantFault(t, err, fault.Unavailable, "not-a-session")
		})
	}
	t.Run("a web server's certificate", func(t *testing.T) { testWebServer(t, w) })
	a := w.Accept(t, says([]byte{21, 3, 3, 0, 2, 2, 80})) // internal error: a peer, perhaps, but in trouble
	a.Key = NewIdentity(t).Key
	_, err := w.New(party(t)).Dial(within(t), a, Echo())
	wantFault(t, err, fault.Unavailable, "peer-unreachable")
}

// testWebServer has a proxy that ends TLS in front of a party, or the page by which one logs in to a
// foreign network. That it has no identity key is said, whatever else is found wrong with it.
func testWebServer(t *testing.T, w Wire) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	web := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}}
	a := w.Accept(t, func(line net.Conn) { _ = tls.Server(line, web).HandshakeContext(t.Context()) })
	a.Key = NewIdentity(t).Key
	c := party(t)
	ours := c.TLS.Client
	c.TLS.Client = func(key string) (*tls.Config, error) {
		config, err := ours(key)
		config.VerifyConnection = func(tls.ConnectionState) error { return fault.New(fault.Denied, "not signed by itself") }
		return config, err
	}
	_, err = w.New(c).Dial(within(t), a, Echo())
	wantFault(t, err, fault.Unavailable, "not-a-session")
}

// strict is a servicer whose one handshake the dialler gives up. It tells how many certificates
// it has seen by then.
func strict(t *testing.T, w Wire) (comm.Address, <-chan int) {
	t.Helper()
	config, seen := NewIdentity(t).Config(), make(chan int, 1)
	return w.Accept(t, func(line net.Conn) {
		s := tls.Server(line, config)
		if s.HandshakeContext(t.Context()) == nil {
			t.Error("the handshake was finished")
		}
		seen <- len(s.ConnectionState().PeerCertificates)
	}), seen
}

// A peer that is not the expected one must not learn who called.
func testWrongPeer(t *testing.T, w Wire) {
	a, seen := strict(t, w)
	a.Key = NewIdentity(t).Key
	_, err := w.New(party(t)).Dial(within(t), a, Echo())
	wantFault(t, err, fault.Denied, "peer-key-changed")
	if n := await(t, seen); n != 0 {
		t.Errorf("the peer saw %d certificates", n)
	}
}

// A person may think longer than any handshake lasts: meanwhile the unknown peer has seen the
// end of the handshake, and nothing of us.
func testTrustInPeace(t *testing.T, w Wire) {
	a, seen := strict(t, w)
	s := party(t)
	s.TLS.Trust = func(context.Context, string, comm.Address) error {
		if n := await(t, seen); n != 0 {
			t.Errorf("the peer saw %d certificates", n)
		}
		return fault.New(fault.Denied, "no").Because("person-refused")
	}
	_, err := w.New(s).Dial(within(t), a, Echo())
	wantFault(t, err, fault.Denied, "person-refused")
}

// A wallet shows each vendor another identity, also at a first contact.
func testOwnIdentity(t *testing.T, w Wire) {
	identities := map[string]Identity{}
	s := party(t)
	s.TLS.Trust = trusting
	s.TLS.Client = func(peer string) (*tls.Config, error) {
		if _, ok := identities[peer]; !ok {
			identities[peer] = NewIdentity(t)
		}
		return identities[peer].Config(), nil
	}
	for name, first := range map[string]bool{"known": false, "at a first contact": true} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan string, 1)
			vendor := Party{Transport: w.New(party(t)), Listen: w.Listen(t)}
			a := listen(t, vendor, func(c comm.Conn) (comm.Handler, error) {
				seen <- c.Peer().Key
				return Echo(), nil
			}).Address()
			key := a.Key
			if first {
				a.Key = ""
			}
			w.dials(t, s, a, &Handler{})
			if got := await(t, seen); got != identities[key].Key {
				t.Errorf("the vendor saw the key %s", got)
			}
		})
	}
}

func testLockedIdentity(t *testing.T, w Wire) {
	s := party(t)
	s.TLS.Client = func(string) (*tls.Config, error) { return nil, fault.New(fault.Locked, "the wallet is locked") }
	_, err := w.New(s).Dial(within(t), w.door(t, party(t), Echo()), Echo())
	wantFault(t, err, fault.Locked, "")
}
