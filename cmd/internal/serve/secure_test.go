package serve_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// issue writes a certificate for this machine, which is its own authority.
func issue(t *testing.T, dir string, serial int64, written time.Time) serve.Certificate {
	t.Helper()
	return issueUntil(t, dir, serial, written, time.Unix(1<<33, 0))
}

func issueUntil(t *testing.T, dir string, serial int64, written, until time.Time) serve.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	c := serve.Certificate{File: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	check(t, os.WriteFile(c.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	check(t, os.WriteFile(c.File, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	check(t, os.Chtimes(c.File, written, written))
	return c
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serial is the number of the certificate that a port shows.
func serial(t *testing.T, address string) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	check(t, err)
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestARenewedCertificateIsServedAtOnce(t *testing.T) {
	dir, written := t.TempDir(), time.Unix(1_700_000_000, 0)
	c := issue(t, dir, 1, written)
	port, err := serve.Open(t.Context(), "127.0.0.1:0", serve.Options{Certificate: c, Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	if !strings.HasPrefix(port.URL("/"), "https://127.0.0.1:") {
		t.Errorf("it says that it is at %s", port.URL("/"))
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(port) }()
	t.Cleanup(func() { _ = server.Close() })
	at := port.Addr().String()
	if n := serial(t, at); n != 1 {
		t.Errorf("certificate %d", n)
	}
	issue(t, dir, 2, written.Add(time.Hour))
	if n := serial(t, at); n != 2 {
		t.Errorf("after it was renewed, certificate %d", n)
	}
	check(t, os.WriteFile(c.File, []byte("half of a certif"), 0o644))
	if n := serial(t, at); n != 2 {
		t.Errorf("with a broken file, certificate %d", n)
	}
}

// complaints counts what is written to a log.
type complaints struct{ atomic.Int32 }

func (l *complaints) Write(p []byte) (int, error) {
	l.Add(1)
	return len(p), nil
}

// TestABrokenCertificateIsComplainedOfOnce, and not with each connection that anybody
// makes; again when it is another complaint, or has been mended meanwhile.
func TestABrokenCertificateIsComplainedOfOnce(t *testing.T) {
	dir, written := t.TempDir(), time.Unix(1_700_000_000, 0)
	c := issue(t, dir, 1, written)
	var said complaints
	port, err := serve.Open(t.Context(), "127.0.0.1:0", serve.Options{Certificate: c, Log: slog.New(slog.NewTextHandler(&said, nil))})
	check(t, err)
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go func() { _ = server.Serve(port) }()
	t.Cleanup(func() { _ = server.Close() })
	for _, step := range []struct {
		change func()
		want   int32
	}{
		{func() { check(t, os.WriteFile(c.File, []byte("half of a certif"), 0o644)) }, 1},
		{func() { check(t, os.Remove(c.File)) }, 2},
		{func() { issue(t, dir, 2, written.Add(time.Hour)) }, 2},
		{func() { check(t, os.Remove(c.File)) }, 3},
	} {
		step.change()
		for range 3 {
			serial(t, port.Addr().String())
		}
		if got := said.Load(); got != step.want {
			t.Errorf("%d lines instead of %d", got, step.want)
		}
	}
}

// TestACertificateThatIsOver takes no good one's place; where there is no other it is
// served, and the log says why nobody connects.
func TestACertificateThatIsOver(t *testing.T) {
	dir, written, over := t.TempDir(), time.Unix(1_700_000_000, 0), time.Unix(1_600_000_000, 0)
	var said complaints
	shows := func(c serve.Certificate, want int64, lines int32, then func(), after int64, more int32) {
		t.Helper()
		said.Store(0)
		port, err := serve.Open(t.Context(), "127.0.0.1:0", serve.Options{Certificate: c, Log: slog.New(slog.NewTextHandler(&said, nil))})
		check(t, err)
		server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
		go func() { _ = server.Serve(port) }()
		defer func() { _ = server.Close() }()
		looks := func(want int64, lines int32) {
			t.Helper()
			for range 3 {
				if n := serial(t, port.Addr().String()); n != want {
					t.Errorf("certificate %d instead of %d", n, want)
				}
			}
			if got := said.Load(); got != lines {
				t.Errorf("%d lines instead of %d", got, lines)
			}
		}
		looks(want, lines)
		then()
		looks(after, more)
	}
	good := issue(t, dir, 1, written)
	shows(good, 1, 0, func() { issueUntil(t, dir, 2, written.Add(time.Hour), over) }, 1, 1)
	shows(good, 2, 1, func() { issue(t, dir, 3, written.Add(2*time.Hour)) }, 3, 1)
}

func TestACertificateThatCannotBeUsed(t *testing.T) {
	whole, other := issue(t, t.TempDir(), 1, time.Unix(1, 0)), issue(t, t.TempDir(), 2, time.Unix(1, 0))
	open := issue(t, t.TempDir(), 3, time.Unix(1, 0))
	check(t, os.Chmod(open.Key, 0o644))
	for name, row := range map[string]struct {
		c    serve.Certificate
		kind fault.Kind
	}{
		"no file":                    {serve.Certificate{File: "nowhere", Key: whole.Key}, fault.Invalid},
		"no key":                     {serve.Certificate{File: whole.File}, fault.Invalid},
		"another's key":              {serve.Certificate{File: whole.File, Key: other.Key}, fault.Invalid},
		"a key that others can read": {open, fault.Denied},
	} {
		if _, err := serve.Open(t.Context(), "127.0.0.1:0", serve.Options{Certificate: row.c}); fault.KindOf(err) != row.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One address gets its places at a port and no more; this machine always gets in.
func TestAPortIsBounded(t *testing.T) {
	port, err := serve.Open(context.Background(), "127.0.0.1:0", serve.Options{Places: comm.Places{All: 1}})
	check(t, err)
	t.Cleanup(func() { _ = port.Close() })
	go func() {
		for {
			if _, err := port.Accept(); err != nil {
				return
			}
		}
	}()
	first, err := net.Dial("tcp", port.Addr().String())
	check(t, err)
	defer func() { _ = first.Close() }()
	second, err := net.Dial("tcp", port.Addr().String())
	check(t, err)
	if _, err := second.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the second connection was not closed: %v", err)
	}
}

// TestACertificateIsLookedAtBeforehand, as Open and peers will.
func TestACertificateIsLookedAtBeforehand(t *testing.T) {
	good := issue(t, t.TempDir(), 1, time.Unix(1_700_000_000, 0))
	readable := issue(t, t.TempDir(), 2, time.Unix(1_700_000_000, 0))
	check(t, os.Chmod(readable.Key, 0o644))
	torn := issue(t, t.TempDir(), 3, time.Unix(1_700_000_000, 0))
	check(t, os.WriteFile(torn.File, []byte("x"), 0o600))
	const now, later = 1_800_000_000, 1 << 34
	for name, c := range map[string]struct {
		of   serve.Certificate
		host string
		now  int64
		says string // empty: good
	}{
		"good":                      {good, "127.0.0.1", now, ""},
		"for whom, nobody knows":    {good, "", now, ""},
		"for another host":          {good, "c2ec.example.com", now, "is not for c2ec.example.com"},
		"over":                      {good, "127.0.0.1", later, "is good from"},
		"a key that others read":    {readable, "127.0.0.1", now, "can be read by others"},
		"no certificate":            {torn, "127.0.0.1", now, "does not go with the key"},
		"a file that there is none": {serve.Certificate{File: good.File + "x", Key: good.Key}, "", now, "cannot be read"},
		"another one's key":         {serve.Certificate{File: good.File, Key: issue(t, t.TempDir(), 4, time.Time{}).Key}, "", now, "does not go with the key"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.of.Check(c.host, time.Unix(c.now, 0))
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A certificate whose time is over soon is told of before it is: a week, and of a short one a
// third of its time.
func TestACertificateThatEndsSoon(t *testing.T) {
	const until = 1_800_000_000
	c := issueUntil(t, t.TempDir(), 1, time.Unix(1_700_000_000, 0), time.Unix(until, 0))
	for left, soon := range map[time.Duration]bool{8 * 24 * time.Hour: false, 6 * 24 * time.Hour: true, time.Minute: true, -time.Minute: false} {
		if got := c.Ending(time.Unix(until, 0).Add(-left)); (got != nil) != soon {
			t.Errorf("%s before the end: %v", left, got)
		}
	}
	if got := (serve.Certificate{File: c.File + "x", Key: c.Key}).Ending(time.Unix(0, 0)); got != nil {
		t.Errorf("of none: %v", got)
	}
}
