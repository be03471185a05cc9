//go:build unix

package crash_test

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// seen is what the plugins of this binary say of themselves, by the word in
// their names; each is asked once.
var seen struct {
	sync.Mutex
	said map[string]added
}

// scratch is a directory for what all tests share. TestMain removes it.
var scratch = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "swaperoo-crash-") })

type added struct {
	path string
	said host.Inspected
}

// install puts the plugin into a party's catalog, as its owner would.
func install(t testing.TB, dir, word string) {
	t.Helper()
	a, err := inspected(word)
	check(t, err)
	c := host.NewCatalog(house.Files{Dir: dir}.Plugins())
	_ = c.Remove("crash")
	_, err = c.Add(a.path, a.said)
	check(t, err)
}

func inspected(word string) (added, error) {
	seen.Lock()
	defer seen.Unlock()
	if a, ok := seen.said[word]; ok {
		return a, nil
	}
	if seen.said == nil {
		seen.said = map[string]added{}
	}
	path, err := copied(word)
	if err != nil {
		return added{}, err
	}
	h, err := host.New(host.Options{Dir: filepath.Join(filepath.Dir(path), "run"), Log: slog.New(slog.DiscardHandler), Clock: time.Now})
	if err != nil {
		return added{}, err
	}
	ctx, cancel := contextWithin()
	defer cancel()
	said, err := h.Inspect(ctx, host.Source{Path: path})
	a := added{path, said}
	if err == nil {
		seen.said[word] = a
	}
	return a, errors.Join(err, h.Close(ctx))
}

// copied is the binary under a name with that word, and with a checksum of its
// own.
func copied(word string) (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "plugin-"+word)
	from, err := os.Open(self)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o700)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err == nil {
		_, err = io.WriteString(to, word)
	}
	return path, errors.Join(err, to.Close())
}
