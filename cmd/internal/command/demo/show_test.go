//go:build unix

package demo_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a demo may take before it is killed; its own is shorter.
const patience = 8 * time.Minute

// far is a file descriptor that no process of the demo gives a meaning to. What
// is open there is inherited by all that descend from it.
const far = 20

// line is any line of a demo's output.
type line struct {
	Step *int   `json:"step"`
	Who  string `json:"who"`
	What string `json:"what"`
	MS   int64  `json:"ms"`

	Event    string  `json:"event"`
	Status   string  `json:"status"`
	Balance  string  `json:"balance"`
	Coins    int     `json:"coins"`
	Verified int     `json:"verified_coins"`
	Seconds  float64 `json:"seconds"`

	Dir         string            `json:"dir"`
	URLs        map[string]string `json:"urls"`
	Login       string            `json:"login"`
	TokenFile   string            `json:"token_file"`
	Credentials string            `json:"credentials_file"`
	Commands    []struct{ Where, Line string }

	Error *struct{ Kind, Reason, Message string }
}

// show is a demo that runs.
type show struct {
	t     *testing.T
	cmd   *exec.Cmd
	temp  string
	out   *bufio.Scanner
	err   said
	alive *os.File // ends when the demo and all that descends from it have ended
}

// said is what a demo says to people.
type said struct {
	mu    sync.Mutex
	text  bytes.Buffer
	begun chan struct{} // closed at the first word
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text.Len() == 0 {
		close(s.begun)
	}
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// start starts a demo in a temporary folder of its own.
func start(t *testing.T, args ...string) *show {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	alive, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &show{t: t, temp: t.TempDir(), alive: alive, err: said{begun: make(chan struct{})}}
	s.cmd = exec.Command(exe, append([]string{"demo", "--json"}, args...)...)
	s.cmd.Env = append(os.Environ(), "TMPDIR="+s.temp,
		"SWAPEROO_LISTEN=nowhere",  // the parties' settings are the demo's, not these
		"GORACE=atexit_sleep_ms=0") // under the race detector every process would end a second late
	s.cmd.Stderr = &s.err
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that a test can signal a whole group
	s.cmd.ExtraFiles = make([]*os.File, far-3+1)
	s.cmd.ExtraFiles[far-3] = end
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.out = bufio.NewScanner(out)
	s.out.Buffer(nil, 1<<20)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = end.Close()
	late := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	t.Cleanup(func() {
		late.Stop()
		_ = s.cmd.Process.Kill()
		s.gone()
	})
	return s
}

// next reads a line; false after the last.
func (s *show) next() (line, bool) {
	s.t.Helper()
	if !s.out.Scan() {
		return line{}, false
	}
	var l line
	if err := json.Unmarshal(s.out.Bytes(), &l); err != nil {
		s.t.Fatalf("%q: %v", s.out.Text(), err)
	}
	return l, true
}

// until reads lines until one that fits, and gives all of them.
func (s *show) until(fits func(line) bool) []line {
	s.t.Helper()
	var all []line
	for {
		l, more := s.next()
		if !more {
			s.t.Fatalf("the demo ended before that: %+v\n%s", all, s.err.String())
		}
		all = append(all, l)
		if fits(l) {
			return all
		}
	}
}

// rest reads to the end and gives the exit code, -1 for a killed demo.
func (s *show) rest() ([]line, int) {
	s.t.Helper()
	var all []line
	for {
		l, more := s.next()
		if !more {
			break
		}
		all = append(all, l)
	}
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return all, s.cmd.ProcessState.ExitCode()
}

// gone waits until nothing runs any more that the demo has started.
func (s *show) gone() { _, _ = io.Copy(io.Discard, s.alive) }

// nothingLeft checks that no file of the demo is there either.
func (s *show) nothingLeft() {
	s.t.Helper()
	s.gone()
	found, err := os.ReadDir(s.temp)
	if err != nil || len(found) > 0 {
		s.t.Errorf("%v is left, %v", found, err)
	}
}
