//go:build linux

package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
)

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
		"it hangs when described": {source(t, "rogue", "hangs"), "plugin-start", short},
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
	talker := source(t, "talker")
	talker.Description = nil
	_, err = newHost(t, nil).Inspect(t.Context(), talker)
	if m := fault.From(err).Message; m != `the plugin did not start; it wrote "my settings are missing"` {
		t.Errorf("of one that prints: %q", m)
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

func TestADeepDirectoryIsNoProblemForSockets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 40))
	b := load(t, newHost(t, func(o *host.Options) { o.Dir = dir }), source(t, "thing"))
	perform(t, b, "PLAIN", nil)
}
