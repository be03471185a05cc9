package client

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestNothingWasPaidIsSaidWhereThatIsKnown: not where the vendor knows of something under
// this key that we do not, for an earlier life of the wallet may have paid.
func TestNothingWasPaidIsSaidWhereThatIsKnown(t *testing.T) {
	for _, row := range []struct {
		f    *fault.Fault
		told bool
	}{
		{fault.New(fault.Declined, "no").Because("card-declined"), true},
		{fault.New(fault.Unknown, "who knows").Because(protocol.ReasonAnswerLost), false},
		{fault.New(fault.Conflict, "begun with other content").Because(protocol.ReasonKeyReused), false},
	} {
		got := fault.From(over(row.f))
		if told := strings.Contains(got.Message, "nothing was paid") || strings.Contains(got.Hint, "another --key"); told != row.told || got.Reason != row.f.Reason {
			t.Errorf("%s: %s — %s", row.f.Reason, got.Message, got.Hint)
		}
	}
}
