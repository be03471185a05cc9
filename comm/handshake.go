package comm

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Handshake is how a transport finds out, in the handshake of TLS, which key the other end
// has: the certificates are self-signed, and the key in them is the identity.
type Handshake struct {
	// Key is the text of our own identity key, as KeyOf would show it.
	Key string
	// Server holds our certificate, asks for the peer's, and checks that the peer's is that of
	// some identity. It is not changed. A party that only dials leaves it nil.
	Server *tls.Config
	// Client is the same for a peer that we dial: a wallet may show each vendor another
	// identity. Its peerKey is empty while the key is being found out; the certificate is
	// not shown to that peer. A party that only listens leaves it nil.
	Client func(peerKey string) (*tls.Config, error)
	// KeyOf reads the text of the peer's identity key from a handshake.
	KeyOf func(tls.ConnectionState) (string, error)
	// Trust decides about unknown peers that we dial; nil refuses them. It is asked while
	// no handshake is open, so a person may take their time.
	Trust Trust
}

// Stranger ends the handshake with a dialled peer whose key nobody has named. So no
// connection is kept open while a person is asked about the key: the transport has Trust.Check
// look at it, and if there is no objection dials again, with the key in the address.
type Stranger struct{ Key string }

// Error implements error.
func (*Stranger) Error() string { return "the key of the peer is unknown" }

// Accepting is the configuration of the end that is dialled. Server is not changed.
func (h Handshake) Accepting() *tls.Config {
	c := h.Server.Clone()
	c.MinVersion = tls.VersionTLS13
	c.NextProtos = nil
	c.ClientAuth = max(c.ClientAuth, tls.RequireAnyClientCert)
	c.SessionTicketsDisabled = true // a resumed handshake would prove nothing new
	return c
}

// Dialling adds the check of the peer's key to the configuration of Client. It happens
// within the handshake, before the peer learns who we are. where names the peer in errors.
func (h Handshake) Dialling(ctx context.Context, a Address, where string) (*tls.Config, error) {
	config, err := h.Client(a.Key)
	if err != nil {
		return nil, fault.From(err)
	}
	c := config.Clone()
	c.MinVersion = tls.VersionTLS13
	c.NextProtos = nil
	c.ClientSessionCache = nil
	others := c.VerifyConnection
	c.VerifyConnection = func(state tls.ConnectionState) error {
		key, err := h.KeyOf(state)
		if err != nil {
			return notOurs(err, "%s shows no identity key", where)
		}
		if others != nil {
			if err := others(state); err != nil {
				return err
			}
		}
		if a.Key == "" {
			return &Stranger{Key: key}
		}
		return h.Trust.Check(ctx, key, a)
	}
	return c, nil
}

// Proved returns the key that the other end has proved in a handshake, and the value that
// both ends see on this connection and on no other (RFC 9266).
func (h Handshake) Proved(state tls.ConnectionState, where string) (key string, binding []byte, err error) {
	if key, err = h.KeyOf(state); err != nil {
		return "", nil, notOurs(err, "%s shows no identity key", where)
	}
	if binding, err = state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32); err != nil {
		return "", nil, fault.Wrap(err, fault.Unsupported, "this connection cannot be told from others").Because("binding-missing")
	}
	return key, binding, nil
}

// HandshakeEnded is the fault of a handshake that TLS itself has ended, at either end; nil if
// something else was in the way, such as the line. Only where the other end says so is it our key
// that is not taken: other software, or an older TLS, ends it for reasons of its own. That is
// fault.Unavailable, for the peer may be there again when what stands in between has gone.
func HandshakeEnded(err error, where string) error {
	var remote *net.OpError
	switch {
	case errors.As(err, &remote) && remote.Op == "remote error":
		if isAlert(remote.Err, identityAlerts) {
			return fault.Wrap(err, fault.Denied, "%s does not take our identity key", where).Because("identity-refused")
		}
		if isAlert(remote.Err, troubleAlerts) {
			return nil
		}
		err = remote.Err
	case !strings.HasPrefix(err.Error(), "tls: "): // what crypto/tls finds wrong itself has no type, but this in front
		return nil
	}
	return notOurs(err, "%s makes no handshake of sessions: %s", where, strings.TrimPrefix(err.Error(), "tls: "))
}

// notOurs is the fault of an end that is no party: a web server, or a proxy that ends TLS.
func notOurs(err error, format string, args ...any) *fault.Fault {
	return fault.Wrap(err, fault.Unavailable, format, args...).
		Because("not-a-session").WithHint("sessions are in TLS 1.3: other software listens there, or something in between speaks for it")
}

// identityAlerts are how TLS says that a certificate or its key is not taken (RFC 8446, 6.2), and
// troubleAlerts that something did not arrive as it was sent, or that the end which says so is in trouble.
var (
	identityAlerts = []tls.AlertError{42, 43, 44, 45, 46, 48, 49, 51, 116}
	troubleAlerts  = []tls.AlertError{20, 80}
)

// isAlert reports whether an error is one of some alerts: crypto/tls has them in a type of its own
// that says the same.
func isAlert(err error, some []tls.AlertError) bool {
	return slices.ContainsFunc(some, func(a tls.AlertError) bool { return err.Error() == a.Error() })
}
