//go:build linux

package host_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

var sameFault = cmp.Comparer(func(a, b *fault.Fault) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Kind == b.Kind && a.Reason == b.Reason && a.Message == b.Message && a.Hint == b.Hint)
})

func TestAPluginComputesOnAsManyProcessorsAsItIsTold(t *testing.T) {
	t.Setenv("GOMAXPROCS", "9") // the host's own
	b := load(t, newHost(t, func(o *host.Options) { o.Processors = 3 }), source(t, "thing"))
	var got seen
	perform(t, b, "LOOK", &got)
	if got.Processors != 3 {
		t.Errorf("told to compute on 3 processors, it does on %d", got.Processors)
	}
}

func TestAPluginSeesNothingOfTheHost(t *testing.T) {
	t.Setenv("SWAPEROO_PASSPHRASE", "correct horse")
	secret := inherits(t)
	b := load(t, newHost(t, nil), source(t, "thing"))
	var got seen
	perform(t, b, "LOOK", &got)
	for _, v := range got.Environment {
		name, _, _ := strings.Cut(v, "=")
		if name != "SWAPEROO_PLUGIN" && !strings.HasPrefix(name, "PLUGIN_") && !slices.Contains(host.Inherited(), v) {
			t.Errorf("the environment has %s", v)
		}
	}
	if slices.Contains(got.Open, secret) {
		t.Errorf("it has %s open, of %v", secret, got.Open)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got.Arg0 != self || got.Executable != self {
		t.Errorf("it runs as %s, %s", got.Arg0, got.Executable)
	}
	if entries, err := os.ReadDir(got.Dir); err != nil || len(entries) > 1 { // the socket
		t.Errorf("its directory holds %v, %v", entries, err)
	}
	if info, err := os.Stat(got.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its directory is %v, %v", info.Mode(), err)
	}
	if got.PID != b.Status().PID {
		t.Errorf("pid %d, status says %d", got.PID, b.Status().PID)
	}
}

// inherits gives this process a file as a shell does that starts it with "3<FILE".
func inherits(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("correct horse"), 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	return path
}

func TestAPluginKilledInTheMiddle(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	p := stepperOf(t, b)
	err := p.RunSteps(t.Context(), begin(t, "TALK"), doorFunc(func([]protocol.Step) (protocol.Answer, error) {
		if err := syscall.Kill(b.Status().PID, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		return protocol.Answer{Now: noon}, nil
	}))
	if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "plugin-crashed" {
		t.Errorf("error = %v", err)
	}
	perform(t, b, "PLAIN", nil)
	if got := b.Status().Restarts; got != 1 {
		t.Errorf("%d restarts", got)
	}
}

func TestAResultCountsEvenIfThePluginDiesBeforeItHears(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), doorFunc(func([]protocol.Step) (protocol.Answer, error) {
		return protocol.Answer{Now: noon, Done: true}, syscall.Kill(b.Status().PID, syscall.SIGKILL)
	}))
	if err != nil {
		t.Error(err)
	}
}

func TestOneDeadPluginEndsAllItsOperations(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	p := stepperOf(t, b)
	var arrived, ended sync.WaitGroup
	errs := make(chan error, 10)
	arrived.Add(cap(errs))
	for range cap(errs) {
		begun := begin(t, "WAIT")
		ended.Go(func() {
			errs <- p.RunSteps(t.Context(), begun, doorFunc(func([]protocol.Step) (protocol.Answer, error) {
				arrived.Done()
				return protocol.Answer{Now: noon, Message: []byte("1")}, nil
			}))
		})
	}
	arrived.Wait()
	if err := p.RunSteps(t.Context(), begin(t, "DIE"), &outcome{}); fault.ReasonOf(err) != "plugin-crashed" {
		t.Errorf("error = %v", err)
	}
	ended.Wait()
	for range cap(errs) {
		if err := <-errs; !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "plugin-crashed" {
			t.Errorf("error = %v", err)
		}
	}
}

func TestAPanicIsTheCrashOfOneOperation(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	perform(t, b, "PLAIN", nil)
	pid := b.Status().PID
	err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PANIC"), &outcome{})
	if !errors.Is(err, fault.Internal) || fault.ReasonOf(err) != "plugin-crashed" {
		t.Errorf("error = %v", err)
	}
	if strings.Contains(err.Error(), "goroutine") {
		t.Error("the stack crossed the border")
	}
	err = stepperOf(t, b).RunSteps(t.Context(), begin(t, "SHOUT"), &outcome{})
	if fault.ReasonOf(err) != "frame-too-large" {
		t.Errorf("error = %v", err)
	}
	perform(t, b, "PLAIN", nil)
	if b.Status().PID != pid {
		t.Error("the process did not survive")
	}
}

func TestThreeCrashesInARowAreAQuarantine(t *testing.T) {
	same := begin(t, "DIE")
	for name, row := range map[string]struct {
		crash       func(n int) protocol.Begin
		between     bool // an operation goes well in between
		quarantined bool
	}{
		"different operations and peers": {func(int) protocol.Begin { return begin(t, "DIE") }, false, true},
		"only the code of each":          {func(int) protocol.Begin { return begin(t, "PANIC") }, false, true},
		"one operation again and again":  {func(int) protocol.Begin { return same }, false, false},
		"one peer with many operations": {func(int) protocol.Begin {
			b := begin(t, "DIE")
			b.Peer = same.Peer
			return b
		}, false, false},
		"not in a row": {func(int) protocol.Begin { return begin(t, "DIE") }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			at := noon
			b := load(t, newHost(t, func(o *host.Options) {
				o.Clock = func() time.Time { at = at.Add(time.Minute); return at } // no pause is left to wait for
			}), source(t, "thing"))
			for n := range 3 {
				if err := stepperOf(t, b).RunSteps(t.Context(), row.crash(n), &outcome{}); err == nil {
					t.Fatal("it did not crash")
				}
				if row.between {
					perform(t, b, "PLAIN", nil)
				}
			}
			err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), &outcome{})
			if got := fault.ReasonOf(err) == "plugin-quarantined"; got != row.quarantined {
				t.Fatalf("after three crashes: %v", err)
			}
			if !row.quarantined {
				return
			}
			if b.Status().Why == "" {
				t.Error("its status does not say why")
			}
			if err := b.Enable(); err != nil {
				t.Fatal(err)
			}
			perform(t, b, "PLAIN", nil)
		})
	}
}

func TestAStoppedPluginIsFoundAndReplaced(t *testing.T) {
	b := load(t, newHost(t, func(o *host.Options) { o.Health = 500 * time.Millisecond }), source(t, "thing"))
	pid := healthy(t, b)
	for !stopAndSee(t, pid) {
		pid = healthy(t, b)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := stepperOf(t, b).RunSteps(ctx, begin(t, "PLAIN"), &outcome{})
	if err != nil && fault.ReasonOf(err) != "plugin-hung" { // nil: it was found before it was asked
		t.Fatalf("error = %v", err)
	}
	if healthy(t, b) == pid {
		t.Error("the stopped process is still in use")
	}
}

// healthy gives the process by which an operation goes well. One that lives may be
// taken for hung as well, on a machine that gives it no time; it has a successor.
func healthy(t *testing.T, b *host.Bundle) int {
	t.Helper()
	for range 100 {
		err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), &outcome{})
		if err != nil && fault.ReasonOf(err) != "plugin-hung" {
			t.Fatal(err)
		}
		if pid := b.Status().PID; err == nil && pid != 0 {
			return pid
		}
		if err := b.Enable(); err != nil { // it did not crash
			t.Fatal(err)
		}
	}
	t.Fatal("no process stays healthy")
	return 0
}
