package house_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

// door is what is guessed at; a clock says when.
type door struct {
	t     *testing.T
	files house.Files
	at    time.Time
	tried int
}

func newDoor(t *testing.T) *door {
	return &door{t: t, files: house.Files{Dir: t.TempDir(), LockBy: crypto.QuickPassphrase}, at: time.Unix(1_700_000_000, 0)}
}

func (d *door) guess(result error) error {
	return house.Guess(d.files, "owner", func() time.Time { return d.at }, func() error { d.tried++; return result })
}

var errWrong = fault.New(fault.Denied, "this is not the passphrase").Because("wrong-passphrase")

func (d *door) wrong(times int) {
	d.t.Helper()
	for range times {
		if err := d.guess(errWrong); fault.ReasonOf(err) != "wrong-passphrase" {
			d.t.Fatal(err)
		}
	}
}

func (d *door) shut() {
	d.t.Helper()
	before := d.tried
	err := d.guess(nil)
	if !errors.Is(err, fault.Locked) || fault.ReasonOf(err) != "passphrase-locked-out" || !strings.Contains(fault.From(err).Hint, " minute") {
		d.t.Errorf("it is open: %v", err)
	}
	if d.tried != before {
		d.t.Error("the passphrase was looked at")
	}
}

func TestTenWrongPassphrasesShutTheDoorForHalfAnHour(t *testing.T) {
	d := newDoor(t)
	d.wrong(10)
	d.shut() // also for the right one, and in another process: the count is on disk
	d.at = d.at.Add(29 * time.Minute)
	d.shut()
	d.at = d.at.Add(time.Minute)
	d.wrong(10) // and the count begins anew
	d.shut()
	d.at = d.at.Add(30 * time.Minute)
	if err := d.guess(nil); err != nil {
		t.Error(err)
	}
}

func TestARightPassphraseEndsTheCount(t *testing.T) {
	d := newDoor(t)
	d.wrong(9)
	if err := d.guess(nil); err != nil {
		t.Fatal(err)
	}
	d.wrong(9)
	if err := d.guess(errors.New("the disk is broken")); err == nil || fault.ReasonOf(err) != "" {
		t.Errorf("another failure: %v", err)
	}
	d.wrong(1) // which counts as none
	d.shut()
}

// TestManyAtOnceAreCounted: of what is tried at the same time no more is looked at
// than one after the other, also from nothing and when the old count is too old.
func TestManyAtOnceAreCounted(t *testing.T) {
	d := newDoor(t)
	for round := range 2 {
		var all sync.WaitGroup
		var tried, inside atomic.Int32
		start := make(chan struct{})
		for range 40 {
			all.Go(func() {
				<-start
				err := house.Guess(d.files, "owner", func() time.Time { return d.at }, func() error {
					if inside.Add(1) > 1 {
						t.Error("two are tried at once")
					}
					tried.Add(1)
					runtime.Gosched()
					inside.Add(-1)
					return errWrong
				})
				if reason := fault.ReasonOf(err); reason != "wrong-passphrase" && reason != "passphrase-locked-out" {
					t.Error(err)
				}
			})
		}
		close(start)
		all.Wait()
		if tried.Load() != 10 {
			t.Errorf("round %d: %d were looked at", round, tried.Load())
		}
		d.shut()
		d.at = d.at.Add(30 * time.Minute)
	}
}

// TestTheCountSurvivesDamage: half a line of a crash, or a clock that was wrong,
// shuts nobody out for good.
func TestTheCountSurvivesDamage(t *testing.T) {
	d := newDoor(t)
	path := filepath.Join(d.files.Dir, "guesses")
	for _, text := range []string{"", "17000", strings.Repeat("nonsense\n", 20), strings.Repeat("99999999999\n", 20), strings.Repeat("-1\n", 20)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.guess(nil); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestAUsersGuessesShutNobodyElseOut, and nobody's right passphrase opens the door
// to further guesses at another's.
func TestAUsersGuessesShutNobodyElseOut(t *testing.T) {
	f := made(t, "open sesame")
	h := enter(t, f, "", "open sesame")
	if _, err := h.AddPerson(t.Context(), "kasim", secret("barley")); err != nil {
		t.Fatal(err)
	}
	shut(t, h)
	guess := func(user, word string) fault.Reason {
		o := options(f, word)
		o.User = user
		h, err := house.Open(t.Context(), o)
		if err == nil {
			shut(t, h)
		}
		return fault.ReasonOf(err)
	}
	for range 10 {
		if got := guess("kasim", "wheat"); got != "wrong-passphrase" {
			t.Fatal(got)
		}
	}
	if got := guess("", "open sesame"); got != "" {
		t.Errorf("the owner is kept out: %s", got)
	}
	if got := guess("kasim", "barley"); got != "passphrase-locked-out" {
		t.Errorf("whose passphrase was guessed ten times gets %q", got)
	}
	if err := f.ChangePassphrase(t.Context(), "kasim", secret("barley"), secret("oats"), time.Now); fault.ReasonOf(err) != "passphrase-locked-out" {
		t.Errorf("the passphrase is changed: %v", err)
	}
}

// TestAWalletIsShutToGuesses, for the right passphrase as well.
func TestAWalletIsShutToGuesses(t *testing.T) {
	f := made(t, "open sesame")
	for n := range 10 {
		if _, err := house.Open(t.Context(), options(f, "wrong")); fault.ReasonOf(err) != "wrong-passphrase" {
			t.Fatalf("%d: %v", n, err)
		}
	}
	if _, err := house.Open(t.Context(), options(f, "open sesame")); fault.ReasonOf(err) != "passphrase-locked-out" {
		t.Errorf("it opens: %v", err)
	}
	if info, err := os.Stat(filepath.Join(f.Dir, "guesses")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the count is kept as %v, %v", info, err)
	}
}
