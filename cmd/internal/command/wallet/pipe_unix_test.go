//go:build unix

package wallet

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/byhand"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Whoever waits for a file of theirs has the wallet open meanwhile, and keeps others from
// changing its keys: it ends when it is told to.
func TestASilentPipeDoesNotHoldTheWallet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for what, read := range map[string]func() error{
		"a script":  func() error { _, _, err := (&wallet{env: cli.New()}).lines(ended, path); return err },
		"a picture": func() error { _, err := photographed(ended, path); return err },
		"members":   func() error { _, err := byhand.Read(ended, cli.New(), path); return err },
	} {
		if err := read(); fault.ReasonOf(err) != "interrupted" {
			t.Errorf("%s: %v", what, err)
		}
	}
}
