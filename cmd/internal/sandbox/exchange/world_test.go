package exchange_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange/exchangetest"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
)

// born is when the exchanges of the tests are made.
var born = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)

// templates are exchanges of each generation that each test gets a copy of: RSA
// keys take a second. They have a withdraw fee of CHF:0.01.
var templates = map[int]func() (string, error){
	exchange.Protocol:   sync.OnceValues(func() (string, error) { return template(exchange.Protocol) }),
	exchange.Protocol26: sync.OnceValues(func() (string, error) { return template(exchange.Protocol26) }),
}

func template(protocol int) (string, error) {
	dir, err := os.MkdirTemp("", "exchange")
	if err != nil {
		return "", err
	}
	made.Lock()
	made.dirs = append(made.dirs, dir)
	made.Unlock()
	_, err = exchange.Init(context.Background(), dir, exchange.InitOptions{
		Currency: "CHF", WithdrawFee: instrument.Amount{Currency: "CHF", Fraction: 1_000_000}, Protocol: protocol,
		Clock: func() time.Time { return born }, Keys: exchangetest.Keys,
	})
	return filepath.Join(dir, "exchange.db"), err
}

var made struct {
	sync.Mutex
	dirs []string
}

func cleanUp() {
	made.Lock()
	defer made.Unlock()
	for _, dir := range made.dirs {
		_ = os.RemoveAll(dir)
	}
}

// world is an exchange behind a real socket with a clock and a timer of the test.
type world struct {
	*testing.T
	dir     string
	e       *exchange.Exchange
	server  *httptest.Server
	now     atomic.Int64
	waits   chan time.Duration // somebody began to wait
	fire    chan time.Time     // lets one of them go on
	down    func()
	wrong   exchange.Misbehaviour // of the next up
	dice    func() float64
	address string // of the next up; empty: a free one
	soon    bool   // waits of the next up end at once
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return worldOf(t, exchange.Protocol)
}

func worldOf(t *testing.T, protocol int) *world {
	t.Helper()
	file, err := templates[protocol]()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "exchange.db"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, dir: dir, waits: make(chan time.Duration, 1000), fire: make(chan time.Time)}
	w.now.Store(born.Add(time.Minute).Unix())
	w.up()
	return w
}

// up opens the exchange; down closes it. A test may do both again.
func (w *world) up() {
	w.Helper()
	e, err := exchange.Open(w.dir, exchange.Options{
		Clock: func() time.Time { return time.Unix(w.now.Load(), 0) },
		Timer: func(d time.Duration) (<-chan time.Time, func()) {
			if w.soon {
				over := make(chan time.Time)
				close(over)
				return over, func() {}
			}
			w.waits <- d
			return w.fire, func() {}
		},
		Misbehaviour: w.wrong, Dice: w.dice,
	})
	if err != nil {
		w.Fatal(err)
	}
	w.e, w.server = e, httptest.NewUnstartedServer(e.Handler())
	if w.address != "" {
		if err := w.server.Listener.Close(); err != nil {
			w.Fatal(err)
		}
		if w.server.Listener, err = net.Listen("tcp", w.address); err != nil {
			w.Fatal(err)
		}
	}
	w.server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections are cut on purpose
	w.server.Start()
	if err := e.Listening(w.server.URL); err != nil {
		w.Fatal(err)
	}
	w.down = sync.OnceFunc(func() {
		e.Stop()
		w.server.Close()
		if err := e.Close(); err != nil {
			w.Error(err)
		}
	})
	w.Cleanup(w.down)
}

// restart is down and up, where the server listened before.
func (w *world) restart(wrong exchange.Misbehaviour, dice func() float64) {
	w.Helper()
	address := w.server.Listener.Addr().String()
	w.down()
	w.wrong, w.dice, w.soon, w.address = wrong, dice, true, address
	w.up()
}

// body is a document to be sent.
func (w *world) body(document any) io.Reader {
	w.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		w.Fatal(err)
	}
	return bytes.NewReader(text)
}

func (w *world) later(d time.Duration) { w.now.Add(int64(d / time.Second)) }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) code(t *testing.T) taler.Code {
	t.Helper()
	var d taler.ErrorDetail
	a.into(t, &d)
	return d.Code
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
}

func (w *world) do(method, path string, header http.Header, body []byte) answer {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.server.URL+path, bytes.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	maps.Copy(req.Header, header)
	res, err := http.DefaultTransport.RoundTrip(req) // follows no redirects
	if err != nil {
		w.Error(err)
		return answer{}
	}
	defer res.Body.Close()
	if res.Close { // the transport takes the header out
		res.Header.Set("Connection", "close")
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.Error(err)
	}
	return answer{res.StatusCode, res.Header, text}
}

func (w *world) get(path string) answer {
	w.Helper()
	return w.do(http.MethodGet, path, nil, nil)
}

func (w *world) post(path string, document any) answer {
	w.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		w.Fatal(err)
	}
	return w.do(http.MethodPost, path, http.Header{"Content-Type": {"application/json"}}, text)
}

func (w *world) keys() taler.Keys {
	w.Helper()
	var k taler.Keys
	w.get("/keys").into(w.T, &k)
	return k
}

const payer taler.Payto = "payto://x-taler-bank/localhost/alice?receiver-name=alice"

// fill makes a reserve with an amount in it.
func (w *world) fill(text string) crypto.EddsaPrivateKey {
	w.Helper()
	key := newKey(w.T)
	if _, _, err := w.e.AddIncoming(w.Context(), key.Public(), amount(w.T, text), payer); err != nil {
		w.Fatal(err)
	}
	return key
}

func (w *world) balance(key crypto.EddsaPrivateKey) string {
	w.Helper()
	var s taler.ReserveStatus
	w.get("/reserves/"+key.Public().String()).into(w.T, &s)
	return s.Balance.String()
}

var amount = instrumenttest.Amount

// serial makes every key of a test run another one, and the same in each run.
var serial atomic.Uint32

func seed() []byte {
	h := crypto.H([]byte("test seed"), []byte{byte(serial.Add(1)), byte(serial.Load() >> 8)})
	return h[:32]
}

func newKey(t *testing.T) crypto.EddsaPrivateKey {
	t.Helper()
	key, err := crypto.NewEddsaPrivateKey(seed())
	if err != nil {
		t.Fatal(err)
	}
	return key
}
