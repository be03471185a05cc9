package audit

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// TestWhatIsAskedBeforeARestoredBankGivesBack: its books do not say what was paid out
// before, so whoever reads them is told who knows.
func TestWhatIsAskedBeforeARestoredBankGivesBack(t *testing.T) {
	reserve := taler.EddsaPublicKey{7}
	for name, row := range map[string]struct {
		w    taler.Withdrawal
		want string // a part of it; empty: nothing is asked
	}{
		"restored":         {taler.Withdrawal{State: taler.StateAborted, Restored: 1, ReservePub: reserve}, "ask the exchange for the reserve " + reserve.String() + " first"},
		"without a wallet": {taler.Withdrawal{State: taler.StateAborted, Restored: 1}, "ask the exchange for this payment first"},
		"confirmed since":  {taler.Withdrawal{State: taler.StateConfirmed, Restored: 1, ReservePub: reserve}, ""},
		"of this life":     {taler.Withdrawal{State: taler.StateAborted, ReservePub: reserve}, ""},
	} {
		c := comparison{record: record{sale: saleOf("id", row.w)}}
		if got := c.before(); (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
