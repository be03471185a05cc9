package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

func TestMain(m *testing.M) { commtest.Main(m) }

func TestWhatEndsAConnection(t *testing.T) {
	for _, row := range []struct {
		name   string
		side   rpc.Side
		frame  string
		reason string
		did    string // by the peer, as this side reads it
	}{
		{"a request of a servicer", rpc.Initiator, `{"jsonrpc":"2.0","id":1,"method":"transaction.execute"}`, "servicer-may-not-call", "sent a request, which only the side that dialled may send"},
		{"an answer nobody asked for", rpc.Initiator, `{"jsonrpc":"2.0","id":9,"result":1}`, "answer-unasked", "answered what nobody had asked"},
		{"a fault nobody asked for", rpc.Initiator, `{"jsonrpc":"2.0","id":9,"error":{"code":1,"message":"x"}}`, "answer-unasked", "answered what nobody had asked"},
		{"an answer to a servicer", rpc.Servicer, `{"jsonrpc":"2.0","id":0,"result":1}`, "answer-unasked", "answered what nobody had asked"},
		{"no JSON", rpc.Servicer, `{`, "frame-malformed", "sent what is no message of a session"},
		{"a fault of the wrong type", rpc.Initiator, `{"jsonrpc":"2.0","id":0,"error":{"code":"x"}}`, "frame-malformed", "sent what is no message of a session"},
		{"a batch", rpc.Servicer, `[{"jsonrpc":"2.0","method":"x"}]`, "batch-refused", "sent several messages as one"},
		{"too long a frame", rpc.Servicer, `{"jsonrpc":"2.0","method":"` + strings.Repeat("x", 2000) + `"}`, "frame-too-big", "sent a message that is longer than this side takes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := commtest.Echo()
			h.OnNotification = func(comm.Conn, string, json.RawMessage) { t.Error("a later frame was handled") }
			w, c := open(t, row.side, h, rpc.Options{MaxFrame: 1000})
			w.says(row.frame, `{"jsonrpc":"2.0","method":"later"}`)
			await(t, w.gone, "the stream is closed")
			if w.reason != row.reason {
				t.Errorf("reason is %q, want %q", w.reason, row.reason)
			}
			await(t, c.Done(), "the connection is done")
			if err := c.Notify(t.Context(), "more", nil); fault.ReasonOf(err) != comm.ReasonConnectionLost || fault.From(err).Message != "PEER "+row.did+": this side has ended the connection" {
				t.Errorf("whoever uses it reads %v", err)
			}
			if h.Times() != 1 {
				t.Errorf("told of the end %d times", h.Times())
			}
		})
	}
}

// ask sends a request beside the test; wait reads its answer.
func ask(ctx context.Context, c *rpc.Conn) (wait func() (string, error)) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		var a answer
		a.err = c.Call(ctx, "ask", nil, &a.text)
		got <- a
	}()
	return func() (string, error) { a := <-got; return a.text, a.err }
}

func TestAnAnswerTwiceEndsTheConnection(t *testing.T) {
	w, c := open(t, rpc.Initiator, &commtest.Handler{}, rpc.Options{})
	wait := ask(t.Context(), c)
	id := w.hears(t)["id"]
	answer := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":"once"}`, id)
	w.says(answer, answer)
	await(t, w.gone, "the second answer is one too many")
	if got, err := wait(); err != nil || got != "once" {
		t.Errorf("the first answer: %q, %v", got, err)
	}
}

// The answer to a call that nobody waits for any more is no offence.
func TestALateAnswerIsDropped(t *testing.T) {
	handled := make(chan struct{})
	h := &commtest.Handler{OnNotification: func(comm.Conn, string, json.RawMessage) { close(handled) }}
	w, c := open(t, rpc.Initiator, h, rpc.Options{Requests: 1})
	ctx, cancel := context.WithCancel(t.Context())
	wait := ask(ctx, c)
	id := w.hears(t)["id"]
	cancel()
	if _, err := wait(); fault.KindOf(err) != fault.Timeout {
		t.Fatalf("error is %v", err)
	}
	// Until its answer comes, the peer works on it: it still counts.
	if err := c.Call(t.Context(), "next", nil, nil); fault.ReasonOf(err) != "too-many-requests" {
		t.Errorf("error is %v", err)
	}
	w.says(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":"late"}`, id), `{"jsonrpc":"2.0","method":"x"}`)
	await(t, handled, "the frame behind the late answer")
	wait = ask(t.Context(), c)
	w.says(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":"next"}`, w.hears(t)["id"]))
	if got, err := wait(); err != nil || got != "next" {
		t.Errorf("after the late answer: %q, %v", got, err)
	}
}

func TestTheServicerLimitsRequests(t *testing.T) {
	release := make(chan struct{})
	h := &commtest.Handler{OnRequest: func(context.Context, comm.Conn, string, json.RawMessage) (any, error) {
		<-release
		return "done", nil
	}}
	w, _ := open(t, rpc.Servicer, h, rpc.Options{Requests: 2})
	for id := range 3 {
		w.says(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"wait"}`, id))
	}
	refused := w.hears(t)
	if string(refused["id"]) != "2" || !strings.Contains(string(refused["error"]), "too-many-requests") {
		t.Errorf("the third got %s", refused)
	}
	close(release)
	for range 2 {
		if got := w.hears(t); string(got["result"]) != `"done"` {
			t.Errorf("the others got %s", got)
		}
	}
}

func TestParamsKeepTheirBytes(t *testing.T) {
	const params = `{"z":1.50,"a":"\u003c<","n":123456789012345678901234567890}`
	w, _ := open(t, rpc.Servicer, commtest.Echo(), rpc.Options{})
	heard := make(chan string, 1)
	h := &commtest.Handler{OnNotification: func(_ comm.Conn, _ string, p json.RawMessage) { heard <- string(p) }}
	n, _ := open(t, rpc.Initiator, h, rpc.Options{})
	n.says(`{"jsonrpc":"2.0","method":"x","params":` + params + `}`)
	if got := <-heard; got != params {
		t.Errorf("params came as %s", got)
	}
	w.says(`{"jsonrpc":"2.0","id":"seven","method":"x","params":` + params + `}`)
	if got := w.hears(t); string(got["id"]) != `"seven"` {
		t.Errorf("answer to %s", got["id"])
	}
}

func TestFaultsOfAPeer(t *testing.T) {
	for _, row := range []struct {
		name, data string
		want       fault.Fault
	}{
		{
			"complete", `"data":{"kind":"conflict","reason":"reserve-taken","message":"taken","hint":"scan"}`,
			fault.Fault{Kind: fault.Conflict, Reason: "reserve-taken", Message: "taken", Hint: "scan"},
		},
		{"a kind from the future", `"data":{"kind":"tired","message":"no"}`, fault.Fault{Kind: fault.Internal, Message: "no"}},
		{"a word that never leaves a process", `"data":{"kind":"suspended","message":"no"}`, fault.Fault{Kind: fault.Unavailable, Message: "no"}},
		{
			"escapes", `"data":{"kind":"denied","reason":"A b","message":"a\u001b[2Jb\nc\u202ed","hint":"\u0007"}`,
			fault.Fault{Kind: fault.Denied, Message: "a[2Jb cd"},
		},
		{
			"too long", `"data":{"kind":"denied","reason":"` + strings.Repeat("a", 65) + `","message":"` + strings.Repeat("ö", 1001) + `"}`,
			fault.Fault{Kind: fault.Denied, Message: strings.Repeat("ö", 1000) + "…"},
		},
		{"no data", `"x":1`, fault.Fault{Kind: fault.Internal, Reason: "peer-failed", Message: "the peer failed: oops"}},
		{"data of another kind", `"data":"x"`, fault.Fault{Kind: fault.Internal, Reason: "peer-failed", Message: "the peer failed: oops"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, c := open(t, rpc.Initiator, &commtest.Handler{}, rpc.Options{})
			wait := ask(t.Context(), c)
			w.says(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-32000,"message":"oops",%s}}`, w.hears(t)["id"], row.data))
			var f *fault.Fault
			if _, err := wait(); !errors.As(err, &f) {
				t.Fatal("no fault")
			}
			if f.Kind != row.want.Kind || f.Reason != row.want.Reason || f.Message != row.want.Message || f.Hint != row.want.Hint {
				t.Errorf("fault is %+v, want %+v", f, row.want)
			}
		})
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	w, c := open(t, rpc.Initiator, &commtest.Handler{}, rpc.Options{})
	if err := c.Call(t.Context(), "x", math.NaN(), nil); fault.ReasonOf(err) != "params-malformed" {
		t.Errorf("call: %v", err)
	}
	if err := c.Notify(t.Context(), "x", func() {}); fault.ReasonOf(err) != "params-malformed" {
		t.Errorf("notify: %v", err)
	}
	select {
	case f := <-w.out:
		t.Errorf("sent %s", f)
	default:
	}
	s, _ := open(t, rpc.Servicer, &commtest.Handler{OnRequest: func(context.Context, comm.Conn, string, json.RawMessage) (any, error) {
		return math.Inf(1), nil
	}}, rpc.Options{})
	s.says(`{"jsonrpc":"2.0","id":1,"method":"x"}`)
	if got := s.hears(t); !strings.Contains(string(got["error"]), "answer-unsendable") {
		t.Errorf("answer is %s", got)
	}
	s, _ = open(t, rpc.Servicer, &commtest.Handler{OnRequest: func(_ context.Context, _ comm.Conn, method string, _ json.RawMessage) (any, error) {
		return nil, fault.New(fault.Unsupported, "there is no method %q", method)
	}}, rpc.Options{MaxFrame: 1000})
	s.says(`{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("x", 900) + `"}`)
	if got := s.hears(t); !strings.Contains(string(got["error"]), "answer-unsendable") {
		t.Errorf("the answer to a refusal that is too long is %s", got)
	}
}

func TestAFullQueueEndsTheConnection(t *testing.T) {
	w, c := open(t, rpc.Servicer, &commtest.Handler{}, rpc.Options{})
	var err error
	for range cap(w.out) + 1 {
		err = c.Notify(t.Context(), "said", nil)
	}
	if !errors.Is(err, rpc.ErrQueueFull) || fault.ReasonOf(err) != "connection-lost" {
		t.Errorf("error is %v", err)
	}
	await(t, c.Done(), "the connection is done")
}

func TestAConnectionThatNeverStarted(t *testing.T) {
	w := newWire()
	c := rpc.New(w, rpc.Options{Side: rpc.Servicer})
	w.says(`{"jsonrpc":"2.0","id":1,"method":"x"}`)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, c.Done(), "the connection is done")
	h := commtest.Echo()
	c.Start(h)
	if h.Times() != 1 {
		t.Error("a handler that came too late was not told")
	}
}

func TestNothingIsHandledBeforeTheStart(t *testing.T) {
	w := newWire()
	c := rpc.New(w, rpc.Options{Side: rpc.Servicer})
	w.says(`{"jsonrpc":"2.0","id":1,"method":"x","params":"early"}`)
	if err := c.Notify(t.Context(), "welcome", nil); err != nil {
		t.Fatal(err)
	}
	if got := w.hears(t); string(got["method"]) != `"welcome"` {
		t.Errorf("first came %s", got)
	}
	c.Start(commtest.Echo())
	if got := w.hears(t); string(got["result"]) != `"early"` {
		t.Errorf("then came %s", got)
	}
	_ = c.Close()
	await(t, c.Done(), "the connection is done")
}

// FuzzConn feeds foreign frames to both sides: whatever comes, the connection
// ends when its stream does, and its handler is told once.
func FuzzConn(f *testing.F) {
	f.Add(true, []byte(`{"jsonrpc":"2.0","id":1,"method":"a"}`), []byte(`{"jsonrpc":"2.0","method":"b"}`))
	f.Add(false, []byte(`{"jsonrpc":"2.0","id":0,"result":{}}`), []byte(`{"jsonrpc":"2.0","id":0,"error":{}}`))
	f.Add(false, []byte(`{"jsonrpc":"2.0","id":0,"error":{"code":1e400}}`), []byte(`[]`))
	f.Fuzz(func(t *testing.T, servicer bool, first, second []byte) {
		side := rpc.Initiator
		if servicer {
			side = rpc.Servicer
		}
		h := commtest.Echo()
		w, c := open(t, side, h, rpc.Options{})
		if side == rpc.Initiator {
			ask(t.Context(), c)
			w.hears(t)
		}
		w.in <- first
		w.in <- second
		close(w.in)
		await(t, c.Done(), "the connection is done")
		if h.Times() != 1 {
			t.Errorf("told of the end %d times", h.Times())
		}
	})
}
