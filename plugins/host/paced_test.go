package host

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A plugin that says more than anybody reads has a part of the log, not all of it.
func TestAPluginThatSaysTooMuch(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(1_700_000_000, 0)
	says := newPaced(slog.New(slog.NewTextHandler(&out, nil)), func() time.Time { return now })
	log := slog.New(says).With("bundle", "chatty")
	flood := func(n int) {
		for i := range n {
			relay(log, fmt.Appendf(nil, `{"@message":"line %d","@level":"warn"}`, i))
			relay(log, []byte("what nobody wants to see"))
		}
	}
	has := func(lines, told int, words string) {
		t.Helper()
		text := out.String()
		out.Reset()
		if l, n := strings.Count(text, "msg=\"line"), strings.Count(text, "lines were left out"); l != lines || n != told || !strings.Contains(text, words) {
			t.Errorf("%d lines, %d times told, want %d and %d with %q", l, n, lines, told, words)
		}
	}
	flood(maxLines + 50)
	has(maxLines, 0, "")
	now = now.Add(999 * time.Millisecond)
	flood(1)
	has(0, 0, "")
	now = now.Add(time.Millisecond)
	flood(maxLines + 7)
	has(maxLines, 1, "lines=51")
	now = now.Add(-time.Hour)
	flood(1)
	has(1, 1, "lines=7")
	flood(maxLines)
	says.end()
	has(maxLines-1, 1, "lines=1 ")
	says.end()
	has(0, 0, "")
}
