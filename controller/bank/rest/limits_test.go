package rest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
	"github.com/swaperoo/swaperoo/profile"
)

// TestLongPollsOutliveTheLimits of other requests, on both sides of the wait.
// How long the wait has lasted is told by idle connections, which the server
// drops after the same limit.
func TestLongPollsOutliveTheLimits(t *testing.T) {
	t.Run("in their handlers", func(t *testing.T) { outlivesTheLimits(t, time.Hour) })
	t.Run("parked", func(t *testing.T) { outlivesTheLimits(t, 0) })
}

func outlivesTheLimits(t *testing.T, moment time.Duration) {
	const limit = 250 * time.Millisecond
	h := open(t, banktest.Options{Limits: rest.Limits{Header: limit, Read: limit, Write: limit}})
	h.API.Moment(moment)
	ctx := withTimeout(t)
	till, err := h.Bank.Profiles().Login(ctx, profile.Terminal, h.Terminal.Name, h.Terminal.Token)
	if err != nil {
		t.Fatal(err)
	}
	// Not over HTTP: a slow disk must not meet these limits.
	made, err := h.Bank.SetUp(ctx, till, taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: chf(t, "20")})
	if err != nil {
		t.Fatal(err)
	}
	id := made.WithdrawalID
	waits := held(ctx, h, request{method: "GET", path: "/taler-integration/withdrawal-operation/" + id.Text() + "?timeout_ms=100000"})
	for range 2 {
		passes(t, h.URL)
	}
	if err := h.Bank.AbortByOperator(ctx, id, "test"); err != nil {
		t.Fatal(err)
	}
	var s taler.BankWithdrawalOperationStatus
	if got := <-waits; got.status != 200 || taler.Unmarshal([]byte(got.body), &s) != nil || s.Status != taler.StateAborted {
		t.Errorf("the wallet heard %d %s", got.status, got.body)
	}
}

// held sends a request until the server holds it: on a slow machine the server
// may give one up before its header is there.
func held(ctx context.Context, h *banktest.House, r request) <-chan response {
	for {
		over, stop := context.WithCancel(ctx)
		waits := later(ctx, h.URL, r)
		out := make(chan response, 1)
		go func() {
			defer stop()
			out <- <-waits
		}()
		if h.WaitHeld(over, 1) == nil || ctx.Err() != nil {
			return out
		}
	}
}

// passes waits until the server has dropped a connection on which nothing came.
func passes(t *testing.T, base string) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); err != nil {
		t.Fatalf("the server keeps a connection on which nothing comes: %v", err)
	}
}

// TestSlowSenders are dropped: of a header, and of a body.
func TestSlowSenders(t *testing.T) {
	h := open(t, banktest.Options{Limits: rest.Limits{Header: 250 * time.Millisecond, Read: 250 * time.Millisecond}})
	u, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, begin := range map[string]string{
		"nothing":       "",
		"half a header": "GET /config HTTP/1.1\r\nHost: x\r\n",
		"half a body":   fmt.Sprintf("POST /withdrawals HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: 100\r\n\r\n{", basic(h.Terminal.Name, h.Terminal.Token)),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", u.Host)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(c, begin) // it may be dropped by now
			if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the server still waits: %v", err)
			}
		})
	}
	ctx := withTimeout(t)
	for ctx.Err() == nil { // whose header came in time is told
		c := half(t, h, head(h.Terminal, 100, "")+"{")
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			continue
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != 400 || !answer.Close || !strings.Contains(string(body), `"code":22,"hint":"the body did not come in time"`) {
			t.Errorf("who stops in a body gets %d %s, %v", answer.StatusCode, body, err)
		}
		break
	}
	for { // we may be slow senders ourselves, where everything is slow
		got, err := try(ctx, h.URL, request{method: "GET", path: "/config", login: h.Terminal})
		if err == nil {
			got.want(t, 200, 0)
			return
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}
