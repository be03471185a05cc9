//go:build linux

package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// A pipe, or what has no end, is neither a list of plugins nor a plugin, and nobody is
// waited for at it.
func TestWhatIsNoFileIsNoPlugin(t *testing.T) {
	dir := t.TempDir()
	pipe, endless := filepath.Join(dir, "pipe"), filepath.Join(dir, "endless")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o700), os.Symlink("/dev/zero", endless)); err != nil {
		t.Fatal(err)
	}
	h, s := newHost(t, nil), source(t, "thing")
	for name, row := range map[string]struct {
		read func(path string) error
		kind fault.Kind
	}{
		"a plugin": {func(path string) error { s.Path = path; _, err := h.Inspect(t.Context(), s); return err }, fault.Unavailable},
		"a list":   {func(path string) error { _, err := host.NewCatalog(path).List(); return err }, fault.Internal},
	} {
		for _, path := range []string{pipe, endless} {
			t.Run(name+" from "+filepath.Base(path), func(t *testing.T) {
				done := make(chan error, 1)
				go func() { done <- row.read(path) }()
				select {
				case err := <-done:
					if fault.KindOf(err) != row.kind {
						t.Errorf("error = %v", err)
					}
				case <-time.After(time.Minute): // only a defect lets it hang
					t.Fatal("somebody is waited for")
				}
			})
		}
	}
}
