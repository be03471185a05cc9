//go:build linux

package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// A pipe with a name that a plugin holds open tells that its process is gone:
// then, and only then, the reader sees the end of the file.

// holdOpen makes the bundle's process open path for writing.
func holdOpen(b *host.Bundle, path string) error {
	text, err := json.Marshal(path)
	if err != nil {
		return err
	}
	var o outcome
	err = b.Protocols(comm.Client)[0].(protocol.Stepper).RunSteps(context.Background(), protocol.Begin{
		Op: "op-hold", Protocol: "thing.do", Side: protocol.Initiator, Call: protocol.Call{Operation: "HOLD", Class: "thing", Args: text},
		Seed: make([]byte, 32), Now: noon,
	}, &o)
	if err == nil && o.last.Fault != nil {
		return o.last.Fault
	}
	return err
}

// holding gives the reading end of a pipe that the bundle's process holds.
func holding(t *testing.T, b *host.Bundle) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { read.Close() })
	if err := holdOpen(b, path); err != nil {
		t.Fatal(err)
	}
	return read
}

// waitForEnd returns when nobody holds the pipe any more.
func waitForEnd(t *testing.T, read *os.File) {
	t.Helper()
	if n, err := io.Copy(io.Discard, read); n != 0 || err != nil {
		t.Fatal(n, err)
	}
}

// stopAndSee stops a process of ours and returns when all of its threads have
// stopped: until then it may still answer. False is a process that is gone.
func stopAndSee(t *testing.T, pid int) bool {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); errors.Is(err, syscall.ESRCH) {
		return false
	} else if err != nil {
		t.Fatal(err)
	}
	for { // WNOWAIT leaves the process to the host, which waits for its end
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil)
		if err == nil || errors.Is(err, syscall.ECHILD) {
			return err == nil
		}
		if !errors.Is(err, syscall.EINTR) {
			t.Fatal(err)
		}
	}
}

func describeThing() api.Description { return sdk.Describe(thingBundle) }
