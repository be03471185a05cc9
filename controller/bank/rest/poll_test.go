package rest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

// later runs a request that is held.
func later(ctx context.Context, base string, r request) <-chan response {
	out := make(chan response, 1)
	go func() {
		got, err := try(ctx, base, r)
		if err != nil {
			got = response{body: err.Error()}
		}
		out <- got
	}()
	return out
}

// TestHeldUntilItChanges: whoever waits hears of the change, whichever way it
// came and whichever spelling it waits by.
//
// Rows: long poll, long poll wake, select 14.
func TestHeldUntilItChanges(t *testing.T) {
	t.Run("in its handler", func(t *testing.T) { heldUntilItChanges(t, time.Hour) })
	t.Run("parked", func(t *testing.T) { heldUntilItChanges(t, 0) })
}

func heldUntilItChanges(t *testing.T, moment time.Duration) {
	h := open(t, banktest.Options{})
	h.API.Moment(moment)
	ctx := withTimeout(t)
	for name, c := range map[string]struct {
		query  string
		begin  func(t *testing.T, uid string) taler.WOPID
		change func(t *testing.T, id taler.WOPID)
		want   taler.State
	}{
		"selection": {"?timeout_ms=100000", func(t *testing.T, uid string) taler.WOPID { return setUp(t, h, uid) }, func(t *testing.T, id taler.WOPID) {
			if _, err := h.Wallet().Select(ctx, id, taler.BankWithdrawalOperationPostRequest{ReservePub: key(1), SelectedExchange: banktest.ExchangeAccount}); err != nil {
				t.Error(err)
			}
		}, taler.StateSelected},
		"abort by the wallet, old spelling": {"?long_poll_ms=100000&old_state=pending", func(t *testing.T, uid string) taler.WOPID { return setUp(t, h, uid) }, func(t *testing.T, id taler.WOPID) {
			if err := h.Wallet().AbortOperation(ctx, id); err != nil {
				t.Error(err)
			}
		}, taler.StateAborted},
		"verdict": {"?timeout_ms=100000&old_state=selected", func(t *testing.T, uid string) taler.WOPID { return selected(t, h, uid, key(2)) }, func(t *testing.T, id taler.WOPID) {
			pay(t, h, id, "tx-verdict")
			notify(t, h, id, "tx-verdict")
		}, taler.StateConfirmed},
		"abort by the terminal": {"?timeout_ms=100000&old_state=selected&long_poll_ms=0", func(t *testing.T, uid string) taler.WOPID { return selected(t, h, uid, key(3)) }, func(t *testing.T, id taler.WOPID) {
			if err := h.Till(h.Terminal).Abort(ctx, id); err != nil {
				t.Error(err)
			}
		}, taler.StateAborted},
	} {
		t.Run(name, func(t *testing.T) {
			id := c.begin(t, name)
			wallet := request{method: "GET", path: "/taler-integration/withdrawal-operation/" + id.Text() + c.query}
			till := request{method: "GET", path: "/withdrawals/" + id.Text() + c.query, login: h.Terminal}
			waiting := map[string]<-chan response{wallet.path: later(ctx, h.URL, wallet), till.path: later(ctx, h.URL, till)}
			allWait(ctx, t, h, moment, 2)
			c.change(t, id)
			for who, waits := range waiting {
				var s taler.BankWithdrawalOperationStatus
				got := <-waits
				if err := taler.Unmarshal([]byte(got.body), &s); err != nil || got.status != 200 || s.Status != c.want {
					t.Errorf("%s heard %d %s", who, got.status, got.body)
				}
			}
		})
	}
}

// allWait waits until so many requests are held: in their handlers, or parked if they
// do not stay there for a moment.
func allWait(ctx context.Context, t *testing.T, h *banktest.House, moment time.Duration, n int) {
	t.Helper()
	if err := h.WaitHeld(ctx, n); err != nil {
		t.Fatal(err)
	}
	for moment == 0 && h.API.Parked() < n {
		if ctx.Err() != nil {
			t.Fatalf("%d requests are parked", h.API.Parked())
		}
		runtime.Gosched()
	}
}

// TestNotHeld: what is asked differently from what there is, or not long enough,
// is answered at once, with the same document.
//
// Rows: long poll, long poll parameters.
func TestNotHeld(t *testing.T) {
	h := open(t, banktest.Options{Rest: rest.Options{LongPollCap: time.Millisecond}})
	id := selected(t, h, "u", key(1))
	path := "/taler-integration/withdrawal-operation/" + id.Text()
	want := send(t, h, request{method: "GET", path: path})
	for name, query := range map[string]string{
		"no wait":                     "?old_state=selected",
		"a wait of nothing":           "?timeout_ms=0&old_state=selected",
		"the new spelling wins":       "?timeout_ms=0&long_poll_ms=600000&old_state=selected",
		"another state":               "?timeout_ms=600000&old_state=pending",
		"another state by default":    "?timeout_ms=600000",
		"cut to what the bank grants": "?timeout_ms=600000&old_state=selected",
		"a number beyond all numbers": "?timeout_ms=99999999999999999999999&old_state=selected",
	} {
		if got := send(t, h, request{method: "GET", path: path + query}); got.status != 200 || got.body != want.body {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// TestHeldExchangeHearsOfMoney, and its time limit is no error; its auditor hears of
// what went back.
//
// Rows: incoming held, incoming empty, outgoing held.
func TestHeldExchangeHearsOfMoney(t *testing.T) {
	t.Run("in its handler", func(t *testing.T) { heldExchangeHearsOfMoney(t, time.Hour) })
	t.Run("parked", func(t *testing.T) { heldExchangeHearsOfMoney(t, 0) })
}

func heldExchangeHearsOfMoney(t *testing.T, moment time.Duration) {
	h := open(t, banktest.Options{Decide: handsOut})
	h.API.Moment(moment)
	as := banktest.Login{Name: h.Gateway.User, Token: h.Gateway.Password}
	send(t, h, request{method: "GET", path: "/taler-wire-gateway/history/incoming?delta=1024&long_poll_ms=50", login: as}).want(t, 204, 0)
	ctx := withTimeout(t)
	waits := later(ctx, h.URL, request{method: "GET", path: "/taler-wire-gateway/history/incoming?delta=1024&long_poll_ms=100000", login: as})
	allWait(ctx, t, h, moment, 1)
	id := selected(t, h, "u", key(1))
	pay(t, h, id, "tx")
	notify(t, h, id, "tx")
	got := <-waits
	if rows, err := taler.ReadIncoming([]byte(got.body), 0); err != nil || len(rows.IncomingTransactions) != 1 || got.status != 200 {
		t.Errorf("%d %s: %v", got.status, got.body, err)
	}
	waits = later(ctx, h.URL, request{method: "GET", path: "/taler-wire-gateway/history/outgoing?delta=1024&long_poll_ms=100000", login: as})
	allWait(ctx, t, h, moment, 1)
	if _, err := h.Exchange().Transfer(ctx, wanted(t, 1, "5", "tx")); err != nil {
		t.Fatal(err)
	}
	report(t, h, taler.TransferSuccess, "")
	got = <-waits
	if rows, err := taler.ReadOutgoing([]byte(got.body), 0); err != nil || len(rows.OutgoingTransactions) != 1 || got.status != 200 {
		t.Errorf("%d %s: %v", got.status, got.body, err)
	}
}

// TestShutdownLetsGo: a server that ends answers those whom it holds.
func TestShutdownLetsGo(t *testing.T) {
	t.Run("in their handlers", func(t *testing.T) { shutdownLetsGo(t, time.Hour) })
	t.Run("parked", func(t *testing.T) { shutdownLetsGo(t, 0) })
}

func shutdownLetsGo(t *testing.T, moment time.Duration) {
	h := open(t, banktest.Options{})
	h.API.Moment(moment)
	id := setUp(t, h, "u")
	ctx := withTimeout(t)
	path := "/taler-integration/withdrawal-operation/" + id.Text() + "?timeout_ms=600000"
	waits := later(ctx, h.URL, request{method: "GET", path: path})
	money := later(ctx, h.URL, request{
		method: "GET", path: "/taler-wire-gateway/history/incoming?limit=5&timeout_ms=600000",
		login: banktest.Login{Name: h.Gateway.User, Token: h.Gateway.Password},
	})
	allWait(ctx, t, h, moment, 2)
	h.Close() // fails the test if it cannot end within its time
	if n := h.API.Parked(); n != 0 {
		t.Errorf("the server has ended, and %d requests still wait", n)
	}
	if got := <-waits; got.status != 200 {
		t.Errorf("the wallet heard %d %s", got.status, got.body)
	}
	if got := <-money; got.status != 204 {
		t.Errorf("the exchange heard %d %s", got.status, got.body)
	}
}

// TestADefectEndsItsWaitOnly: it is answered, wherever it is met, nobody counts as
// held because of it, and the connection goes on.
func TestADefectEndsItsWaitOnly(t *testing.T) {
	h := open(t, banktest.Options{})
	for name, c := range map[string]struct {
		moment time.Duration
		defect any
	}{
		"in its handler":         {time.Hour, "a defect"},
		"parked":                 {0, "a defect"},
		"parked, as net/http's":  {0, http.ErrAbortHandler},
		"handler, as net/http's": {time.Hour, http.ErrAbortHandler},
	} {
		t.Run(name, func(t *testing.T) {
			held := make(chan int, 100)
			api := rest.New(h.Bank, rest.Options{Clock: time.Now, Held: func(now int) { held <- now }})
			api.Moment(c.moment)
			api.Hold("/defect", func(_ context.Context, wait time.Duration) ([]byte, bool, error) {
				if wait == 0 {
					return nil, false, nil
				}
				panic(c.defect)
			})
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := rest.NewServer(api, rest.Limits{})
			served := make(chan error, 1)
			go func() { served <- server.Serve(l) }()
			ctx := withTimeout(t)
			for range 2 {
				got, err := try(ctx, "http://"+l.Addr().String(), request{method: "GET", path: "/defect"})
				if err != nil || got.status != 500 {
					t.Errorf("%d %s, %v", got.status, got.body, err)
				}
				for _, want := range []int{1, 0} {
					select {
					case now := <-held:
						if now != want {
							t.Errorf("%d are held, not %d", now, want)
						}
					case <-ctx.Done():
						t.Fatalf("it is not told that %d are held", want)
					}
				}
			}
			if err := server.Shutdown(ctx); err != nil {
				t.Error(err)
			}
			if err := <-served; !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		})
	}
}
