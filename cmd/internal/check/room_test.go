package check

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// A disk on which nothing can be stored is said, and nothing stays of looking.
func TestRoom(t *testing.T) {
	dir := t.TempDir()
	if err := Room(dir); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if err := Room(filepath.Join(dir, "none")); fault.ReasonOf(err) != "disk-unwritable" {
		t.Errorf("nowhere: %v", err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no full device")
	}
	defer full.Close()
	if err := fill(full); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("on a full disk: %v", err)
	}
}

// What is good and needs somebody soon is no error of the command.
func TestAWarningIsNoError(t *testing.T) {
	var f Findings
	f.Note("one", nil)
	f.Warn("two", nil)
	f.Warn("three", fault.New(fault.Unavailable, "soon"))
	if len(f) != 2 || !f[1].OK || f[1].Fault != nil || f[1].Warning == nil {
		t.Errorf("%+v", f)
	}
}
