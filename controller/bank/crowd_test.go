package bank_test

import (
	"context"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestACrowdAtOneWithdrawal keeps nobody out who is at another one, nor the terminal at this one:
// whoever has seen a QR code may ask for its withdrawal as often as they like, and so may a terminal
// for its own.
func TestACrowdAtOneWithdrawal(t *testing.T) {
	const many = 300 // more than one peer may have under way
	wedge := newWedge()
	h := open(t, banktest.Options{Bundles: wedge.bundles()})
	other := h.AddTerminal("other")
	crowded, theirs := setUp(t, h, "crowded"), setUp(t, h, "theirs")
	choose := func(ctx context.Context, id taler.WOPID, n byte) error {
		_, err := h.Bank.Select(ctx, id, taler.BankWithdrawalOperationPostRequest{ReservePub: key(n), SelectedExchange: banktest.ExchangeAccount})
		return err
	}
	crowd := func(do func(context.Context) error) {
		t.Helper()
		ctx, leave := context.WithCancel(withTimeout(t))
		t.Cleanup(leave)
		out := make(chan error, many)
		for range many {
			go func() { out <- do(ctx) }()
		}
		for range many - 256 {
			if err := <-out; fault.ReasonOf(err) != protocol.ReasonCrowded || !errors.Is(err, fault.Unavailable) {
				t.Fatalf("one of the crowd is told %v", err)
			}
		}
	}
	wedge.on(crowded)
	t.Cleanup(wedge.release)
	crowd(func(ctx context.Context) error { return choose(ctx, crowded, 1) })
	<-wedge.wedged
	check(t, choose(withTimeout(t), theirs, 2))
	mine := till(t, h)
	crowd(func(ctx context.Context) error { return h.Bank.AbortByTerminal(ctx, mine, crowded) })
	if _, err := h.Till(other).SetUp(withTimeout(t), taler.TerminalWithdrawalSetup{RequestUID: "one", Amount: amount(t, "CHF:20")}); err != nil {
		t.Errorf("another terminal is told %v", err)
	}
}
