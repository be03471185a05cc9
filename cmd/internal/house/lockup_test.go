package house_test

import (
	"context"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Locking ends what waits with the wallet open, and needs no passphrase.
func TestLockingEndsWhoHasTheWalletOpen(t *testing.T) {
	f := made(t, "open sesame")
	if ended, err := f.LockUp(t.Context()); ended || err != nil {
		t.Errorf("with nobody there: %v, %v", ended, err)
	}
	h := enter(t, f, "", "open sesame")
	within, stop := f.UntilLocked(t.Context())
	defer stop()
	told := make(chan error, 1)
	go func() {
		<-within.Done()
		told <- context.Cause(within)
		_ = h.Close(context.WithoutCancel(within))
	}()
	if ended, err := f.LockUp(t.Context()); !ended || err != nil {
		t.Errorf("with somebody there: %v, %v", ended, err)
	}
	if cause := <-told; !errors.Is(cause, fault.Locked) || fault.ReasonOf(cause) != "wallet-locked" {
		t.Errorf("they were told %v", cause)
	}
	again, stop := f.UntilLocked(t.Context()) // it was locked before, not now
	stop()
	if cause := context.Cause(again); errors.Is(cause, fault.Locked) {
		t.Error("who comes later is told of it")
	}
}

// One that does not end is told about; nobody may believe that it is locked.
func TestWhoDoesNotEndIsNotLocked(t *testing.T) {
	f := made(t, "open sesame")
	enter(t, f, "", "open sesame")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ended, err := f.LockUp(ctx); ended || fault.ReasonOf(err) != "wallet-open" {
		t.Errorf("%v, %v", ended, err)
	}
}
