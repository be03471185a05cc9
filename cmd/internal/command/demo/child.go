package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// child is a process of the demo.
type child struct {
	name  string
	pid   *os.Process
	lines chan []byte   // of its standard output; closed at its end
	gone  chan struct{} // closed when it has ended
	end   error
	said  tail
	once  sync.Once
}

// event is what the parties' streams say, of all of them.
type event struct {
	Event string `json:"event"`
	Name  string `json:"name"`
	URL   string `json:"url"`

	WOPID       string            `json:"wopid"`
	URI         string            `json:"uri"`
	Amount      instrument.Amount `json:"amount"`
	Total       instrument.Amount `json:"total"`
	Fees        instrument.Amount `json:"fees"`
	Reserve     string            `json:"reserve"`
	Groups      string            `json:"groups"`
	Transaction string            `json:"provider_transaction_id"`
	Reason      string            `json:"reason"`
	Coins       int               `json:"coins"`

	Fault *fault.Fault `json:"error"`
}

// start starts a process of this binary. It inherits alive as file descriptor 3
// and more, if given, as 4.
func (t *troupe) start(name string, args []string, more *os.File) (*child, error) {
	out, outEnd, err := os.Pipe()
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "there are no pipes left")
	}
	defer func() { _ = outEnd.Close() }()
	c := &child{name: name, lines: make(chan []byte, 64), gone: make(chan struct{})}
	cmd := exec.Command(t.exe, append(args, "--json")...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = t.base, outEnd, &c.said, 2*time.Second
	if t.env.Verbose {
		cmd.Args = append(cmd.Args, "--verbose")
		cmd.Stderr = io.MultiWriter(&c.said, t.env.Err)
	}
	cmd.ExtraFiles = []*os.File{t.alive}
	if more != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, more)
	}
	cmd.SysProcAttr = bound()
	if err := c.run(cmd); err != nil {
		_ = out.Close()
		return nil, fault.Wrap(err, fault.Internal, "the process of the %s cannot be started", name)
	}
	go c.listen(out)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.children = append(t.children, c)
	return c, nil
}

// run starts the command on a thread that lives as long as the process: the
// system kills the process when the thread that started it ends, and a thread of
// the Go runtime may end at any time unless it is held.
func (c *child) run(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		c.pid = cmd.Process
		started <- err
		if err == nil {
			c.end = cmd.Wait()
			close(c.gone)
		}
	}()
	return <-started
}

func (c *child) listen(out *os.File) {
	defer close(c.lines)
	defer func() { _ = out.Close() }()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		c.lines <- bytes.Clone(lines.Bytes())
	}
}

// line is the next line that the process prints; io.EOF after the last.
func (c *child) line(ctx context.Context) ([]byte, error) {
	select {
	case text, open := <-c.lines:
		if !open {
			return nil, io.EOF
		}
		return text, nil
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Timeout, "the %s takes too long", c.name).Because("demo-slow")
	}
}

// expect reads events until one of those named. What the process reports as its
// error is the error.
func (c *child) expect(ctx context.Context, names ...string) (event, error) {
	for {
		text, err := c.line(ctx)
		if errors.Is(err, io.EOF) {
			return event{}, c.failed()
		}
		if err != nil {
			return event{}, err
		}
		var e event
		if err := json.Unmarshal(text, &e); err != nil {
			return event{}, fault.Wrap(err, fault.Internal, "the %s prints what is no event", c.name)
		}
		if e.Fault != nil {
			return event{}, c.because(e.Fault)
		}
		if slices.Contains(names, e.Event) {
			return e, nil
		}
	}
}

// result reads the last object that a process prints, when it has ended well.
func (c *child) result(ctx context.Context, into any) error {
	var last []byte
	for {
		text, err := c.line(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		last = text
	}
	<-c.gone
	var e event
	if json.Unmarshal(last, &e) == nil && e.Fault != nil {
		return c.because(e.Fault)
	}
	if c.end != nil || last == nil {
		return c.failed()
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(last, into); err != nil {
		return fault.Wrap(err, fault.Internal, "what the %s prints cannot be read", c.name)
	}
	return nil
}

func (c *child) because(f *fault.Fault) error {
	return fault.New(f.Kind, "%s: %s", c.name, f.Message).Because(f.Reason).WithHint("%s", f.Hint)
}

// failed is the error of a process that ended without saying why.
func (c *child) failed() error {
	<-c.gone
	return fault.New(fault.Internal, "the %s has ended before its time (%v): %s", c.name, c.end, c.said.text()).Because("demo-child")
}

// stop asks the process to end, and kills it if it does not.
func (c *child) stop() {
	c.once.Do(func() {
		if c.pid.Signal(syscall.SIGTERM) != nil {
			_ = c.pid.Kill() // this system knows no other way, or it has ended
		}
		late := time.AfterFunc(ending, func() { _ = c.pid.Kill() })
		defer late.Stop()
		for range c.lines { // so that it never waits for a reader
		}
		<-c.gone
	})
}

// tail keeps the end of what a process prints for people.
type tail struct {
	mu  sync.Mutex
	end []byte
}

const tailSize = 2048

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b...)
	t.end = t.end[max(0, len(t.end)-tailSize):]
	return len(b), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.end))
}

// running reports whether the process has not ended yet.
func (c *child) running() bool {
	select {
	case <-c.gone:
		return false
	default:
		return true
	}
}
