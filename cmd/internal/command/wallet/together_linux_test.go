package wallet

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
)

// Whoever ends the command at the question for another instrument is not told to start it again:
// without a key that pays a second time.
func TestWhoLeavesAnOpenPaymentIsToldOfIt(t *testing.T) {
	e := cli.New()
	e.In, e.Err = atTerminal(t), io.Discard
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := (&payer{w: &wallet{env: e}}).Instead(ended, client.WholePart{}, fault.New(fault.Declined, "no coupons today"))
	f := fault.From(err)
	if f == nil || f.Reason != "interrupted" || cli.ExitCode(err) != cli.ExitPending {
		t.Fatalf("it ended with %v", err)
	}
	if strings.Contains(f.Hint, "start it again") || !strings.Contains(f.Hint, "still open: `wallet operation resume`") {
		t.Errorf("the hint is %q", f.Hint)
	}
}
