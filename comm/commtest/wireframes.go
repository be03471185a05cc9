package commtest

import (
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func testForeignFrames(t *testing.T, w Wire) {
	const most = 32 << 10
	for _, row := range []struct {
		name, message string
		reason        string // as the peer gets to see it; empty: any
	}{
		{"no JSON", `hello`, "frame-malformed"},
		{"nothing", ``, "frame-malformed"},
		{"no UTF-8", "{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}", "frame-malformed"},
		{"a batch", `[{"jsonrpc":"2.0","method":"x"}]`, "batch-refused"},
		{"another version", `{"jsonrpc":"1.0","method":"x"}`, "version-unknown"},
		{"an answer to nothing", `{"jsonrpc":"2.0","id":7,"result":1}`, "answer-unasked"},
		{"too long", strings.Repeat(" ", 2*most) + `{"jsonrpc":"2.0","method":"x"}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			h, s := Echo(), party(t)
			s.MaxFrame = most
			c := w.Client(t, w.door(t, s, h))
			if err := c.Send(row.message); err != nil && row.reason != "" {
				t.Fatal(err) // too long a frame may be refused before its end
			}
			if reason := c.End(); row.reason != "" && reason != row.reason {
				t.Errorf("ended with %q, want %q", reason, row.reason)
			}
			Await(t, h.Ended(), "the handler is told")
		})
	}
}

func testServicerCalls(t *testing.T, w Wire) {
	seen := make(chan string, 1)
	a := w.Serve(t, func(c Raw) {
		if err := c.Send(`{"jsonrpc":"2.0","id":1,"method":"transaction.execute"}`); err != nil {
			t.Error(err)
		}
		seen <- c.End()
	})
	h := Echo()
	conn := w.dials(t, party(t), a, h)
	Await(t, h.Ended(), "the initiator ends the connection")
	if reason := await(t, seen); reason != "servicer-may-not-call" {
		t.Errorf("the servicer saw %q", reason)
	}
	err := conn.Call(within(t), "x", nil, nil)
	if fault.ReasonOf(err) != "connection-lost" || !strings.Contains(err.Error(), "sent a request, which only the side that dialled may send") {
		t.Errorf("call afterwards: %v", err)
	}
}

// The peer never reads, so it answers no ping, as one whose machine is gone.
func testHalfOpen(t *testing.T, w Wire) {
	h, s := Echo(), party(t)
	s.Ping, s.Idle, s.Write = 2*short, 20*short, time.Hour
	w.Client(t, w.door(t, s, h))
	Await(t, h.Ended(), "the peer without pongs is cut")
}

func testNotRead(t *testing.T, w Wire) {
	h, s := &Handler{}, party(t)
	a := w.Serve(t, func(Raw) { <-h.Ended() })
	s.Write = short
	conn := w.dials(t, s, a, h)
	text := strings.Repeat("x", 256<<10)
	for {
		if err := conn.Notify(within(t), "said", text); err != nil {
			if fault.ReasonOf(err) != "connection-lost" {
				t.Errorf("notify: %v", err)
			}
			break
		}
	}
	Await(t, h.Ended(), "the handler is told")
}

func testTooManyConnections(t *testing.T, w Wire) {
	h, s, client := Echo(), party(t), party(t)
	s.Connections = 1
	a := w.door(t, s, h)
	first := w.dials(t, client, a, &Handler{})
	if err := first.Call(within(t), "echo", nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.New(client).Dial(within(t), a, Echo()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("the second: %v", err)
	}
	if err := first.Call(within(t), "echo", nil, nil); err != nil {
		t.Errorf("the first suffered: %v", err)
	}
	_ = first.Close()
	Await(t, h.Ended(), "the first is gone")
	for ctx := within(t); ; { // a listener may need a moment to see that it has room again
		again, err := w.New(client).Dial(ctx, a, Echo())
		if err == nil {
			_ = again.Close()
			return
		}
		if fault.KindOf(err) != fault.Unavailable || ctx.Err() != nil {
			t.Fatalf("when there is room again: %v", err)
		}
	}
}
