//go:build unix

package crash_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long anything may take that is bound to happen.
const patience = 30 * time.Second

// errGone says that a party has ended before it has answered.
var errGone = errors.New("the process has ended")

// child is one life of a party.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan told
	done  chan struct{} // closed when it has ended

	mu     sync.Mutex
	killed string // the point at which it has killed itself
}

// start begins a life and waits until the party is there. What it logs goes to
// the end of the file log.
func start(p part, log string) (*child, told, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, told{}, err
	}
	path, err := os.Executable()
	if err != nil {
		return nil, told{}, err
	}
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, told{}, err
	}
	defer file.Close()
	c := &child{cmd: exec.Command(path, "party", string(text)), lines: make(chan told, 8), done: make(chan struct{})}
	c.cmd.Stderr = file
	c.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0 halt_on_error=1") // a race is seen as a death
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, told{}, err
	}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, told{}, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, told{}, err
	}
	go c.read(out)
	hello, err := c.answer()
	return c, hello, err
}

func (c *child) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var t told
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			t = told{Error: fmt.Sprintf("%v: %s", err, lines.Bytes())}
		}
		if t.Killed != "" {
			c.mu.Lock()
			c.killed = t.Killed
			c.mu.Unlock()
			continue
		}
		c.lines <- t
	}
	_ = c.cmd.Wait()
	close(c.done)
}

// ask asks for something and waits for the answer.
func (c *child) ask(a asked) (told, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return told{}, err
	}
	if _, err := c.in.Write(append(text, '\n')); err != nil {
		<-c.done
		return told{}, errGone
	}
	return c.answer()
}

func (c *child) answer() (told, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case t := <-c.lines:
		if t.Error != "" {
			return t, errors.New(t.Error)
		}
		return t, nil
	case <-c.done:
		select {
		case t := <-c.lines: // both at once
			return t, nil
		default:
			return told{}, errGone
		}
	case <-late.C:
		return told{}, fmt.Errorf("no answer within %s", patience)
	}
}

func (c *child) gone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// diedAt is where it has killed itself, if it has.
func (c *child) diedAt() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.killed
}

// kill ends it as the power would.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}

// tail is the end of a log, for a test that has failed.
func tail(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}

// keeper is the supervisor of a party: it starts it again when it has died.
type keeper struct {
	part part
	log  string

	mu     sync.Mutex
	now    *child
	err    error // it could not be started again
	closed bool
	deaths []string
}

func keep(p part, log string) (*keeper, told, error) {
	k := &keeper{part: p, log: log}
	c, hello, err := start(p, log)
	if err != nil {
		return nil, hello, err
	}
	k.now = c
	go k.watch(c)
	return k, hello, nil
}

func (k *keeper) watch(c *child) {
	for {
		<-c.done
		k.mu.Lock()
		k.deaths = append(k.deaths, c.diedAt())
		if k.closed {
			k.mu.Unlock()
			return
		}
		next, _, err := start(k.part, k.log)
		if text, unread := os.ReadFile(k.log); unread != nil {
			err = unread
		} else if bytes.Contains(text, []byte("WARNING: DATA RACE")) {
			err = fmt.Errorf("a data race was found: see %s", k.log)
		}
		k.now, k.err = next, err
		k.mu.Unlock()
		if err != nil {
			return
		}
		c = next
	}
}

// life is the party as it lives now, after its start.
func (k *keeper) life() (*child, error) {
	k.mu.Lock()
	c, err := k.now, k.err
	k.mu.Unlock()
	for err == nil && c.gone() { // the supervisor is about to see it
		time.Sleep(time.Millisecond)
		k.mu.Lock()
		c, err = k.now, k.err
		k.mu.Unlock()
	}
	return c, err
}

// ask asks the life that is there; one that ends under it is errGone.
func (k *keeper) ask(a asked) (told, error) {
	c, err := k.life()
	if err != nil {
		return told{}, err
	}
	return c.ask(a)
}

// died lists where it has killed itself since the last call.
func (k *keeper) died() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	d := k.deaths
	k.deaths = nil
	return d
}

func (k *keeper) close() {
	k.mu.Lock()
	k.closed = true
	c := k.now
	k.mu.Unlock()
	if c != nil {
		c.kill()
	}
}
