//go:build linux

package host_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
)

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
