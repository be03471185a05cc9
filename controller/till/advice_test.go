package till

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Till software types no commands.
func TestAdviceForSoftware(t *testing.T) {
	for _, row := range []struct{ hint, needs, want string }{
		{"go on with `terminal resume ABCD`", "", "POST …/resume goes on"},
		{"once it answers, go on with `terminal resume ABCD`", needsPayment, "once it answers, POST …/pay pays"},
		{"the card was charged, and only the bank's word is missing: go on with `terminal resume ABCD`", "", "the card was charged, and only the bank's word is missing: POST …/resume goes on"},
		{"let it have its end: `terminal serve` goes on with it, or `terminal resume ABCD`", "", "let it have its end: POST …/resume goes on"},
		{"add one with `terminal provider add`", needsPayment, "add one with `terminal provider add`"},
		{"`terminal operation list` shows those that it has", "", "GET /withdrawals lists those that it has"},
		{"try another card", needsPayment, "try another card"},
	} {
		f := fault.New(fault.Unavailable, "no").WithHint("%s", row.hint)
		if got := advised(f, row.needs); got.Hint != row.want || f.Hint != row.hint {
			t.Errorf("%q becomes %q", row.hint, got.Hint)
		}
	}
	if advised(nil, "") != nil {
		t.Error("nothing became something")
	}
}
