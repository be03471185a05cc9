package host

import (
	"log/slog"
	"strings"
	"testing"
)

// What go-plugin says of a plugin that has ended reaches no log: its owner may have left it.
func TestNothingIsSaidBehindTheEnd(t *testing.T) {
	var out strings.Builder
	b := newBridge(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	b.Debug("while it lives")
	b.end()
	b.Named("stdio").Debug("behind the end")
	if got := out.String(); !strings.Contains(got, "while it lives") || strings.Contains(got, "behind the end") {
		t.Errorf("the log has %s", got)
	}
}
