package serve

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Certificate names the files of a certificate, its chain included, and of its
// private key, which only its owner may read. Both empty: plain HTTP.
type Certificate struct{ File, Key string }

func (c Certificate) given() bool { return c.File != "" || c.Key != "" }

// Check refuses a certificate with which Open would fail or peers would not connect:
// one whose time is not now, or that is not for the host that they ask for, if that
// is known. Whether they trust who has issued it is theirs.
func (c Certificate) Check(host string, now time.Time) error {
	r, err := newRenewable(c, nil)
	if err != nil {
		return err
	}
	leaf := r.now.Leaf
	switch {
	case !current(leaf, now):
		return c.outdated(leaf)
	case host != "" && leaf.VerifyHostname(host) != nil:
		return fault.New(fault.Invalid, "the certificate %s is not for %s", c.File, host).Because(reasonCertificate).
			WithHint("that is the host of `url`, which wallets, tills and the exchange ask for")
	}
	return nil
}

func current(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && !now.After(c.NotAfter)
}

// Ending is what is to be said of a certificate whose time is over soon: in a week, or of a
// shorter one in a third of its time. nil: nothing, also of one that Check refuses.
func (c Certificate) Ending(now time.Time) *fault.Fault {
	r, err := newRenewable(c, nil)
	if err != nil || !current(r.now.Leaf, now) {
		return nil
	}
	leaf := r.now.Leaf
	left := leaf.NotAfter.Sub(now)
	if left >= min(soon, leaf.NotAfter.Sub(leaf.NotBefore)/3) {
		return nil
	}
	return fault.New(fault.Unavailable, "the certificate %s is good until %s only", c.File, leaf.NotAfter.Format(time.RFC3339)).
		Because("certificate-ending").WithHint("renew it; a bank that serves reads it again by itself")
}

const soon = 7 * 24 * time.Hour

func (c Certificate) outdated(leaf *x509.Certificate) error {
	return fault.New(fault.Invalid, "the certificate %s is good from %s to %s", c.File, leaf.NotBefore.Format(time.RFC3339), leaf.NotAfter.Format(time.RFC3339)).
		Because(reasonCertificate).WithHint("renew it; a bank that serves reads it again by itself")
}

// renewable serves a certificate from its files and reads them again when the
// first has changed: whoever renews it need not restart anything.
type renewable struct {
	files Certificate
	log   *slog.Logger

	mu   sync.Mutex
	of   time.Time // when the file was written that is served
	now  *tls.Certificate
	said string // what is wrong with the files, as it was logged
}

func newRenewable(c Certificate, log *slog.Logger) (*renewable, error) {
	r := &renewable{files: c, log: log}
	changed, err := r.changed()
	if err == nil {
		err = r.read(changed)
	}
	return r, err
}

func (r *renewable) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: r.get}
}

// get keeps to the certificate of before when the new one cannot be used, or its time is
// not now and that of the other is. That is said once, and so is that the time of the one
// that is served is over: whoever connects makes no lines in the log.
func (r *renewable) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed, err := r.changed()
	if err == nil && !changed.Equal(r.of) {
		err = r.read(changed)
	}
	text, wrong := "the certificate was changed and cannot be used; the one of before is", ""
	if err == nil && !current(r.now.Leaf, time.Now()) {
		text, err = "the certificate is of another time: peers do not connect", r.files.outdated(r.now.Leaf)
	}
	if err != nil {
		wrong = err.Error()
	}
	if wrong != "" && wrong != r.said {
		r.log.Error(text, "error", err)
	}
	r.said = wrong
	return r.now, nil
}

func (r *renewable) changed() (time.Time, error) {
	info, err := os.Stat(r.files.File)
	if err != nil {
		return time.Time{}, fault.Wrap(err, fault.Invalid, "the certificate %s cannot be read: %s", r.files.File, config.Why(err)).Because(reasonCertificate).
			WithHint(namesBoth)
	}
	return info.ModTime(), nil
}

const reasonCertificate fault.Reason = "certificate"

const namesBoth = "tls_certificate_file and tls_key_file name it and its key"

func (r *renewable) read(changed time.Time) error {
	key, err := os.Open(r.files.Key)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the certificate's key %s cannot be read: %s", r.files.Key, config.Why(err)).Because(reasonCertificate).
			WithHint(namesBoth)
	}
	defer func() { _ = key.Close() }()
	if err := config.Private(key); err != nil {
		return err
	}
	both, err := tls.LoadX509KeyPair(r.files.File, r.files.Key)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the certificate %s does not go with the key %s: %s", r.files.File, r.files.Key, err).Because(reasonCertificate).
			WithHint("%s: put both there that were issued together, PEM, the certificate with its chain", namesBoth)
	}
	if now := time.Now(); r.now != nil && current(r.now.Leaf, now) && !current(both.Leaf, now) {
		return r.files.outdated(both.Leaf)
	}
	r.now, r.of = &both, changed
	return nil
}
