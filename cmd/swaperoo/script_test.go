package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits runs a command and wants its exit code: exits 5 swaperoo wallet balance.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND …")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// servers are the processes that a script has started.
var servers sync.Map // of "script/name" to *server

type server struct {
	cmd *exec.Cmd
	log string // file with what it printed
}

// start runs a server until its script ends: start NAME COMMAND …. It waits for
// what the server says that it listens at, and puts the addresses into the
// variables NAME_session, NAME_terminal and so on.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME COMMAND …")
	}
	name := args[0]
	path, err := exec.LookPath(args[1]) // testscript.Main has put it on our own PATH
	ts.Check(err)
	s := &server{cmd: exec.Command(path, args[2:]...), log: ts.MkAbs(name + ".log")}
	s.cmd.Dir, s.cmd.Env = ts.MkAbs("."), environ(ts)
	out, err := s.cmd.StdoutPipe()
	ts.Check(err)
	stderr, err := os.Create(s.log)
	ts.Check(err)
	s.cmd.Stderr = stderr
	ts.Check(s.cmd.Start())
	servers.Store(ts.Name()+"/"+name, s)
	ts.Defer(func() {
		_ = s.cmd.Process.Kill() // gone already if it was stopped
		_ = s.cmd.Wait()
		_ = stderr.Close()
		servers.Delete(ts.Name() + "/" + name)
	})
	lines := bufio.NewScanner(out)
	for known := false; !known && lines.Scan(); {
		var said struct{ Event, Name, URL string }
		if json.Unmarshal(lines.Bytes(), &said) == nil && said.Event == "listening" {
			ts.Setenv(name+"_"+strings.ReplaceAll(said.Name, "-", "_"), said.URL)
			known = said.Name == last(args)
		}
	}
	if err := lines.Err(); err != nil {
		ts.Fatalf("%s: %v", name, err)
	}
}

// last is the address that a server says last.
func last(args []string) string {
	switch {
	case len(args) > 2 && args[2] == "terminal":
		return "terminal"
	case len(args) > 2 && args[2] == "bank":
		return "session"
	}
	return args[2]
}

func environ(ts *testscript.TestScript) []string {
	var out []string
	for _, name := range []string{"PATH", "HOME", "XDG_DATA_HOME", "NO_COLOR", "TMPDIR", "SWAPEROO_PASSPHRASE_FILE", "GOCOVERDIR"} {
		if v := ts.Getenv(name); v != "" {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// stop ends a server as an operator does, and wants that it ends well.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: stop NAME")
	}
	found, ok := servers.Load(ts.Name() + "/" + args[0])
	if !ok {
		ts.Fatalf("nobody has started %s", args[0])
	}
	s := found.(*server)
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	if err := s.cmd.Wait(); err != nil {
		log, _ := os.ReadFile(s.log)
		ts.Fatalf("%s: %v\n%s", args[0], err, log)
	}
}

// capture takes the first group of a pattern out of the last standard output:
// capture VARIABLE PATTERN.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture VARIABLE PATTERN")
	}
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("%q is not in the output", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// withoutKey splits a peer's address: without-key ADDRESS PLACE KEY.
func withoutKey(ts *testscript.TestScript, _ bool, args []string) {
	place, key, ok := strings.Cut(args[0], "#")
	if !ok {
		ts.Fatalf("%s has no key", args[0])
	}
	ts.Setenv(args[1], place)
	ts.Setenv(args[2], key)
}

// host takes host and port out of an address: host ADDRESS VARIABLE.
func host(ts *testscript.TestScript, _ bool, args []string) {
	u, err := url.Parse(args[0])
	ts.Check(err)
	ts.Setenv(args[1], u.Host)
}

// lower writes a text as a person types it: lower TEXT VARIABLE.
func lower(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[1], strings.ToLower(args[0]))
}

// buildCoupon builds the example plugin as a third party does: from a module of
// its own. Once for all scripts.
var buildCoupon = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "coupon")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "coupon")
	build := exec.Command("go", "build", "-o", path)
	build.Dir = filepath.Join("..", "..", "plugins", "example", "coupon")
	build.Env = append(build.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return os.ReadFile(path)
})

// coupon puts the example plugin's binary into a file: coupon FILE.
func coupon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: coupon FILE")
	}
	binary, err := buildCoupon()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), binary, 0o700))
}
