package house_test

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// copied is a directory as `cp -a` copies it.
func copied(t *testing.T, from house.Files) house.Files {
	t.Helper()
	to := house.Files{Dir: filepath.Join(t.TempDir(), "copy"), LockBy: from.LockBy}
	err := filepath.WalkDir(from.Dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(from.Dir, path)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Mkdir(filepath.Join(to.Dir, name), 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to.Dir, name), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// What one of two copies has sold, the other takes for a payment that bought nothing, and gives it back.
func TestACopyOfADirectoryInUse(t *testing.T) {
	var log bytes.Buffer
	serve := func(f house.Files) (*house.House, error) {
		o := options(f, "")
		o.Alone, o.Log = true, slog.New(slog.NewTextHandler(&log, nil))
		return house.Open(t.Context(), o)
	}
	served := func(what string, f house.Files, warned bool) {
		t.Helper()
		log.Reset()
		h, err := serve(f)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if strings.Contains(log.String(), "is a copy of one") != warned {
			t.Errorf("%s: the log says %q", what, log.String())
		}
	}
	first := made(t, "")
	served("the first one", first, false)
	second := copied(t, first)
	h, err := serve(first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := serve(second); fault.KindOf(err) != fault.Locked || fault.ReasonOf(err) != "dir-copied" || !strings.Contains(err.Error(), first.Dir) {
		t.Errorf("the copy of one in use: %v", err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	served("the copy of one that is not used", second, true)
	served("the copy once more", second, true)
	served("the first one again", first, false)
	moved := house.Files{Dir: filepath.Join(t.TempDir(), "moved"), LockBy: first.LockBy}
	if err := os.Rename(first.Dir, moved.Dir); err != nil {
		t.Fatal(err)
	}
	served("the first one, moved", moved, false)
	served("the copy of one that is elsewhere", second, false)
	other := house.Files{Dir: filepath.Join(t.TempDir(), "name"), LockBy: first.LockBy}
	if err := os.Symlink(moved.Dir, other.Dir); err != nil {
		if runtime.GOOS != "windows" { // where not every user may make one
			t.Fatal(err)
		}
		t.Skip(err)
	}
	served("the same one by another name", other, false)
	another := made(t, "")
	if err := os.WriteFile(another.Lock(), []byte(moved.Dir), 0o600); err != nil {
		t.Fatal(err)
	}
	served("another party", another, false)
}
