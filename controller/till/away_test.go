package till_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/till"
)

// While a bank does not answer what a withdrawal waits for, till software is told, from
// the beginning of the withdrawal on; and that it answers again.
func TestABankThatIsAwayIsShown(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	h.end()
	at, err := url.Parse(h.bank.URL)
	check(t, err)
	var away, missed, waits atomic.Bool
	behind := httputil.NewSingleHostReverseProxy(at)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			missed.Store(true)
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if missed.CompareAndSwap(true, false) {
			waits.Store(r.URL.Query().Has("timeout_ms"))
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(gate.Close)
	h.bank.URL = gate.URL + "/"
	h.start()
	defer func() { h.end() }() // what waits at the gate ends with it
	v := h.begin(`,"card":"approved"`)
	away.Store(true)
	h.do(http.MethodPost, path(v)+"/accept", "")
	now := h.waits(v, func(v till.View) bool { return v.Problem != nil })
	if now.Status != taler.TerminalPending || now.Problem.Kind != fault.Unavailable && now.Problem.Kind != fault.Unknown {
		t.Errorf("it is %s: %v", now.Status, now.Problem)
	}
	away.Store(false)
	h.waits(v, func(v till.View) bool { return v.Problem == nil && v.Status == taler.TerminalPending })
	if waits.Load() {
		t.Error("that the bank is back is known only once there is news of the withdrawal")
	}
}

// Whoever begins a withdrawal at a bank that takes what it is asked and says nothing, or asks what it
// deals in, is told so before the bank gives up, and can send the same request again.
func TestABankThatSaysNothingIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	h, g := behindGate(t)
	h.looks = time.Millisecond
	h.restart()
	answers := make(chan struct{})
	g.hears(func(*http.Request) { <-answers })
	if r := h.ask(http.MethodGet, "/config", ""); r.status != http.StatusServiceUnavailable || !strings.Contains(r.body, `"hint":"send the same request again"`) {
		t.Errorf("what it deals in: %d %s", r.status, r.body)
	}
	r := h.ask(http.MethodPost, "/withdrawals", `{"key":"k","amount":"CHF:20"}`)
	if r.status != http.StatusServiceUnavailable || !strings.Contains(r.body, `"hint":"send the same request again"`) {
		t.Errorf("%d %s", r.status, r.body)
	}
	close(answers)
	h.looks = 0
	h.restart()
	h.do(http.MethodPost, "/withdrawals", `{"key":"k","amount":"CHF:20"}`)
}
