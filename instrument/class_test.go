package instrument_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

func TestWithWhichInstancesAnOperationBegins(t *testing.T) {
	coupon := instrument.Info{Moves: []instrument.Move{
		{To: "ready"},
		{From: "ready", To: "presented"},
		{From: "presented", To: "presented"},
		{From: "presented", To: "ready"},
		{From: "presented", To: "redeemed"},
		{From: "redeemed", To: "ready"},
		{From: "ready", To: "removed"},
	}}
	account := instrument.Info{Moves: []instrument.Move{{To: "open"}, {From: "open", To: "open"}, {From: "open", To: "closed"}}}
	for _, row := range []struct {
		class  instrument.Info
		status string
		want   bool
	}{
		{coupon, "ready", true},
		{coupon, "presented", true}, // its outcome is unknown, and paying again finds out
		{coupon, "redeemed", false}, // only a refund goes on from there
		{coupon, "removed", false},
		{coupon, "", false},
		{account, "open", true},
		{account, "closed", false},
	} {
		if got := row.class.Usable(row.status); got != row.want {
			t.Errorf("%q: %v", row.status, got)
		}
	}
}
