package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// background is a process that a script has started and talks to.
type background struct {
	cmd    *exec.Cmd
	events chan map[string]any // what it prints with --json, line by line; closed at its end
	log    string              // file with what it says to people
	ended  func() error
}

// running are the processes of all scripts.
var running sync.Map // of "script/name" to *background

func find(ts *testscript.TestScript, name string) *background {
	found, ok := running.Load(ts.Name() + "/" + name)
	if !ok {
		ts.Fatalf("nobody has started %s", name)
	}
	return found.(*background)
}

// start runs a command with --json beside the script: start NAME EVENTS COMMAND ….
// It goes on when all events have come; see await.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: start NAME EVENT,… COMMAND …")
	}
	path, err := ts.MkAbs(args[2]), error(nil)
	if !strings.Contains(args[2], "/") {
		path, err = exec.LookPath(args[2]) // testscript.Main has put it on our own PATH
	}
	ts.Check(err)
	b := &background{cmd: exec.Command(path, args[3:]...), events: make(chan map[string]any, 1000), log: ts.MkAbs(args[0] + ".log")}
	b.cmd.Dir, b.cmd.Env = ts.MkAbs("."), environ(ts)
	out, err := b.cmd.StdoutPipe()
	ts.Check(err)
	log, err := os.Create(b.log)
	ts.Check(err)
	b.cmd.Stderr = log
	_, err = b.cmd.StdinPipe() // which says nothing and does not end, as a person who thinks
	ts.Check(err)
	ts.Check(b.cmd.Start())
	go b.read(out)
	b.ended = sync.OnceValue(func() error {
		for range b.events { // or Wait would close the pipe under the reader
		}
		return b.cmd.Wait()
	})
	key := ts.Name() + "/" + args[0]
	running.Store(key, b)
	ts.Defer(func() {
		_ = b.cmd.Process.Kill() // gone already if it has ended
		_ = b.ended()
		_ = log.Close()
		running.Delete(key)
	})
	await(ts, false, args[:2])
}

func (b *background) read(out io.Reader) {
	defer close(b.events)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var e map[string]any
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			b.events <- e
		}
	}
}

// patience bounds what only a defect would let hang.
const patience = 3 * time.Minute

// await waits until a process has said all of some events: await NAME EVENT,….
// Each text in an event becomes a variable, NAME_uri; the address of a listener is
// an event of its own name, and NAME_session its URL.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await NAME EVENT,…")
	}
	b, missing := find(ts, args[0]), map[string]bool{}
	for event := range strings.SplitSeq(args[1], ",") {
		missing[event] = true
	}
	late := time.After(patience)
	for len(missing) > 0 {
		var e map[string]any
		ok := true
		select {
		case e, ok = <-b.events:
		case <-late:
			log, _ := os.ReadFile(b.log)
			ts.Fatalf("%s does not say all of %s\n%s", args[0], args[1], log)
		}
		if !ok {
			err := b.ended()
			log, _ := os.ReadFile(b.log)
			ts.Fatalf("%s has ended (%v) without saying all of %s\n%s", args[0], err, args[1], log)
		}
		if e["event"] == "listening" {
			name := strings.ReplaceAll(e["name"].(string), "-", "_")
			ts.Setenv(args[0]+"_"+name, e["url"].(string))
			delete(missing, e["name"].(string))
			continue
		}
		for member, value := range e {
			if text, ok := value.(string); ok {
				ts.Setenv(args[0]+"_"+member, text)
			}
		}
		event, _ := e["event"].(string)
		delete(missing, event)
		step, _ := e["step"].(string)
		delete(missing, step)
	}
}

// finish waits for the end of a process, which it kills if that does not come, and
// wants its exit code: finish NAME CODE.
func finish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: finish NAME CODE")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	b, got := find(ts, args[0]), 0
	late := time.AfterFunc(patience, func() { _ = b.cmd.Process.Kill() })
	defer late.Stop()
	var failed *exec.ExitError
	if err := b.ended(); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		log, _ := os.ReadFile(b.log)
		ts.Fatalf("%s ended with exit code %d, not %d\n%s", args[0], got, want, log)
	}
}

// end asks a process to end, as an operator does, and wants its exit code: end
// NAME [CODE].
func end(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: end NAME [CODE]")
	}
	ts.Check(find(ts, args[0]).cmd.Process.Signal(syscall.SIGTERM))
	finish(ts, false, append(args, "0")[:2])
}

func environ(ts *testscript.TestScript) []string {
	var out []string
	for _, name := range []string{"PATH", "HOME", "XDG_DATA_HOME", "NO_COLOR", "TMPDIR", "SWAPEROO_PASSPHRASE_FILE", "SWAPEROO_PNP", "GOCOVERDIR", "GORACE"} {
		if v := ts.Getenv(name); v != "" {
			out = append(out, name+"="+v)
		}
	}
	return out
}
