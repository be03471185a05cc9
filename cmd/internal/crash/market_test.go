//go:build unix

package crash_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// program is the real one, built once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "swaperoo")
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "github.com/swaperoo/swaperoo/cmd/swaperoo").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// market is an exchange and a wallet, each a process of the real program, and the
// way between them, on which a wallet is killed.
type market struct {
	dir, exchange string // the exchange's own address
	way           *httptest.Server
	forgets       bool // the wallet, when it is killed, all of its last withdrawal
	runs          int

	mu    sync.Mutex
	life  *exec.Cmd
	armed *moment
	dead  bool           // it was killed
	seen  map[string]int // requests and events of this run, by name
	trace []moment

	worth instrument.Amount // of all coins that were made, as the wallet has said
	coins int
}

func newMarket(t *testing.T, protocol string) *market {
	t.Helper()
	m := &market{dir: t.TempDir(), seen: map[string]int{}, worth: instrument.ZeroOf("CHF")}
	check(t, os.WriteFile(filepath.Join(m.dir, "word"), []byte("a passphrase\n"), 0o600))
	m.does(t, "exchange", "init", "--dir", m.path("exchange"), "--currency", "CHF", "--protocol", protocol, "--withdraw-fee", "CHF:0.01")
	shop := m.command(t, "exchange", "serve", "--dir", m.path("exchange"), "--json")
	out, err := shop.StdoutPipe()
	check(t, err)
	check(t, shop.Start())
	t.Cleanup(func() { _ = shop.Process.Kill(); _ = shop.Wait() })
	var said struct{ URL string }
	lines := bufio.NewScanner(out)
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &said) != nil {
		t.Fatalf("the exchange says %q", lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	m.exchange = said.URL
	m.way = httptest.NewServer(http.HandlerFunc(m.pass))
	t.Cleanup(m.way.Close)
	m.does(t, "wallet", "init", "--dir", m.path("wallet"))
	m.does(t, "wallet", "exchange", "add", m.way.URL, "--dir", m.path("wallet"))
	return m
}

func (m *market) path(name string) string { return filepath.Join(m.dir, name) }

func (m *market) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	check(t, err)
	c := exec.Command(path, args...)
	c.Env = []string{"HOME=" + m.dir, "PATH=" + os.Getenv("PATH"), "SWAPEROO_PASSPHRASE_FILE=" + m.path("word")}
	return c
}

func (m *market) does(t *testing.T, args ...string) []byte {
	t.Helper()
	c := m.command(t, args...)
	var messages bytes.Buffer
	c.Stderr = &messages
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, messages.Bytes())
	}
	return out
}

// pass lets a request through to the exchange, and kills on the way.
func (m *market) pass(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/reserves/") {
		name = "reserve"
	}
	m.meets(name)
	if m.kills(name, sent) {
		panic(http.ErrAbortHandler)
	}
	ask, err := http.NewRequestWithContext(r.Context(), r.Method, strings.TrimSuffix(m.exchange, "/")+r.URL.RequestURI(), r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	ask.Header = r.Header.Clone()
	answer, err := http.DefaultTransport.RoundTrip(ask)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close()
	if m.kills(name, done) {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
	_ = http.NewResponseController(w).Flush()
	m.kills(name, heard)
}

// meets counts a request or event.
func (m *market) meets(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[name]++
}

// kills ends the wallet if this is the moment, and reports whether it does at once.
func (m *market) kills(name, stage string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := moment{name: name, stage: stage, nth: m.seen[name]}
	m.trace = append(m.trace, now)
	if m.armed == nil || m.armed.name != name || m.armed.stage != stage || m.armed.nth != now.nth || m.life == nil {
		return false
	}
	life, later := m.life, m.armed.later
	m.armed = nil
	if later > 0 {
		time.AfterFunc(later, func() { m.kill(life) })
		return false
	}
	m.dead = true
	_ = life.Process.Kill()
	return true
}

func (m *market) kill(life *exec.Cmd) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.life == life {
		m.dead = true
		_ = life.Process.Kill()
	}
}
