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
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

var sameFault = cmp.Comparer(func(a, b *fault.Fault) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Kind == b.Kind && a.Reason == b.Reason && a.Message == b.Message && a.Hint == b.Hint)
})

func TestAPluginSeesNothingOfTheHost(t *testing.T) {
	t.Setenv("SWAPEROO_PASSPHRASE", "correct horse")
	secret := inherits(t)
	b := load(t, newHost(t, nil), source(t, "thing"))
	var got seen
	perform(t, b, "LOOK", &got)
	for _, v := range got.Environment {
		name, _, _ := strings.Cut(v, "=")
		if name != "SWAPEROO_PLUGIN" && !strings.HasPrefix(name, "PLUGIN_") {
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

func TestNoiseOnStandardOutputIsHarmless(t *testing.T) {
	var log records
	b := load(t, newHost(t, func(o *host.Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}), source(t, "noisy"))
	perform(t, b, "PRINT", nil)
	perform(t, b, "PLAIN", nil)
	if !strings.Contains(log.String(), "careless") {
		t.Error("what was printed before the handshake is nowhere in the log")
	}
	if b.Status().Restarts != 0 {
		t.Error("the plugin was restarted")
	}
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

func TestTheReportOfACrashHasItsLastWords(t *testing.T) {
	var log records
	b := load(t, newHost(t, func(o *host.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) }), source(t, "thing"))
	if err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "DIE"), &outcome{}); err == nil {
		t.Fatal("it did not crash")
	}
	perform(t, b, "PLAIN", nil) // by now the first life is buried
	if !strings.Contains(b.Status().Report, "last words") || !strings.Contains(log.String(), "exit status 4") {
		t.Errorf("report = %q, log = %s", b.Status().Report, log.String())
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

func TestStartsThatFail(t *testing.T) {
	other := source(t, "thing")
	other.Description.Version = "9.9.9"
	missing := source(t)
	missing.Path = filepath.Join(t.TempDir(), "nothing")
	notProgram := source(t)
	notProgram.Path = filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(notProgram.Path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	const short = time.Second // for those that never do what they are waited for
	for name, row := range map[string]struct {
		source host.Source
		reason fault.Reason
		start  time.Duration
	}{
		"it exits":                {source(t, "gone"), "plugin-start", patience},
		"it never says a word":    {source(t, "silent"), "plugin-start", short},
		"it is another version":   {other, "plugin-differs", patience},
		"its file is not there":   {missing, "plugin-missing", patience},
		"its file is no program":  {notProgram, "plugin-start", patience},
		"it listens elsewhere":    {source(t, "rogue", "elsewhere"), "plugin-start", patience},
		"it speaks without TLS":   {source(t, "rogue", "clear"), "plugin-start", patience},
		"it speaks net/rpc":       {source(t, "rogue", "netrpc"), "plugin-start", patience},
		"it describes nonsense":   {source(t, "rogue", "nonsense"), "description-malformed", patience},
		"it is of another door":   {source(t, "rogue", "version"), "plugin-version", patience},
		"it describes 5 MiB":      {source(t, "rogue", "endless"), "plugin-start", patience},
		"it hangs when described": {source(t, "rogue", "mute"), "plugin-start", short},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // some wait for their time to be over
			dir := t.TempDir()
			h := newHost(t, func(o *host.Options) { o.Dir, o.Start = dir, row.start })
			err := stepperOf(t, load(t, h, row.source)).RunSteps(t.Context(), begin(t, "PLAIN"), &outcome{})
			if fault.ReasonOf(err) != row.reason {
				t.Errorf("error = %v, reason %q", err, fault.ReasonOf(err))
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "host-*", "plugin-dir*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// What a program says of itself when it does not start helps whoever adds it, and is
// nobody else's: another's operation is only told that it did not start.
func TestWhatDoesNotStartSaysWhyWhenItIsAdded(t *testing.T) {
	s := source(t, "gone")
	err := stepperOf(t, load(t, newHost(t, nil), s)).RunSteps(t.Context(), begin(t, "PLAIN"), &outcome{})
	if m := fault.From(err).Message; strings.Contains(m, "give up") {
		t.Errorf("an operation is told %q", m)
	}
	s.Description = nil
	_, err = newHost(t, nil).Inspect(t.Context(), s)
	if m := fault.From(err).Message; m != `the plugin did not start; it wrote "I give up"` {
		t.Errorf("whoever adds it is told %q", m)
	}
	silent := source(t, "silent")
	silent.Description = nil
	_, err = newHost(t, func(o *host.Options) { o.Start = time.Second }).Inspect(t.Context(), silent)
	if m := fault.From(err).Message; m != "the plugin did not start within 1s" {
		t.Errorf("of one that says nothing: %q", m)
	}
}

// Who does not want to wait any longer, and says so, is not told of a host.
func TestAnInterruptedLookSaysSo(t *testing.T) {
	s := source(t, "silent")
	s.Description = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newHost(t, nil).Inspect(ctx, s)
	if fault.KindOf(err) != fault.Timeout || fault.ReasonOf(err) != "interrupted" {
		t.Errorf("whoever adds it is told %v", err)
	}
}

func TestABundleThatBringsTheUselessIsNotTaken(t *testing.T) {
	s := source(t, "rogue", "useless")
	s.Description = nil // it is new
	if _, err := newHost(t, nil).Inspect(t.Context(), s); !errors.Is(err, fault.Unsupported) || fault.ReasonOf(err) != "protocol-useless" {
		t.Errorf("error = %v", err)
	}
}

func TestAChangedBinaryIsNotStarted(t *testing.T) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "thing")
	if err := os.WriteFile(path, self, 0o700); err != nil {
		t.Fatal(err)
	}
	s := source(t, "thing")
	s.Path = path
	b := load(t, newHost(t, nil), s)
	perform(t, b, "PLAIN", nil) // the sum of the first start is the pinned one
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(self, 0), 0o700); err != nil {
		t.Fatal(err)
	}
	perform(t, b, "PLAIN", nil) // the process that runs is the right one
	if err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "DIE"), &outcome{}); err == nil {
		t.Fatal("it did not die")
	}
	err = stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), &outcome{})
	if !errors.Is(err, fault.Denied) || fault.ReasonOf(err) != "plugin-modified" || strings.Contains(err.Error(), filepath.Dir(path)) { // a peer reads it, too
		t.Errorf("error = %v", err)
	}
}

// Between the sum and the start somebody who may write the file could write another
// program into it: so nobody else may.
func TestABinaryThatOthersMayWriteIsNotStarted(t *testing.T) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	s := source(t, "thing")
	s.Path = filepath.Join(t.TempDir(), "thing")
	if err := os.WriteFile(s.Path, self, 0o700); err != nil {
		t.Fatal(err)
	}
	h := newHost(t, nil)
	for _, row := range []struct {
		mode   os.FileMode
		owner  int
		reason fault.Reason
	}{
		{0o720, os.Geteuid(), "plugin-exposed"},
		{0o702, os.Geteuid(), "plugin-exposed"},
		{0o755, os.Geteuid(), ""},
		{0o755, 65534, "plugin-exposed"},
	} {
		if row.owner != os.Geteuid() && os.Geteuid() != 0 {
			continue // only root gives files away
		}
		if err := errors.Join(os.Chown(s.Path, row.owner, -1), os.Chmod(s.Path, row.mode)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Inspect(t.Context(), s); fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
			t.Errorf("mode %v of %d: error = %v", row.mode, row.owner, err)
		}
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

func TestADeepDirectoryIsNoProblemForSockets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 40))
	b := load(t, newHost(t, func(o *host.Options) { o.Dir = dir }), source(t, "thing"))
	perform(t, b, "PLAIN", nil)
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

// records is a log that may be read while it is written.
type records struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// What a plugin says is bounded in the log, whatever way it says it; the report of a
// crash has its last words all the same.
func TestAPluginDoesNotFloodTheLog(t *testing.T) {
	var log records
	stands := time.Now()
	h := newHost(t, func(o *host.Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Clock = func() time.Time { return stands }
	})
	perform(t, load(t, h, source(t, "thing")), "FLOOD", nil)
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := log.String()
	if n := strings.Count(text, "flood"); n == 0 || n > 200 {
		t.Errorf("%d of 5000 lines are in the log", n)
	}
	if !strings.Contains(text, "lines were left out") {
		t.Error("nothing says that lines were left out")
	}
}

// An author's error that is no fault crosses as a defect, without its text: the log
// of its own side is where it can be read.
func TestTheCauseOfADefectIsInTheLog(t *testing.T) {
	var log records
	h := newHost(t, func(o *host.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	b := load(t, h, source(t, "thing"))
	var end outcome
	if err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "ERR"), &end); err != nil {
		t.Fatal(err)
	}
	i := begin(t, "PLAIN").Leased[0]
	if err := i.Encode(thingState{Check: "err"}); err != nil {
		t.Fatal(err)
	}
	refusal := fault.From(b.Classes(comm.Client)[0].Check(nil, &i))
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for text, f := range map[string]*fault.Fault{"the shelf is empty": end.last.Fault, "the drawer is empty": refusal} {
		if f.Kind != fault.Internal || strings.Contains(f.Error(), text) {
			t.Errorf("it crossed as %v", f)
		}
		if !strings.Contains(log.String(), text) {
			t.Errorf("%q is not in the log:\n%s", text, log.String())
		}
	}
}
