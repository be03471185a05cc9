//go:build unix

package house_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// putInPlace puts something at a path that is no file: what is read of it never ends,
// or never comes.
func putInPlace(t *testing.T, kind, path string) {
	t.Helper()
	var err error
	switch kind {
	case "pipe":
		err = syscall.Mkfifo(path, 0o600)
	case "device":
		err = os.Symlink("/dev/zero", path)
	case "folder":
		err = os.Mkdir(path, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What is no file in the place of one is neither waited for nor read without end: it is
// told of, and a wallet opens that can do without.
func TestWhatIsNoFileIsNotWaitedFor(t *testing.T) {
	for _, kind := range []string{"pipe", "device", "folder"} {
		t.Run(kind, func(t *testing.T) {
			restored := house.Files{Dir: t.TempDir()}
			putInPlace(t, kind, filepath.Join(restored.Dir, "restored.json"))
			if m, err := restored.Mark(); m != nil || fault.ReasonOf(err) != "mark-unreadable" {
				t.Errorf("a mark: %v, %v", m, err)
			}

			guessed := house.Files{Dir: t.TempDir()}
			putInPlace(t, kind, filepath.Join(guessed.Dir, "guesses.somebody"))
			tried := false
			err := house.Guess(guessed, "somebody", time.Now, func() error { tried = true; return nil })
			if tried || fault.ReasonOf(err) != "guesses-unusable" {
				t.Errorf("wrong passphrases: tried %v, %v", tried, err)
			}

			locked := made(t, "open sesame")
			putInPlace(t, kind, filepath.Join(locked.Dir, "locked"))
			_, stop := locked.UntilLocked(t.Context())
			defer stop()
			enter(t, locked, "", "open sesame")
			if ended, err := locked.LockUp(t.Context()); ended || fault.ReasonOf(err) != "locked-unwritable" {
				t.Errorf("others are told to end: %v, %v", ended, err)
			}
		})
	}
}

// Nobody waits for another process where there is none: what stands in the place of a lock
// is named, whoever comes to it.
func TestALockThatIsNoFileIsNotSomebodyElses(t *testing.T) {
	f := made(t, "open sesame")
	at := func(name string) (path string) {
		path = filepath.Join(f.Dir, name)
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		putInPlace(t, "folder", path)
		return path
	}
	said := func(what, path string, err error) {
		t.Helper()
		if fault.ReasonOf(err) != "file-unwritable" || !strings.Contains(fault.From(err).Message, path) {
			t.Errorf("%s: %v", what, err)
		}
	}
	now, other := *options(f, "open sesame").Passphrase, *options(f, "other").Passphrase
	vault := at("vault.lock")
	said("another passphrase", vault, f.ChangePassphrase(t.Context(), "", now, other, time.Now))
	keys := at("keys.lock")
	_, err := house.Open(t.Context(), options(f, "open sesame"))
	said("opening", keys, err)
	_, err = f.Backup(t.Context(), "", now, filepath.Join(t.TempDir(), "backup"), house.Sealing{}, time.Now)
	said("a backup", keys, err)
}
