// Package pipe opens the lines of stdio addresses: "stdio:-" is the standard input
// and output of this process, "stdio:NAME" those of the command that the settings
// name so, which is started for each session.
package pipe

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
)

// Own names our own input and output.
const Own = "-"

// Opener is what stream.Options want. commands are written like
// "shop=ssh shop swaperoo terminal serve --session stdio:-", with spaces between the
// words and no quotes. An address can name one of them, and say nothing of it.
func Opener(e *cli.Env, commands []string) func(ctx context.Context, name string) (stream.Pipe, error) {
	return func(_ context.Context, name string) (stream.Pipe, error) {
		if name == Own {
			in, out, err := e.Yield()
			if err != nil {
				return nil, err
			}
			return stream.Standard(in, out)
		}
		for _, c := range commands {
			if known, words := read(c); known == name && len(words) > 0 {
				return start(name, words, e.Err, patience)
			}
		}
		return nil, fault.New(fault.NotFound, "no pipe is called %q here", name).Because("pipe-unknown").
			WithHint("name its command in the configuration: pipes = [\"%s=COMMAND …\"]", name)
	}
}

// Check refuses commands that no address starts.
func Check(commands []string) error {
	for _, c := range commands {
		if name, words := read(c); name == "" || name == Own || len(words) == 0 {
			return fault.New(fault.Invalid, "%q is not NAME=COMMAND, so no address starts it", c).Because("pipe-malformed").
				WithHint("write it like \"shop=ssh shop swaperoo terminal serve --session stdio:-\"")
		}
	}
	return nil
}

func read(command string) (name string, words []string) {
	name, line, _ := strings.Cut(command, "=")
	return name, strings.Fields(line)
}

// patience is how long a command may take to end once its input has.
const patience = 5 * time.Second

// command is the pipe of a command that runs.
type command struct {
	stream.Pipe
	close func() error
}

// Close implements io.Closer. The command has ended by then.
func (c *command) Close() error { return c.close() }

func start(name string, words []string, messages io.Writer, patience time.Duration) (stream.Pipe, error) {
	stdin, in, err := os.Pipe()
	if err != nil {
		return nil, notStarted(name, err)
	}
	out, stdout, err := os.Pipe()
	if err != nil {
		_, _ = stdin.Close(), in.Close()
		return nil, notStarted(name, err)
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, messages
	cmd.WaitDelay = patience // for what it has started and left behind
	err = cmd.Start()
	_, _ = stdin.Close(), stdout.Close()
	ours := stream.Join(out, in)
	if err != nil {
		_ = ours.Close()
		return nil, notStarted(name, err)
	}
	return &command{ours, sync.OnceValue(func() error {
		err := ours.Close()
		kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait() // how it ends is its own business
		return err
	})}, nil
}

func notStarted(name string, err error) error {
	return fault.Wrap(err, fault.Unavailable, "the command of the pipe %s cannot be started", name).Because("pipe-broken").
		WithHint("look at `pipes` in the configuration")
}
