package provider_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestHalfACardIsNone, nor is half a key: where the provider's books cannot be opened,
// no file is left behind.
func TestHalfACardIsNone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "provider.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"card": {"card", "add"}, "key": {"user", "add", "--space", "1"}} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file")
			var out bytes.Buffer
			if code := command(t.Context(), &out, append(args, "--dir", dir, "--out", file)...); code == 0 {
				t.Errorf("it is made: %s", out.String())
			}
			if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("there is a file: %v", err)
			}
		})
	}
}
