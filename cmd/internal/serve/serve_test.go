package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// holding answers a request when the server ends.
type holding struct {
	arrived chan struct{}
	over    chan struct{}
	end     func()
}

func newHolding() *holding {
	h := &holding{arrived: make(chan struct{}, 10), over: make(chan struct{})}
	h.end = sync.OnceFunc(func() { close(h.over) })
	return h
}

func (h *holding) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.arrived <- struct{}{}
	select {
	case <-h.over:
		_, _ = io.WriteString(w, "what there is")
	case <-r.Context().Done():
	}
}

// lines is an output whose lines can be waited for.
type lines struct {
	*bufio.Scanner
	io.WriteCloser
}

func newLines() lines {
	r, w := io.Pipe()
	return lines{bufio.NewScanner(r), w}
}

func (l lines) line(t *testing.T) string {
	t.Helper()
	if !l.Scan() {
		t.Fatal("no more lines")
	}
	return l.Text()
}

func (l lines) next(t *testing.T) serve.Listening {
	t.Helper()
	line := l.line(t)
	var said serve.Listening
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return said
}

func listen(t *testing.T) *serve.Port {
	t.Helper()
	port, err := serve.Listen(context.Background(), "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = port.Close() })
	return port
}

func TestAnEndAnswersWhoIsHeldAndLeavesNothing(t *testing.T) {
	out := newLines()
	p := serve.New(&cli.Env{Out: out, Err: io.Discard, JSON: true})
	h := newHolding()
	p.HTTP(listen(t), serve.Server(h, slog.New(slog.DiscardHandler), h.end),
		serve.Door{Name: serve.Exchange, Path: "/"}, serve.Door{Name: serve.Integration, Path: "/deeper/"})
	worked := make(chan struct{})
	p.Go(func(ctx context.Context) error { <-ctx.Done(); close(worked); return ctx.Err() })
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()

	first, second := out.next(t), out.next(t)
	if first.Event != "listening" || first.Name != "exchange" || second.Name != "integration" || second.URL != first.URL+"deeper/" {
		t.Errorf("said %+v and %+v", first, second)
	}
	type answer struct {
		text string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		text, err := get(first.URL)
		answered <- answer{text, err}
	}()
	<-h.arrived
	stop()
	if a := <-answered; a.err != nil || a.text != "what there is" {
		t.Errorf("who was held got %q, %v", a.text, a.err)
	}
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
	<-worked
	refused(t, first.URL)
}

// Whoever reads lines finds one for each address, those of further exchanges behind
// the root's.
func TestLinesForPeople(t *testing.T) {
	out := newLines()
	p := serve.New(&cli.Env{Out: out, Err: io.Discard})
	port := listen(t)
	p.HTTP(port, serve.Server(http.NotFoundHandler(), slog.New(slog.DiscardHandler), func() {}),
		serve.Door{Name: serve.Terminal, Path: "/", Exchanges: map[string]string{"zurich": "/zurich/", "basel": "/basel/"}},
		serve.Door{Name: serve.Integration, Path: "/deeper/"})
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()
	for _, want := range []string{
		"terminal listens at " + port.URL("/"), "terminal of basel listens at " + port.URL("/basel/"),
		"terminal of zurich listens at " + port.URL("/zurich/"), "integration listens at " + port.URL("/deeper/"),
	} {
		if got := out.line(t); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	stop()
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func get(url string) (string, error) {
	r, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	return string(text), err
}

// refused checks that nobody listens at a URL any more.
func refused(t *testing.T, url string) {
	t.Helper()
	address := strings.Trim(strings.TrimPrefix(url, "http:"), "/")
	if c, err := net.Dial("tcp", address); err == nil {
		_ = c.Close()
		t.Errorf("somebody still listens at %s", url)
	}
}

func TestAFailureOfOnePartEndsAll(t *testing.T) {
	for _, row := range []struct {
		name string
		fail func(p *serve.Process, port *serve.Port)
	}{
		{"work", func(p *serve.Process, _ *serve.Port) {
			p.Go(func(context.Context) error { return fault.New(fault.Stuck, "no more") })
		}},
		{"port", func(_ *serve.Process, port *serve.Port) { _ = port.Close() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := serve.New(&cli.Env{Out: io.Discard, Err: io.Discard, JSON: true})
			port, other := listen(t), listen(t)
			for _, at := range []*serve.Port{port, other} {
				h := newHolding()
				p.HTTP(at, serve.Server(h, slog.New(slog.DiscardHandler), h.end), serve.Door{Name: serve.Provider, Path: "/"})
			}
			row.fail(p, port)
			if err := p.Run(context.Background()); err == nil {
				t.Error("no error")
			}
			refused(t, other.URL("/"))
		})
	}
}

func TestPlainLinesForPeople(t *testing.T) {
	out := newLines()
	p := serve.New(&cli.Env{Out: out, Err: io.Discard})
	p.Announce(serve.Session, "wss://127.0.0.1:1/#KEY")
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()
	if !out.Scan() || out.Text() != "session listens at wss://127.0.0.1:1/#KEY" {
		t.Errorf("said %q", out.Text())
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

func TestWhereOneMayListen(t *testing.T) {
	for _, row := range []struct {
		address string
		allow   bool
		kind    fault.Kind // 0: works
	}{
		{"127.0.0.1:0", false, 0},
		{"localhost:0", false, 0},
		{"0.0.0.0:0", false, fault.Denied},
		{":0", false, fault.Denied},
		{"[::]:0", false, fault.Denied},
		{"0.0.0.0:0", true, 0},
		{"127.0.0.1", false, fault.Invalid},
		{"", false, fault.Invalid},
		{"127.0.0.1:99999", false, fault.Invalid},
		{"unix:/run/x", false, fault.Invalid},
	} {
		port, err := serve.Listen(context.Background(), row.address, row.allow)
		if fault.KindOf(err) != row.kind {
			t.Errorf("%q: %v", row.address, err)
		}
		if err == nil {
			if url := port.URL("/"); !strings.HasPrefix(url, "http://127.0.0.1:") && !strings.HasPrefix(url, "http://[::1]:") {
				t.Errorf("%q is at %s", row.address, url)
			}
			_ = port.Close()
		}
	}
	taken := listen(t)
	if _, err := serve.Listen(context.Background(), taken.Addr().String(), false); !errors.Is(err, fault.Conflict) {
		t.Errorf("a taken port: %v", err)
	}
}

// door is a listener for sessions that nobody visits.
type door struct {
	at     comm.Address
	closed chan struct{}
}

func (d door) Address() comm.Address { return d.at }
func (d door) Close() error          { close(d.closed); return nil }

func TestSessionsEndWithTheProcess(t *testing.T) {
	out := newLines()
	p := serve.New(&cli.Env{Out: out, Err: io.Discard, JSON: true})
	d := door{comm.Address{Scheme: "wss", Host: "[::]:77", Path: "/", Key: "KEY"}, make(chan struct{})}
	p.Session(d)
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()
	if said := out.next(t); said.Name != "session" || said.URL != "wss://127.0.0.1:77/#KEY" {
		t.Errorf("said %+v", said)
	}
	stop()
	<-d.closed
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

// TestAPortThatNobodyMayOpen is told from one that is taken.
func TestAPortThatNobodyMayOpen(t *testing.T) {
	taken, err := serve.Listen(t.Context(), "127.0.0.1:0", false)
	check(t, err)
	defer func() { _ = taken.Close() }()
	_, err = serve.Listen(t.Context(), taken.Addr().String(), false)
	if fault.ReasonOf(err) != "address-taken" {
		t.Errorf("taken: %v", err)
	}
	denied := &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", syscall.EACCES)}
	err = serve.Closed(denied, "0.0.0.0:443")
	if fault.ReasonOf(err) != "address-denied" || !strings.Contains(fault.From(err).Hint, "CAP_NET_BIND_SERVICE") {
		t.Errorf("denied: %v", err)
	}
}
