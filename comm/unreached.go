package comm

import (
	"crypto/tls"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Unreached is the fault of a server to which no connection could be made: nothing was
// sent. If the server is there but its certificate is not trusted, the fault says that.
func Unreached(err error, host string) *fault.Fault {
	f := fault.Wrap(err, fault.Unavailable, "%s cannot be reached", host).
		WithHint("check the address and the network, then try again")
	if Untrusted(err) {
		f = fault.Wrap(err, fault.Unavailable, "%s shows a certificate that is not trusted here", host).
			WithHint("it must be for this name, of today, and come with its chain from an authority that this machine knows (SSL_CERT_FILE adds one)")
	}
	return f.Because("server-unreachable")
}

// Untrusted reports whether a connection ended before anything was sent, because of the
// server's certificate.
func Untrusted(err error) bool {
	var stranger *tls.CertificateVerificationError
	return errors.As(err, &stranger)
}
