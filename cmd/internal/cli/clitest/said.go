// Package clitest runs commands of the binary in the process of a test.
package clitest

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// Run runs one command as e says, and returns its exit code.
func Run(ctx context.Context, e *cli.Env, command func(*cli.Env) *cobra.Command, args ...string) int {
	if e.Environ == nil {
		e.Environ = func(string) string { return "" }
	}
	c := &cobra.Command{Use: "swaperoo", SilenceUsage: true, SilenceErrors: true}
	e.Flags(c)
	c.AddCommand(command(e))
	c.SetOut(e.Out)
	c.SetArgs(args)
	return e.Fail(c.ExecuteContext(ctx))
}

// Said is what a command has said, and its exit code.
type Said struct {
	Args     []string
	Code     int
	Out, Err string
}

// Says is Run of a command that is heard whole.
func Says(ctx context.Context, e *cli.Env, command func(*cli.Env) *cobra.Command, args ...string) Said {
	var out, messages bytes.Buffer
	e.Out, e.Err = &out, &messages
	code := Run(ctx, e, command, args...)
	return Said{args, code, out.String(), messages.String()}
}

// Worked fails the test unless the command, with --json, has worked and printed one object on one
// line. It reads the object into what is not nil; members that into does not have are a mistake of
// the test.
func (s Said) Worked(t testing.TB, into any) {
	t.Helper()
	if s.Code != 0 {
		t.Fatalf("%s: exit %d: %s%s", s.command(), s.Code, s.Out, s.Err)
	}
	if strings.Count(s.Out, "\n") != 1 {
		t.Errorf("%s: this is not one line: %s", s.command(), s.Out)
	}
	if into == nil {
		return
	}
	d := json.NewDecoder(strings.NewReader(s.Out))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v: %s", s.command(), err, s.Out)
	}
}

// Refused fails the test unless the command, with --json, was refused with this exit code and for
// this reason. Every refusal says what failed.
func (s Said) Refused(t testing.TB, code int, reason string) {
	t.Helper()
	var told struct {
		Error struct{ Kind, Reason, Message, Hint string }
	}
	if err := json.Unmarshal([]byte(s.Out), &told); err != nil {
		t.Fatalf("%s: exit %d, %v: %s", s.command(), s.Code, err, s.Out)
	}
	if s.Code != code || told.Error.Reason != reason || told.Error.Message == "" || told.Error.Kind == "" {
		t.Errorf("%s: exit %d and %+v, want %d and %s", s.command(), s.Code, told.Error, code, reason)
	}
}

func (s Said) command() string { return strings.Join(s.Args, " ") }
