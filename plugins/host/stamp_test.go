//go:build linux

package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// A list of plugins reads no binary that nobody has touched since it was added: they have megabytes,
// and each command of a wallet lists them. What it takes for ready is read when it starts.
func TestAListReadsWhatWasTouchedAndAStartReadsAll(t *testing.T) {
	s := source(t, "thing")
	var err error
	if s.Path, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	seen, err := newHost(t, nil).Inspect(t.Context(), s)
	if err != nil || seen.Stamp == nil {
		t.Fatalf("%+v, %v", seen, err)
	}
	another, touched, moved, grown := strings.Repeat("0", 64), *seen.Stamp, *seen.Stamp, *seen.Stamp
	touched.Changed++
	moved.Inode++
	grown.Size++
	for name, row := range map[string]struct {
		sum   string
		stamp *host.Stamp
		want  host.State
		start fault.Reason
	}{
		"untouched":                     {seen.SHA256, seen.Stamp, host.Ready, ""},
		"untouched, and of another sum": {another, seen.Stamp, host.Ready, "plugin-modified"},
		"touched":                       {seen.SHA256, &touched, host.Ready, ""},
		"changed":                       {another, &touched, host.Modified, "plugin-modified"},
		"another file in its place":     {another, &moved, host.Modified, "plugin-modified"},
		"of another size":               {another, &grown, host.Modified, "plugin-modified"},
		"changed, added before stamps":  {another, nil, host.Modified, "plugin-modified"},
	} {
		t.Run(name, func(t *testing.T) {
			c := host.NewCatalog(filepath.Join(t.TempDir(), "plugins.lock"))
			if _, err := c.Add(s.Path, host.Inspected{SHA256: row.sum, Stamp: row.stamp, Description: seen.Description}); err != nil {
				t.Fatal(err)
			}
			listed, err := c.Find("thing")
			if err != nil || listed.State != row.want {
				t.Errorf("%s, %v", listed.State, err)
			}
			start := listed.Source()
			start.Args = s.Args
			if err := run(t, load(t, newHost(t, nil), start)); fault.ReasonOf(err) != row.start {
				t.Errorf("started: %v", err)
			}
		})
	}
}

// Whoever writes another program where the one was that was added, in whatever way, cannot make
// it look untouched: its times of reading and writing can be set, that of its last change cannot.
func TestNobodyMakesAnotherProgramLookUntouched(t *testing.T) {
	for name, replace := range map[string]func(path string, program []byte) error{
		"in place": func(path string, program []byte) error {
			return os.WriteFile(path, program, 0o700)
		},
		"by its name": func(path string, program []byte) error {
			return errors.Join(os.WriteFile(path+".new", program, 0o700), os.Rename(path+".new", path))
		},
		"by a link": func(path string, program []byte) error {
			return errors.Join(os.WriteFile(path+".new", program, 0o700), os.Remove(path), os.Symlink(path+".new", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "plugin")
			s := source(t, "thing")
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			program, err := os.ReadFile(self)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, program, 0o700); err != nil {
				t.Fatal(err)
			}
			was, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			s.Path = path
			seen, err := newHost(t, nil).Inspect(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			c := host.NewCatalog(filepath.Join(t.TempDir(), "plugins.lock"))
			if _, err := c.Add(path, seen); err != nil {
				t.Fatal(err)
			}
			if listed, err := c.Find("thing"); err != nil || listed.State != host.Ready {
				t.Fatalf("%s, %v", listed.State, err)
			}
			another := slices.Clone(program) // as long as the first
			another[len(another)-1] ^= 1
			waitTick(t, path, seen.Stamp)
			if err := errors.Join(replace(path, another), os.Chtimes(path, was.ModTime(), was.ModTime())); err != nil {
				t.Fatal(err)
			}
			listed, err := c.Find("thing")
			if err != nil || listed.State != host.Modified {
				t.Errorf("%s, %v", listed.State, err)
			}
			start := listed.Source()
			start.Args = s.Args
			if err := run(t, load(t, newHost(t, nil), start)); fault.ReasonOf(err) != "plugin-modified" {
				t.Errorf("started: %v", err)
			}
		})
	}
}

// waitTick waits until what changes now is seen to be later than the stamp.
func waitTick(t *testing.T, path string, than *host.Stamp) {
	t.Helper()
	for {
		probe := path + ".probe"
		if err := os.WriteFile(probe, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(probe)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(probe); err != nil {
			t.Fatal(err)
		}
		if info.ModTime().UnixNano() > than.Changed {
			return
		}
	}
}
