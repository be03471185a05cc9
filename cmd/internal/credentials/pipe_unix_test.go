//go:build unix

package credentials_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// A bank reads the file before it serves: a pipe in its place is told of, and nobody is
// waited for who might write into it.
func TestAPipeIsNoFileOfCredentials(t *testing.T) {
	path := filepath.Join(t.TempDir(), credentials.Name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := credentials.Read(path); fault.ReasonOf(err) != credentials.ReasonMalformed {
		t.Errorf("it is read: %v", err)
	}
}
