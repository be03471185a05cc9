package house

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// How often a process looks whether its wallet was locked, and how long LockUp waits for
// other processes to end.
const (
	lockLook = 200 * time.Millisecond
	lockWait = 10 * time.Second
)

// LockUp tells every process that has a wallet open to end, and waits for them. Commands
// keep nothing between them, so nobody has the wallet's keys afterwards. It needs no
// passphrase. It reports whether there was a process to end; if one does not end in time,
// it is fault.Locked, reason "wallet-open".
func (f Files) LockUp(ctx context.Context) (ended bool, err error) {
	free := func() (bool, error) {
		unlock, err := lock(f.keysLock())
		if errors.Is(err, fault.Locked) {
			return false, nil
		}
		if err == nil {
			err = unlock()
		}
		return true, err
	}
	if is, err := free(); is || err != nil {
		return false, err
	}
	if err := f.tell(); err != nil {
		return false, fault.Wrap(err, fault.Internal, "other processes cannot be told to end").Because("locked-unwritable").
			WithHint("the file locked in the data directory must be a plain file of yours, and the disk not full; or end them yourself")
	}
	within, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	look := time.NewTicker(lockLook / 4)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if is, err := free(); is || err != nil {
				return true, err
			}
		case <-within.Done():
			return false, fault.New(fault.Locked, "a process that has this wallet open does not end").Because("wallet-open").
				WithHint("end it yourself, then repeat")
		}
	}
}

// tell changes what other processes look at.
func (f Files) tell() error {
	file, err := disk.Open(f.lockedFile(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = file.WriteString(rand.Text())
	return errors.Join(err, file.Close())
}

// UntilLocked is a context that ends when somebody locks the wallet, with a fault that says
// so as its cause. Call stop when the work is done.
func (f Files) UntilLocked(ctx context.Context) (within context.Context, stop func()) {
	within, cancel := context.WithCancelCause(ctx)
	was := f.lockedText()
	go func() {
		look := time.NewTicker(lockLook)
		defer look.Stop()
		for {
			select {
			case <-within.Done():
				return
			case <-look.C:
				if f.lockedText() != was {
					cancel(fault.New(fault.Locked, "this wallet was locked meanwhile").Because("wallet-locked").WithHint("open it again with your passphrase"))
					return
				}
			}
		}
	}()
	return within, func() { cancel(nil) }
}

// lockedText changes whenever the wallet is locked.
func (f Files) lockedText() string {
	text, err := disk.Read(f.lockedFile(), 1<<10)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "unreadable"
	}
	return string(text)
}
