package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// atALoss is a payer who names no other instrument for a part that was refused, but fails.
type atALoss struct {
	chooser
	with error
}

func (l *atALoss) Instead(context.Context, client.WholePart, error) (instrument.ID, error) {
	return "", l.with
}

// What ends a run names the payment that it leaves undecided: a payer who has named no key would
// begin a second one, beside the first, of which a part is paid.
func TestWhatLeavesAPaymentOpenNamesIt(t *testing.T) {
	for said, want := range map[string]string{
		"":                                  "go on with RESUME",
		"look at the list":                  "look at the list; then go on with RESUME",
		"which one?":                        "which one? Then go on with RESUME",
		"`wallet operation resume` does it": "RESUME does it",
	} {
		t.Run(said, func(t *testing.T) {
			m := openMarket(t)
			m.refuses.Store("blue")
			got, err := m.PayTogether(t.Context(), m.purchase("k"), &atALoss{with: fault.New(fault.NotFound, "there is none").Because("none").WithHint("%s", said)})
			f := fault.From(err)
			if got.Status != client.PaymentOpen || !errors.Is(err, fault.NotFound) || f.Reason != "none" {
				t.Fatalf("it is %s: %v", got.Status, err)
			}
			resume := "`wallet operation resume " + protocol.Short(m.operation(t, "k")) + "`"
			if f.Hint != strings.ReplaceAll(want, "RESUME", resume) {
				t.Errorf("the hint is %q", f.Hint)
			}
		})
	}
	t.Run("unless it is decided", func(t *testing.T) {
		m := openMarket(t)
		m.refuses.Store("blue")
		got, err := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
		if got.Status != client.PaymentRefunded || strings.Contains(fault.From(err).Hint, "resume") {
			t.Errorf("it is %s: %+v", got.Status, fault.From(err))
		}
	})
}
