package protocol

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Who has taken a plugin away in the middle of an operation is told what brings it on.
func TestAStoppedOperationSaysWhatToDo(t *testing.T) {
	for reason, want := range map[fault.Reason]string{
		"protocol-unknown": "`plugin list` says what there is; with the plugin of this protocol `operation resume 75c9224d5641` goes on",
		"seal-broken":      "`restore` makes what is stored anew",
		"steps-diverged":   "`operation resume` or `operation abandon`",
	} {
		f := fault.From(stoppedBy("75c9224d56411baa1c2b3c0c48df2688", fault.New(fault.Unsupported, "why").Because(reason)))
		if f.Kind != fault.Stuck || f.Reason != reason || !strings.Contains(f.Hint, want) {
			t.Errorf("%s: %+v", reason, f)
		}
	}
}
