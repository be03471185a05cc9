//go:build !race

package rest_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"testing"

	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestWhoWaitsHasASmallStack: what a handler has on the stack while it waits decides
// whether a collection can halve that; half of what ten thousand who wait need are stacks.
// A detector of races makes frames larger, and the figure another one.
func TestWhoWaitsHasASmallStack(t *testing.T) {
	h := banktest.Open(t, banktest.Options{Bundles: bundles()})
	id := setUp(t, h, "waits").Text()
	login := base64.StdEncoding.EncodeToString([]byte(h.Terminal.Name + ":" + h.Terminal.Token))
	t.Run("a wallet", func(t *testing.T) {
		smallStacks(t, h, "GET /taler-integration/withdrawal-operation/"+id+"?long_poll_ms=600000&old_state=pending HTTP/1.1\r\n")
	})
	t.Run("a terminal", func(t *testing.T) {
		smallStacks(t, h, "GET /withdrawals/"+id+"?long_poll_ms=600000&old_state=pending HTTP/1.1\r\nAuthorization: Basic "+login+"\r\n")
	})
}

func smallStacks(t *testing.T, h *banktest.House, request string) {
	const waiting, most = 300, 12 << 10 // 8 KiB of the connection's goroutine, and those of the one that looks whether the peer has gone
	at, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	before, goroutines := stacks(), runtime.NumGoroutine()
	for range waiting {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", at.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "%sHost: %s\r\n\r\n", request, at.Host); err != nil {
			t.Fatal(err)
		}
	}
	each := 0
	for ctx := withTimeout(t); ctx.Err() == nil; runtime.Gosched() {
		each = (stacks() - before) / waiting // who looks again meanwhile needs more until the next collection
		if runtime.NumGoroutine() >= goroutines+2*waiting && each <= most {
			return
		}
	}
	t.Errorf("%d goroutines more, with stacks of %d bytes for each who waits, and %d should do", runtime.NumGoroutine()-goroutines, each, most)
}

// stacks is what all stacks take behind two collections; each can halve one.
func stacks() int {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int(s.StackInuse) //nolint:gosec // less than memory
}
