//go:build unix

package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// patience bounds what only a defect would let hang.
const patience = time.Minute

// What is no file is neither settings nor a secret: nobody is waited for at a pipe, and
// what has no end is not read.
func TestWhatIsNoFileIsNotRead(t *testing.T) {
	dir := t.TempDir()
	pipe, endless, long := filepath.Join(dir, "pipe"), filepath.Join(dir, "endless"), filepath.Join(dir, "long")
	for _, err := range []error{syscall.Mkfifo(pipe, 0o600), os.Symlink("/dev/zero", endless), os.WriteFile(long, []byte(strings.Repeat("#", 1<<20+1)), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, read := range map[string]func(string) error{
		"settings": func(path string) error { return config.Read(path, &sample{}, silent) },
		"text":     func(path string) error { _, err := config.Text(path); return err },
		"a secret": func(path string) error { _, err := config.Secret(path); return err },
	} {
		for _, path := range []string{pipe, endless, dir, long} {
			t.Run(name+" from "+filepath.Base(path), func(t *testing.T) {
				done := make(chan error, 1)
				go func() { done <- read(path) }()
				select {
				case err := <-done:
					if fault.KindOf(err) != fault.Invalid {
						t.Errorf("error = %v", err)
					}
				case <-time.After(patience):
					t.Fatal("somebody is waited for")
				}
			})
		}
	}
}
