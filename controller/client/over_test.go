package client

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
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
		got := fault.From(over(protocol.Record{Fault: row.f}))
		if told := strings.Contains(got.Message, "nothing was paid") || strings.Contains(got.Hint, "another --key"); told != row.told || got.Reason != row.f.Reason {
			t.Errorf("%s: %s — %s", row.f.Reason, got.Message, got.Hint)
		}
	}
}

// TestWhoFindsOutIsSaid: about a purchase by one card no further operation asks, as that of a
// part does, or another one with the label of what is paid into an account; of a withdrawal its
// bank says.
func TestWhoFindsOutIsSaid(t *testing.T) {
	for name, row := range map[string]struct {
		inv  instrument.Invoice
		told string
	}{
		"a purchase":   {instrument.Invoice{"reference": "purchase:1", "charge": "once"}, "`terminal refund 0123456789ab`"},
		"a part":       {instrument.Invoice{"reference": "payment:1", "charge": "once", "payment": "lunch"}, "it is asked again"},
		"an account":   {instrument.Invoice{"reference": "prepaid:1:first", "account": "1", "label": "first"}, "with the same label"},
		"a withdrawal": {instrument.Invoice{"reference": "WOPID"}, "it is asked again"},
	} {
		f := fault.New(fault.Unknown, "who knows").Because("provider-unknown").WithHint("it is asked again")
		got := fault.From(over(protocol.Record{ID: "0123456789abcdef", Fault: f, Invoice: row.inv}))
		if !strings.Contains(got.Hint, row.told) || got.Kind != f.Kind || got.Reason != f.Reason {
			t.Errorf("%s: %s", name, got.Hint)
		}
	}
}
