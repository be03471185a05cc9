package house

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// How often a person's passphrase may be guessed, within which time.
const (
	maxGuesses = 10
	guessTime  = 30 * time.Minute
)

// reasonLockedOut marks a passphrase that was not even tried.
const reasonLockedOut fault.Reason = "passphrase-locked-out"

// guesses is a file beside the vault with the times of wrong passphrases for one of its
// slots, one a line. It is against those who can run this program and cannot write these
// files: a child at the keyboard, a script that drives commands, a service that runs them
// for others. Whoever can copy the vault, or delete this file, is only held up by the cost
// of Argon2id. Each slot has a count of its own: otherwise one user of a wallet could lock
// the others out.
type guesses string

func (f Files) guesses(slot string) guesses {
	if slot == slotUser {
		return guesses(filepath.Join(f.Dir, "guesses"))
	}
	return guesses(filepath.Join(f.Dir, "guesses."+slot))
}

// guess tries the passphrase of a slot, unless too many were wrong lately. A wrong one is
// on disk before anybody hears of it; a right one ends the count. Passphrases are tried one
// after the other, also by several processes: tried at once, all would pass before any was
// counted.
func (f Files) guess(slot string, now func() time.Time, try func() error) error {
	g := f.guesses(slot)
	unlock, err := g.mine()
	if err != nil {
		return err
	}
	defer func() { _ = unlock() }()
	wrong, last, err := g.wrong(now())
	if err != nil {
		return err
	}
	if wrong >= maxGuesses {
		wait := last.Add(guessTime).Sub(now()).Round(time.Minute)
		return fault.New(fault.Locked, "the passphrase of this user was wrong %s: it is not looked at now", fault.Count(wrong, "time")).Because(reasonLockedOut).
			WithHint("wait %s, then try again", fault.Count(max(1, int(wait.Minutes())), "minute"))
	}
	err = try()
	switch {
	case err == nil && wrong > 0:
		return g.forget()
	case fault.ReasonOf(err) != "wrong-passphrase":
		return err
	}
	if unwritten := g.record(now(), wrong == 0); unwritten != nil {
		return unwritten
	}
	return fault.From(err).WithHint("try again; after %d wrong ones in a row this user cannot for %d minutes", maxGuesses, int(guessTime.Minutes()))
}

// How long a guess waits for others to end, and how often it looks.
const (
	guessWait = 30 * time.Second
	guessLook = 10 * time.Millisecond
)

// mine waits until nobody else guesses.
func (g guesses) mine() (unlock func() error, err error) {
	over := time.NewTimer(guessWait)
	defer over.Stop()
	look := time.NewTicker(guessLook)
	defer look.Stop()
	for {
		if unlock, err = lock(string(g) + ".lock"); !errors.Is(err, fault.Locked) {
			return unlock, err
		}
		select {
		case <-look.C:
		case <-over.C:
			return nil, fault.Wrap(err, fault.Locked, "other processes try passphrases").Because("guesses-in-use").
				WithHint("wait for them to end, or end them, then try again")
		}
	}
}

// wrong counts the recent wrong passphrases. A time far in the future comes from another
// clock and does not count.
func (g guesses) wrong(now time.Time) (n int, last time.Time, err error) {
	text, err := disk.Read(string(g), 1<<16)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, last, nil
	}
	if err != nil {
		return 0, last, unreadable(err)
	}
	for line := range strings.Lines(string(text)) {
		seconds, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		at := time.Unix(seconds, 0)
		if err != nil || now.Sub(at).Abs() >= guessTime {
			continue // a crash has left half a line
		}
		n++
		if at.After(last) {
			last = at
		}
	}
	return n, last, nil
}

// record adds a wrong one. fresh begins a new file, because all earlier ones are too old.
func (g guesses) record(at time.Time, fresh bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if fresh {
		if err := g.forget(); err != nil {
			return err
		}
	}
	file, err := disk.Open(string(g), flags)
	if err != nil {
		return unreadable(err)
	}
	_, err = file.WriteString(strconv.FormatInt(at.Unix(), 10) + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return unreadable(err)
	}
	return nil
}

func (g guesses) forget() error {
	if err := os.Remove(string(g)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) error {
	return fault.Wrap(err, fault.Internal, "the count of wrong passphrases cannot be kept").Because("guesses-unusable").
		WithHint("the file guesses in the data directory must be a plain file of yours, and the disk not full")
}
