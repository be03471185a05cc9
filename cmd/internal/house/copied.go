package house

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// takeAlone takes the directory for this server, and refuses a copy of a directory that is in use: each
// of the two would give back what only the other has sold. A server notes in its lock file where the
// directory is, and a copy brings that note along. As long as the other one is there the note stays, and each
// start is warned of it. Of a copy on another machine nobody knows here.
func (o Options) takeAlone() (unlock func() error, err error) {
	noted, _ := os.ReadFile(o.Lock()) // where locks are files that go, nothing of it may be left
	if unlock, err = lock(o.Lock()); err != nil {
		return nothing, err
	}
	here, err := filepath.Abs(o.Dir)
	if err != nil {
		return unlock, nil // nobody can tell where it is
	}
	other := Files{Dir: string(noted)}
	if other.Dir == here || !o.copyOf(other) {
		_ = os.WriteFile(o.Lock(), []byte(here), 0o600) // on a full disk there is no note
		return unlock, nil
	}
	end, err := share(other.Lock())
	if errors.Is(err, fault.Locked) {
		return unlock, fault.Wrap(err, fault.Locked, "%s is a copy of %s, which is in use", here, other.Dir).
			Because("dir-copied").WithHint("only one of the two may ever be used: each would undo what only the other knows of")
	}
	if err == nil {
		_ = end()
	}
	o.Log.Warn("this directory is a copy of one that is still there; only one of the two may be used", "directory", here, "other", other.Dir)
	return unlock, nil
}

// copyOf reports whether another directory holds the same party.
func (f Files) copyOf(other Files) bool {
	ours, err := os.Stat(f.Vault())
	theirs, errTheirs := os.Stat(other.Vault())
	if other.Dir == "" || errors.Join(err, errTheirs) != nil || os.SameFile(ours, theirs) {
		return false
	}
	one, err := os.ReadFile(f.Vault())
	two, errTwo := os.ReadFile(other.Vault())
	return errors.Join(err, errTwo) == nil && bytes.Equal(one, two)
}
