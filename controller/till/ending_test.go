package till_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/till"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// gate stands between the terminal and its bank. What it is given hears of each request before
// the bank does, and may change it.
type gate struct {
	mu   sync.Mutex
	hear func(*http.Request) // nil: nobody
}

func (g *gate) hears(f func(*http.Request)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hear = f
}

// behindGate is a house whose terminal reaches the bank through a gate.
func behindGate(t *testing.T) (*house, *gate) {
	t.Helper()
	h := open(t, false)
	h.end()
	at, err := url.Parse(h.bank.URL)
	check(t, err)
	g, behind := &gate{}, httputil.NewSingleHostReverseProxy(at)
	behind.ErrorLog = log.New(io.Discard, "", 0) // the terminal hangs up when it ends
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		hear := g.hear
		g.mu.Unlock()
		if hear != nil {
			hear(r)
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h.bank.URL = server.URL + "/"
	h.start()
	t.Cleanup(func() { h.end() }) // what waits at the gate ends with it
	return h, g
}

// forgets makes a request one for a withdrawal that no bank has.
func forgets(v till.View) func(*http.Request) {
	return func(r *http.Request) {
		r.URL.Path = strings.Replace(r.URL.Path, v.WOPID.Text(), strings.Repeat("0", len(v.WOPID.Text())), 1)
	}
}

// A withdrawal that the bank has forgotten stops. Whoever gives it up then reads of its end in the
// stream, and need not start the terminal again for that.
func TestTheEndOfWhatHadStoppedIsTold(t *testing.T) {
	t.Parallel()
	h, g := behindGate(t)
	v := h.begin("")
	g.hears(forgets(v))
	h.do(http.MethodPost, path(v)+"/accept", "")
	h.waits(v, func(v till.View) bool { return v.Problem != nil })
	if now := h.do(http.MethodPost, path(v)+"/abort", `{"reason":"the bank has forgotten it"}`); now.Status != taler.TerminalAborted {
		t.Errorf("it is %+v", now)
	}
	if told, _ := h.events(path(v) + "/events?timeout_ms=0"); strings.Join(told, " ") != "setup aborted" {
		t.Errorf("the events are %v", told)
	}
}

// While the bank's answer is lost on a withdrawal for good, another process brings it to its end.
// That end is in the stream, though the step that was to lead there has failed.
func TestTheEndThatAnotherProcessReachesIsTold(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		at     string // the status in which the bank's answer is lost
		beside func(h *house, w vendor.Withdrawal) error
		events string
	}{
		{taler.TerminalPending, func(h *house, w vendor.Withdrawal) error {
			return h.shop.GiveUp(h.t.Context(), &w, "given up by hand")
		}, "setup aborted"},
		{taler.TerminalNotified, func(h *house, w vendor.Withdrawal) error {
			_, err := h.shop.Resume(h.t.Context(), w.WOPID, "", leaving{})
			return err
		}, "setup selected paid confirmed"},
	} {
		t.Run(row.at, func(t *testing.T) {
			t.Parallel()
			h, g := behindGate(t)
			v := h.begin(`,"card":"approved"`)
			var once sync.Once
			g.hears(func(r *http.Request) {
				w, err := h.shop.Find(t.Context(), v.WOPID)
				if err != nil || w.Status != row.at || r.Method != http.MethodGet || w.AwaitsCustomer() {
					return
				}
				once.Do(func() {
					g.hears(nil) // the other one gets through
					if err := row.beside(h, w); err != nil {
						t.Error(err)
					}
					forgets(v)(r)
				})
			})
			h.do(http.MethodPost, path(v)+"/accept", "")
			if row.at != taler.TerminalPending {
				h.selects(v)
				h.waits(v, needs("same-wallet"))
				h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
			}
			h.until(func() bool {
				told, _ := h.events(path(v) + "/events?timeout_ms=0")
				return strings.Join(told, " ") == row.events
			})
		})
	}
}

// seller is a person who sells beside the till, and whose customer agrees to all.
type seller struct{}

func (seller) Show(vendor.Event) {}

func (seller) Accept(context.Context, vendor.Quote) (bool, error) { return true, nil }

func (seller) SameWallet(context.Context, string) (bool, error) { return true, nil }

// While the till waits for an answer of its software, or has stopped, another process brings the
// withdrawal to its end: that is in the stream, and nothing is asked any more.
func TestTheEndOfWhatWaitedIsTold(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		waits  func(h *house, g *gate, v till.View)
		beside func(h *house, w vendor.Withdrawal) error
		events string
	}{
		{"paid while the till asks how", func(h *house, _ *gate, v till.View) {
			h.accepted(v)
			h.waits(v, needs("payment"))
		}, func(h *house, w vendor.Withdrawal) error {
			_, err := h.shop.Resume(h.t.Context(), w.WOPID, "approved", seller{})
			return err
		}, "setup selected paid confirmed"},
		{"paid while the till waits for a wallet", func(h *house, _ *gate, v till.View) {
			h.accepted(v)
			h.waits(v, needs("payment"))
			h.do(http.MethodPost, path(v)+"/pay", `{"peer":true}`)
			h.waits(v, func(v till.View) bool { return v.Peer != "" })
		}, func(h *house, w vendor.Withdrawal) error {
			_, err := h.shop.Resume(h.t.Context(), w.WOPID, "approved", seller{})
			return err
		}, "setup selected pay paid confirmed"},
		{"paid while the till asks whose wallet it is", func(h *house, _ *gate, v till.View) {
			h.accepted(v)
			h.waits(v, needs("payment"))
			h.do(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`)
			h.waits(v, needs("same-wallet"))
		}, func(h *house, w vendor.Withdrawal) error {
			_, err := h.shop.Resume(h.t.Context(), w.WOPID, "approved", seller{})
			return err
		}, "setup selected paid confirmed"},
		{"given up while the till has stopped", func(h *house, g *gate, v till.View) {
			g.hears(forgets(v))
			h.do(http.MethodPost, path(v)+"/accept", "")
			h.waits(v, func(v till.View) bool { return v.Problem != nil })
		}, func(h *house, w vendor.Withdrawal) error {
			return h.shop.GiveUp(h.t.Context(), &w, "given up by hand")
		}, "setup aborted"},
		{"given up while the till asks for the customer's word", func(*house, *gate, till.View) {}, func(h *house, w vendor.Withdrawal) error {
			return h.shop.GiveUp(h.t.Context(), &w, "given up by hand")
		}, "setup aborted"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h, g := behindGate(t)
			v := h.begin("")
			row.waits(h, g, v)
			w, err := h.shop.Find(t.Context(), v.WOPID)
			check(t, err)
			check(t, row.beside(h, w))
			h.until(func() bool {
				told, _ := h.events(path(v) + "/events?timeout_ms=0")
				return strings.Join(told, " ") == row.events
			})
			if now := h.do(http.MethodGet, path(v), ""); now.Needs != "" || now.Problem != nil || h.cards.Times() > 1 {
				t.Errorf("it is %+v, after %d charges", now, h.cards.Times())
			}
		})
	}
}

// Another process has had a withdrawal paid, and left. The till asks nobody to pay for it again, and
// goes on when it is told to.
func TestWhatAnotherProcessHasHadPaidGoesOn(t *testing.T) {
	t.Parallel()
	h, g := behindGate(t)
	v := h.begin("")
	h.accepted(v)
	h.waits(v, needs("payment"))
	ctx, leave := context.WithCancel(t.Context())
	g.hears(func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/check") { // the notice of the payment
			g.hears(nil)
			leave()
			r.URL.Path = "/gone"
		}
	})
	if _, err := h.shop.Resume(ctx, v.WOPID, "approved", seller{}); err == nil {
		t.Error("the bank has heard of it")
	}
	if now := h.do(http.MethodGet, path(v), ""); now.Status != taler.TerminalPaid || now.Needs != "" {
		t.Errorf("it is %+v", now)
	}
	h.do(http.MethodPost, path(v)+"/resume", "")
	h.waits(v, is(taler.TerminalConfirmed))
	h.wantEvents(v, "setup", "selected", "paid", "confirmed")
	if n := h.cards.Times(); n != 1 {
		t.Errorf("%d charges", n)
	}
}

// What another process has accepted is not asked about any more, and goes on in both.
func TestWhatAnotherProcessHasAcceptedGoesOn(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	v := h.begin("")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := h.shop.Resume(ctx, v.WOPID, "approved", seller{})
		ended <- err
	}()
	h.waits(v, func(v till.View) bool { return !v.Accepted.IsZero() && v.Needs == "" })
	cancel()
	<-ended
	h.selects(v)
	if now := h.waits(v, needs("payment")); now.Problem != nil {
		t.Errorf("it has the problem %v", now.Problem)
	}
	h.do(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`)
	h.waits(v, needs("same-wallet"))
	h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
	h.waits(v, is(taler.TerminalConfirmed))
	h.wantEvents(v, "setup", "selected", "paid", "confirmed")
}
