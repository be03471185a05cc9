package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/crypto/disk"
)

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := disk.Read(path, 100)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFileIsReplacedAsAWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	for _, text := range []string{"one", "another"} {
		if err := disk.Replace(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != text {
			t.Errorf("it has %q, wanted %q", got, text)
		}
	}
	if info, err := os.Stat(path); err != nil || disk.OthersRead(info) {
		t.Errorf("it is not its owner's alone: %v, %v", info.Mode(), err)
	}
	alone(t, path)
}

func TestAFileIsCreatedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := disk.Create(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := disk.Create(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error = %v", err)
	}
	if got := content(t, path); got != "first" {
		t.Errorf("it has %q", got)
	}
	alone(t, path)
}

// A file that cannot be put in its place leaves nothing beside it.
func TestWhatCannotBePutInPlaceLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := disk.Replace(path, []byte("text")); err == nil {
		t.Error("a folder was replaced")
	}
	alone(t, path)
}

// alone fails if there is anything beside path.
func alone(t *testing.T, path string) {
	t.Helper()
	there, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(there) != 1 {
		t.Errorf("beside %s is %v, %v", path, there, err)
	}
}

func TestReadsNoMoreThanAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long")
	if err := disk.Replace(path, []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	if text, err := disk.Read(path, 4); string(text) != "0123" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := disk.Read(path+"er", 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
}
