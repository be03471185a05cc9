package bank_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/cli/clitest"
	"github.com/swaperoo/swaperoo/cmd/internal/command/bank"
	"github.com/swaperoo/swaperoo/plugins/bundled"
)

// TestMain makes the test binary a plugin as well: the bank starts the file that
// it runs from.
func TestMain(m *testing.M) {
	bundled.ServeIfAsked()
	os.Exit(m.Run())
}

const account = "payto://x-taler-bank/localhost/exchange?receiver-name=Sandbox"

// desk is an operator's place: a directory and commands that work on it.
type desk struct {
	t   *testing.T
	dir string
	env map[string]string
	in  *os.File  // where a person types; nil: nobody
	err io.Writer // what that person is told
}

func newDesk(t *testing.T) *desk {
	return &desk{t: t, dir: filepath.Join(t.TempDir(), "bank"), env: map[string]string{}, err: io.Discard}
}

// command is `swaperoo bank …` in this process.
func (d *desk) command(ctx context.Context, out io.Writer, args ...string) int {
	e := &cli.Env{In: d.in, Out: out, Err: d.err, Environ: func(name string) string { return d.env[name] }}
	return clitest.Run(ctx, e, bank.Command, append([]string{"bank", "--dir", d.dir, "--json"}, args...)...)
}

// does runs a command that must work and reads what it prints.
func (d *desk) does(into any, args ...string) {
	d.t.Helper()
	var out bytes.Buffer
	if code := d.command(d.t.Context(), &out, args...); code != 0 {
		d.t.Fatalf("%s: exit %d: %s", strings.Join(args, " "), code, out.String())
	}
	if into != nil {
		if err := json.Unmarshal(out.Bytes(), into); err != nil {
			d.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out.String())
		}
	}
}

// refuses runs a command that must not work, and checks exit code and reason.
func (d *desk) refuses(code int, reason string, args ...string) {
	d.t.Helper()
	var out bytes.Buffer
	got := d.command(d.t.Context(), &out, args...)
	clitest.Said{Args: args, Code: got, Out: out.String()}.Refused(d.t, code, reason)
}

// initialises makes the bank.
func (d *desk) initialises(more ...string) initialised {
	d.t.Helper()
	var made initialised
	d.does(&made, append([]string{"init", "--currency", "CHF", "--exchange-url", "http://127.0.0.1:9", "--exchange-account", account}, more...)...)
	return made
}

type initialised struct {
	Dir, Currency string
	Gateway       struct{ URL, User, Password, Token string }
}
