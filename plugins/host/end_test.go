//go:build linux

package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
)

func TestCloseEndsEvenAStoppedPlugin(t *testing.T) {
	h := newHost(t, nil)
	b := load(t, h, source(t, "thing"))
	read := holding(t, b)
	ended := make(chan error)
	go func() { ended <- stepperOf(t, b).RunSteps(t.Context(), begin(t, "HANG"), &outcome{}) }()
	if !stopAndSee(t, b.Status().PID) {
		t.Fatal("it is gone")
	}
	now, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Close(now); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, fault.Suspended) {
		t.Errorf("the operation ended with %v", err)
	}
	waitForEnd(t, read)
	if _, err := h.Load(source(t, "thing")); !errors.Is(err, fault.Suspended) {
		t.Errorf("a closed host loads: %v", err)
	}
}

func TestCloseEndsAStartThatHangs(t *testing.T) {
	dir, log := t.TempDir(), new(records)
	h := newHost(t, func(o *host.Options) {
		o.Dir, o.Start, o.Log = dir, time.Hour, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError}))
	})
	b := load(t, h, source(t, "silent"))
	ended := make(chan error)
	go func() { ended <- stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), &outcome{}) }()
	for left := []string(nil); len(left) == 0; runtime.Gosched() {
		left, _ = filepath.Glob(filepath.Join(dir, "host-*", "plugin-dir*"))
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, fault.Suspended) {
		t.Errorf("the operation ended with %v", err)
	}
	if said := log.String(); said != "" {
		t.Errorf("a plugin that nobody wants any longer is called a defect: %s", said)
	}
}

func TestAPluginDiesWithAHostThatIsKilled(t *testing.T) {
	for name, args := range map[string][]string{
		"one of the SDK":                      {"thing"},
		"one that does not look at its input": {"rogue", "stubborn"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, fifo := t.TempDir(), filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			read, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer read.Close()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			victim := exec.Command(self, append([]string{"host", dir, fifo}, args...)...)
			var said bytes.Buffer
			victim.Stderr = &said
			out, err := victim.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := victim.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(out, make([]byte, 6)); err != nil { // "ready\n"
				t.Fatal(err, said.String())
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "host-*", "plugin-dir*", "plugin*")); len(left) != 1 {
				t.Fatalf("sockets before the kill: %v", left)
			}
			if err := victim.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = victim.Wait()
			waitForEnd(t, read)
			newHost(t, func(o *host.Options) { o.Dir = dir })
			if left, _ := filepath.Glob(filepath.Join(dir, "host-*", "plugin-dir*")); len(left) != 0 {
				t.Errorf("the next host left %v", left)
			}
		})
	}
}

// hostToBeKilled is the other process of the test above.
func hostToBeKilled(dir, fifo string, args []string) {
	d := describeThing()
	h, err := host.New(host.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Clock: time.Now, Start: patience})
	if err == nil {
		var b *host.Bundle
		if b, err = h.Load(host.Source{Args: append([]string{"plugin"}, args...), Description: &d}); err == nil {
			err = holdOpen(b, fifo)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	select {}
}

func TestAHostThatLivesKeepsItsDirectory(t *testing.T) {
	dir := t.TempDir()
	first := load(t, newHost(t, func(o *host.Options) { o.Dir = dir }), source(t, "thing"))
	perform(t, first, "PLAIN", nil)
	second := load(t, newHost(t, func(o *host.Options) { o.Dir = dir }), source(t, "thing"))
	perform(t, second, "PLAIN", nil)
	if err := stepperOf(t, first).RunSteps(t.Context(), begin(t, "DIE"), &outcome{}); err == nil {
		t.Fatal("it did not die")
	}
	perform(t, first, "PLAIN", nil)
}

func TestNoDescriptorsAreLeft(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it closes files that are left
	cycle := func() {
		h, err := host.New(host.Options{Dir: t.TempDir(), Log: discard(), Clock: time.Now, Start: patience, Health: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		b := load(t, h, source(t, "thing"))
		perform(t, b, "PLAIN", nil)
		if err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "DIE"), &outcome{}); err == nil {
			t.Fatal("it did not die")
		}
		perform(t, b, "PLAIN", nil)
		if err := h.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	cycle() // what the runtime opens once
	before := descriptors(t)
	for range 5 {
		cycle()
	}
	over := time.After(patience)
	for after := descriptors(t); after > before; after = descriptors(t) {
		select {
		case <-over:
			t.Fatalf("%d descriptors before, %d after", before, after)
		default: // who closes one may need a moment
			runtime.Gosched()
		}
	}
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
