//go:build unix

package house_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode() & (os.ModePerm | os.ModeSticky)
}

// A directory that was there before keeps no door for others: not in the moment in
// which the settings are written either, which come before the vault.
func TestInitMakesADirectoryPrivate(t *testing.T) {
	for _, was := range []os.FileMode{0o777, 0o770, 0o755, 0o700} {
		f := house.Files{Dir: filepath.Join(t.TempDir(), "party")}
		if err := os.Mkdir(f.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		chmod(t, f.Dir, was)
		if err := f.Free(); err != nil || mode(t, f.Dir) != 0o700 {
			t.Errorf("%v: error = %v, mode %v before anything is written", was, err, mode(t, f.Dir))
		}
		chmod(t, f.Dir, was)
		if err := house.Init(t.Context(), f, "shop", nil); err != nil || mode(t, f.Dir) != 0o700 {
			t.Errorf("%v: error = %v, mode %v", was, err, mode(t, f.Dir))
		}
	}
}

func TestInitLeavesADirectoryOfAllAlone(t *testing.T) {
	f := house.Files{Dir: t.TempDir()}
	chmod(t, f.Dir, 0o777|os.ModeSticky) // as /tmp is
	err := house.Init(t.Context(), f, "shop", nil)
	if fault.ReasonOf(err) != "dir-shared" || mode(t, f.Dir) != 0o777|os.ModeSticky {
		t.Errorf("error = %v, mode %v", err, mode(t, f.Dir))
	}
	if there, err := os.ReadDir(f.Dir); err != nil || len(there) != 0 {
		t.Errorf("%v was left there, %v", there, err)
	}
}

func TestInitRefusesSomebodyElsesDirectory(t *testing.T) {
	if err := (house.Files{Dir: othersDirectory(t)}).Free(); fault.ReasonOf(err) != "dir-shared" {
		t.Errorf("error = %v", err)
	}
}

// othersDirectory belongs to another user: root, or, for root, somebody else.
func othersDirectory(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return "/"
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestADirectoryInWhichOthersWriteIsNotOpened(t *testing.T) {
	f := made(t, "")
	for _, row := range []struct {
		mode   os.FileMode
		reason fault.Reason
	}{{0o777, "dir-shared"}, {0o770, "dir-shared"}, {0o702, "dir-shared"}, {0o755, ""}, {0o700, ""}} {
		chmod(t, f.Dir, row.mode)
		h, err := house.Open(t.Context(), options(f, ""))
		if fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
			t.Errorf("%v: error = %v", row.mode, err)
		}
		if err == nil {
			if err := h.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

// What others can reach and write is not believed: settings of theirs would decide whose
// account money goes to. In a directory that is closed to them modes decide nothing.
func TestFilesThatOthersMayWrite(t *testing.T) {
	f := made(t, "open sesame")
	for _, path := range []string{f.Config(), f.Plugins(), f.Store() + "-wal"} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{f.Config(), f.Vault(), f.Store(), f.Store() + "-wal", f.Plugins()} {
		for _, row := range []struct {
			dir, file os.FileMode
			fine      bool
		}{
			{0o700, 0o666, true},
			{0o755, 0o644, true},
			{0o755, 0o600, true},
			{0o755, 0o666, false},
			{0o755, 0o664, false},
			{0o711, 0o602, false},
			{0o750, 0o660, false},
		} {
			chmod(t, f.Dir, row.dir)
			chmod(t, path, row.file)
			if err := f.Check(); row.fine && err != nil || !row.fine && fault.ReasonOf(err) != "dir-shared" {
				t.Errorf("%s of mode %o in a directory of mode %o: %v", filepath.Base(path), row.file, row.dir, err)
			}
			chmod(t, path, 0o600)
		}
	}
}
