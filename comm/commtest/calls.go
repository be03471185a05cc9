package commtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

func testAnswer(t *testing.T, w World) {
	l := connect(t, w, &Handler{}, Echo())
	for name, sent := range map[string]any{
		"object": map[string]any{"class": "coupon", "html": "<a&b>", "big": json.Number("9007199254740993")},
		"list":   []any{"a", "b"},
		"text":   "ÄÖ\u2028",
		"null":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			var got json.RawMessage
			if err := l.initiator.Call(within(t), "echo", sent, &got); err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(sent)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("came back as %s, want %s", got, want)
			}
		})
	}
	if err := l.initiator.Call(within(t), "echo", "dropped", nil); err != nil {
		t.Errorf("a call that wants no result: %v", err)
	}
	var number int
	wantFault(t, l.initiator.Call(within(t), "echo", "text", &number), fault.Unknown, "answer-malformed")
}

func testFaults(t *testing.T, w World) {
	cause := errors.New("open /secret/path: permission denied")
	type row struct {
		err    error
		kind   fault.Kind
		reason fault.Reason
		hint   string
	}
	rows := map[string]row{
		"with all words": {fault.New(fault.Conflict, "taken").Because("reserve-taken").WithHint("scan another"), fault.Conflict, "reserve-taken", "scan another"},
		"with a cause":   {fault.Wrap(cause, fault.Locked, "the wallet is locked"), fault.Locked, "", ""},
		"wrapped":        {fmt.Errorf("%s: %w", cause, fault.New(fault.Stuck, "stopped")), fault.Stuck, "", ""},
		"no fault":       {cause, fault.Internal, "", ""},
		"going away":     {fault.New(fault.Suspended, "stop"), fault.Unavailable, "going-away", "connect again later"},
	}
	l := connect(t, w, &Handler{}, &Handler{OnRequest: func(_ context.Context, _ comm.Conn, method string, _ json.RawMessage) (any, error) {
		return nil, rows[method].err
	}})
	for name, want := range rows {
		t.Run(name, func(t *testing.T) {
			f := wantFault(t, l.initiator.Call(within(t), name, nil, nil), want.kind, want.reason)
			if f.Hint != want.hint {
				t.Errorf("hint is %q, want %q", f.Hint, want.hint)
			}
			if f.Message == "" || strings.Contains(f.Error(), "secret") {
				t.Errorf("message is %q", f.Error())
			}
		})
	}
}

func testOrder(t *testing.T, w World) {
	const n = 100
	seen := make(chan string, n)
	begun, release := make(chan string, 1), make(chan struct{})
	l := connect(t, w, &Handler{}, &Handler{
		OnRequest: func(_ context.Context, _ comm.Conn, method string, _ json.RawMessage) (any, error) {
			begun <- method
			<-release // the notifications are handled although the request is still running
			return "done", nil
		},
		OnNotification: func(_ comm.Conn, _ string, params json.RawMessage) { seen <- string(params) },
	})
	answer := make(chan string, 1)
	go func() {
		var said string
		if err := l.initiator.Call(within(t), "execute", nil, &said); err != nil {
			t.Errorf("the request: %v", err)
		}
		answer <- said
	}()
	await(t, begun)
	for i := range n {
		if err := l.initiator.Notify(within(t), "said", i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		if got := await(t, seen); got != fmt.Sprint(i) {
			t.Fatalf("notification %d came as %s", i, got)
		}
	}
	close(release)
	if got := await(t, answer); got != "done" {
		t.Errorf("answer %q", got)
	}
}

func testServicerSays(t *testing.T, w World) {
	var mu sync.Mutex
	var heard []string
	l := connect(t, w,
		&Handler{OnNotification: func(_ comm.Conn, method string, _ json.RawMessage) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, method)
		}},
		&Handler{OnRequest: func(ctx context.Context, c comm.Conn, _ string, _ json.RawMessage) (any, error) {
			for _, word := range []string{"one", "two", "three"} {
				if err := c.Notify(ctx, word, nil); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}})
	if err := l.initiator.Call(within(t), "tell", nil, nil); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if fmt.Sprint(heard) != "[one two three]" {
		t.Errorf("before the answer came %v", heard)
	}
}

func testConcurrent(t *testing.T, w World) {
	const n = 32
	var all sync.WaitGroup
	all.Add(n)
	l := connect(t, w, &Handler{}, &Handler{OnRequest: func(_ context.Context, _ comm.Conn, _ string, params json.RawMessage) (any, error) {
		all.Done()
		all.Wait() // answers only when all of them run
		return params, nil
	}})
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			var got int
			if err := l.initiator.Call(within(t), "meet", i, &got); err != nil || got != i {
				t.Errorf("call %d: got %d, %v", i, got, err)
			}
		})
	}
	calls.Wait()
}

func testTooMany(t *testing.T, w World) {
	begun, release := make(chan string), make(chan struct{})
	l := connect(t, w, &Handler{}, &Handler{OnRequest: func(_ context.Context, _ comm.Conn, method string, _ json.RawMessage) (any, error) {
		if method == "wait" {
			begun <- method
			<-release
		}
		return nil, nil
	}})
	answers := make(chan error, rpc.MaxRequests)
	for range rpc.MaxRequests {
		go func() { answers <- l.initiator.Call(within(t), "wait", nil, nil) }()
		await(t, begun)
	}
	wantFault(t, l.initiator.Call(within(t), "more", nil, nil), fault.Unavailable, "too-many-requests")
	close(release)
	for range rpc.MaxRequests {
		if err := await(t, answers); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.initiator.Call(within(t), "more", nil, nil); err != nil {
		t.Errorf("after the others were answered: %v", err)
	}
}

func testServicerMayNotCall(t *testing.T, w World) {
	l := connect(t, w, Echo(), Echo())
	wantFault(t, l.servicer.Call(within(t), "echo", nil, nil), fault.Denied, "servicer-may-not-call")
	if err := l.initiator.Call(within(t), "echo", nil, nil); err != nil {
		t.Errorf("the connection suffered: %v", err)
	}
}

func testBigFrame(t *testing.T, w World) {
	big := strings.Repeat("x", 1+connectMax(t, w))
	l := connect(t, w, &Handler{}, &Handler{OnRequest: func(_ context.Context, _ comm.Conn, method string, _ json.RawMessage) (any, error) {
		if method == "big" {
			return big, nil
		}
		return "small", nil
	}})
	wantFault(t, l.initiator.Call(within(t), "small", big, nil), fault.Invalid, "frame-too-big")
	wantFault(t, l.initiator.Notify(within(t), "small", big), fault.Invalid, "frame-too-big")
	wantFault(t, l.initiator.Call(within(t), "big", nil, nil), fault.Internal, "answer-unsendable")
	var got string
	if err := l.initiator.Call(within(t), "small", nil, &got); err != nil || got != "small" {
		t.Errorf("the connection suffered: %q, %v", got, err)
	}
	nearly := strings.Repeat("x", l.vendor.MaxFrame-200)
	if err := l.initiator.Call(within(t), "small", nearly, nil); err != nil {
		t.Errorf("a frame just under the limit: %v", err)
	}
}

func connectMax(t *testing.T, w World) int {
	t.Helper()
	return w(nil).MaxFrame
}

func testTimeout(t *testing.T, w World) {
	entered, release := make(chan struct{}), make(chan struct{})
	l := connect(t, w, &Handler{}, &Handler{OnRequest: func(_ context.Context, _ comm.Conn, method string, _ json.RawMessage) (any, error) {
		if method == "slow" {
			close(entered)
			<-release
		}
		return method, nil
	}})
	ctx, cancel := context.WithCancel(within(t))
	go func() {
		<-entered
		cancel()
	}()
	wantFault(t, l.initiator.Call(ctx, "slow", nil, nil), fault.Timeout, "no-answer")
	wantFault(t, l.initiator.Call(ctx, "late", nil, nil), fault.Timeout, "no-answer")
	wantFault(t, l.initiator.Notify(ctx, "late", nil), fault.Timeout, "no-answer")
	close(release) // the answer that nobody waits for comes before the next one or after it
	var got string
	if err := l.initiator.Call(within(t), "next", nil, &got); err != nil || got != "next" {
		t.Errorf("the connection suffered: %q, %v", got, err)
	}
}
