package cli_test

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// What is broken on disk no log explains, and nobody has to be asked about an offer
// that was paid.
func TestHintsSayWhatHelps(t *testing.T) {
	for reason, want := range map[fault.Reason]string{
		"seal-broken": "backup", "database-unreadable": "disk", "reference-reused": "`classes`", "state-malformed": "author", "anything": "-v",
	} {
		e, _, messages := env(false)
		e.Fail(fault.New(fault.Internal, "it failed").Because(reason))
		if got := messages.String(); !strings.Contains(got, want) {
			t.Errorf("%s: %s", reason, got)
		}
	}
}
