package main

import (
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
	"time"

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

// until repeats a command until a pattern is in its standard output, for what
// another process does in its own time: until PATTERN COMMAND …
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN COMMAND …")
	}
	wanted := regexp.MustCompile(args[0])
	for last := time.Now().Add(time.Minute); ; {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if wanted.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(last) {
			ts.Fatalf("%q does not come", args[0])
		}
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

// prefix takes the beginning that is enough to name an operation: prefix TEXT VARIABLE.
func prefix(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[1], args[0][:8])
}

// write puts a text into a file for its owner: write FILE TEXT.
func write(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\n"), 0o600))
}

// examples are the example plugins and applications, each built once for all
// scripts. A plugin is built as a third party does: from a module of its own.
var examples = map[string]func() ([]byte, error){
	"coupon": sync.OnceValues(func() ([]byte, error) {
		return buildExample("plugins/example/coupon", "GOWORK=off", "GOFLAGS=-mod=mod")
	}),
	"miles":   sync.OnceValues(func() ([]byte, error) { return buildExample("plugins/example/miles", "GOWORK=off", "GOFLAGS=-mod=mod") }),
	"tab":     sync.OnceValues(func() ([]byte, error) { return buildExample("plugins/example/tab", "GOWORK=off", "GOFLAGS=-mod=mod") }),
	"vending": sync.OnceValues(func() ([]byte, error) { return buildExample("cmd/vending") }),
}

func buildExample(folder string, env ...string) ([]byte, error) {
	name := filepath.Base(folder)
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, name)
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", path)
	build.Dir = filepath.Join("..", "..", filepath.FromSlash(folder))
	build.Env = append(build.Environ(), env...)
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return os.ReadFile(path)
}

// example is a command that puts an example's binary into a file: coupon FILE.
func example(name string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: %s FILE", name)
		}
		binary, err := examples[name]()
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), binary, 0o700))
	}
}
