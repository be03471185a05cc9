package taler_test

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// A terminal shows, and charges for, what the bank has named at first, and nothing without
// a name.
func TestABankThatNamesItOtherwise(t *testing.T) {
	c := openCounter(t)
	args := wire.TerminalWithdrawalSetup{RequestUID: "uid-1", SuggestedAmount: amount("CHF:20")}
	answers := func(id wire.WOPID) {
		text, _ := json.Marshal(wire.TerminalWithdrawalSetupResponse{WithdrawalID: id})
		c.terminal.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
			if f.Executed != nil {
				f.Executed.Result = text
			}
			return protocoltest.Deliver
		})
	}
	answers(wire.WOPID{})
	_, err := c.do(c.terminal, "SETUP", args)
	wantFault(t, err, fault.Invalid, wire.ReasonAnswerMalformed)
	if i, w := c.own("uid-1"); i.Status != wire.TerminalNew || !w.WOPID.IsZero() {
		t.Errorf("without a name the terminal holds %s %+v", i.Status, w)
	}
	c.terminal.Wire.OnFrame(nil)
	result, err := c.do(c.terminal, "SETUP", args)
	first := valueOf[wire.TerminalWithdrawalSetupResponse](t, result, err).WithdrawalID
	answers(wire.WOPID{9})
	_, err = c.do(c.terminal, "SETUP", args)
	wantFault(t, err, fault.Conflict, "wopid-differs")
	if i, w := c.own("uid-1"); i.Status != wire.TerminalPending || w.WOPID != first {
		t.Errorf("the terminal holds %s %+v", i.Status, w)
	}
}
