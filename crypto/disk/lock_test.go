package disk_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/crypto/disk"
)

// A file has one owner or several who share it, never both; a closed file has none.
func TestALockEndsWithItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	one, another, third := open(), open(), open()
	if err := disk.TryShare(one); err != nil {
		t.Fatalf("nobody has it: %v", err)
	}
	if err := disk.TryShare(another); err != nil {
		t.Errorf("it is shared: %v", err)
	}
	if disk.TryLock(third) == nil {
		t.Error("it was locked while others share it")
	}
	one.Close()
	another.Close()
	if err := disk.Lock(third); err != nil {
		t.Fatalf("nobody has it any more: %v", err)
	}
	late := open()
	if disk.TryLock(late) == nil || disk.TryShare(late) == nil {
		t.Error("a locked file was taken")
	}
	third.Close()
	if err := disk.TryLock(late); err != nil {
		t.Errorf("it is free again: %v", err)
	}
}
