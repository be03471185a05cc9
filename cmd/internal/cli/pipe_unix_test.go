//go:build unix

package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// silent is a named pipe; nobody writes into it, and with held somebody has it open for that.
func silent(t *testing.T, held bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if held {
		w, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.Close() })
	}
	return path
}

// A command that is told to end does, whatever it waits for: here for whoever writes into a
// pipe that it was given in the place of a file.
func TestASilentPipeDoesNotHoldUpTheEnd(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	said := func(what string, err error) {
		t.Helper()
		if fault.ReasonOf(err) != "interrupted" {
			t.Errorf("%s: %v", what, err)
		}
	}
	for name, held := range map[string]bool{"nobody opens it": false, "nobody writes": true} {
		t.Run(name, func(t *testing.T) {
			e, _, _ := env(false)
			_, err := e.SecretFile(ended, silent(t, held))
			said("a token", err)
			e.PassFile = silent(t, held)
			_, err = e.Passphrase(ended, false)
			said("a passphrase", err)
		})
	}
	_, err := cli.Open(ended, silent(t, false))
	said("a file", err)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	e, _, _ := env(false)
	e.PassFD = int(r.Fd())
	_, err = e.Passphrase(ended, false)
	said("a passphrase over a descriptor", err)
}
