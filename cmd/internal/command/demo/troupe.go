package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// troupe is all processes of a demo and the directory that they live in.
type troupe struct {
	env  *cli.Env
	exe  string
	dir  string
	base []string // environment of all of them

	alive   *os.File // inherited by all, written to by none: open while one of them lives
	hold    *os.File // servers end when this is closed
	held    *os.File // the end of hold that they inherit
	sweeper *exec.Cmd

	mu       sync.Mutex
	children []*child
}

// ending is how long children have to end before they are killed.
const ending = 10 * time.Second

// gather makes the directory and the means to end everything again. A directory
// that is named must be empty, and is kept.
func gather(e *cli.Env, keep string) (t *troupe, err error) {
	t = &troupe{env: e, base: environment(os.Environ())}
	if t.exe, err = os.Executable(); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "this program does not find its own file")
	}
	read, alive, err := os.Pipe()
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "there are no pipes left")
	}
	defer func() { _ = read.Close() }()
	t.alive = alive
	if t.held, t.hold, err = os.Pipe(); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "there are no pipes left")
	}
	if keep != "" {
		t.dir, err = kept(keep)
		return t, err
	}
	if t.dir, err = os.MkdirTemp("", "swaperoo-demo-"); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "no temporary directory can be made").Because("dir-unusable").WithHint("name one with --dir")
	}
	if t.sweeper, err = startSweeper(t.exe, t.dir, read); err != nil {
		return nil, errors.Join(err, os.RemoveAll(t.dir))
	}
	return t, nil
}

func kept(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "the directory %s cannot be made", dir).Because("dir-unusable")
	}
	if found, err := os.ReadDir(dir); err != nil || len(found) > 0 {
		return "", fault.Wrap(err, fault.Conflict, "the directory %s is not empty", dir).Because("dir-taken").WithHint("name another --dir")
	}
	return dir, nil
}

// environment leaves out what would configure the parties behind our back.
func environment(all []string) []string {
	var out []string
	for _, v := range all {
		if !strings.HasPrefix(v, "SWAPEROO_") {
			out = append(out, v)
		}
	}
	return out
}

// path is where a party or a file of the demo is.
func (t *troupe) path(name string) string { return filepath.Join(t.dir, name) }

// secret writes a file that holds a secret: the text, or a fresh one.
func (t *troupe) secret(name, text string) (string, error) {
	if text == "" {
		text = rand.Text()
	}
	path := t.path(name)
	return path, config.Replace(path, []byte(text+"\n"))
}

// server starts a party that serves and returns where it listens, by name.
func (t *troupe) server(ctx context.Context, doors int, party string, args ...string) (map[string]string, error) {
	c, err := t.start(party, append([]string{party, "serve", "--dir", t.path(party), "--parent-fd", "4"}, args...), t.held)
	if err != nil {
		return nil, err
	}
	urls := map[string]string{}
	for range doors {
		said, err := c.expect(ctx, "listening")
		if err != nil {
			return nil, err
		}
		urls[said.Name] = said.URL
	}
	return urls, nil
}

// call runs a command to its end and reads the one object that it prints.
func (t *troupe) call(ctx context.Context, into any, args ...string) error {
	c, err := t.start(args[0], args, nil)
	if err != nil {
		return err
	}
	defer c.stop()
	return c.result(ctx, into)
}

// disband ends all processes and has the directory removed.
func (t *troupe) disband() error {
	t.mu.Lock()
	all := t.children
	t.mu.Unlock()
	var ends sync.WaitGroup
	for _, c := range all {
		ends.Go(c.stop)
	}
	ends.Wait()
	_ = t.hold.Close()
	_ = t.held.Close()
	_ = t.alive.Close()
	if t.sweeper == nil {
		return nil
	}
	_ = t.sweeper.Wait() // how it ended is seen in what it left
	if _, err := os.Stat(t.dir); err != nil {
		return nil
	}
	if err := os.RemoveAll(t.dir); err != nil {
		return fault.Wrap(err, fault.Internal, "the temporary directory %s could not be removed", t.dir).WithHint("remove it by hand")
	}
	return nil
}
