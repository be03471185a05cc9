//go:build unix

package house_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// TestARestoreFromASilentPipeCanBeEnded, before anybody writes into it and in the middle.
func TestARestoreFromASilentPipeCanBeEnded(t *testing.T) {
	whole, err := os.ReadFile(keep(t, used(t)))
	if err != nil {
		t.Fatal(err)
	}
	for name, said := range map[string][]byte{"nothing": nil, "half": whole[:len(whole)/2]} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "pipe")
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(t.Context())
			told := make(chan error, 1)
			go func() {
				_, err := house.Files{Dir: filepath.Join(dir, "w")}.Restore(ctx, backup.Wallet, path, secret("of the backup"), restoredAt)
				told <- err
			}()
			if said != nil {
				w, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = w.Close() }()
				if _, err := w.Write(said); err != nil {
					t.Fatal(err)
				}
			}
			end()
			if err := <-told; fault.ReasonOf(err) != "interrupted" {
				t.Errorf("it ends with %v", err)
			}
			if left := names(t, dir); !slices.Equal(left, []string{"pipe"}) {
				t.Errorf("there is %v", left)
			}
		})
	}
}
