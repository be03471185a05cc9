package taler_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestAborting(t *testing.T) {
	c := openCounter(t)
	id := c.setUp("uid-1", "CHF:20")
	mine, args := c.reserve(1, id)
	if _, err := c.do(c.wallet, "SELECT", args, mine); err != nil {
		t.Fatal(err)
	}
	own, _ := c.own("uid-1")
	_, err := c.do(c.terminal, "ABORT", wire.AbortArgs{WOPID: id.ID(), Reason: strings.Repeat("x", 201)}, own.ID)
	wantFault(t, err, fault.Invalid, wire.ReasonJSONInvalid)
	if w := c.at(id); w.State != wire.StateSelected {
		t.Errorf("a reason without end: the bank holds %+v", w)
	}
	for range 2 {
		if _, err := c.do(c.terminal, "ABORT", wire.AbortArgs{WOPID: id.ID(), Reason: "card declined"}, own.ID); err != nil {
			t.Fatal(err)
		}
	}
	if w := c.at(id); w.State != wire.StateAborted || w.AbortReason != "card declined" || w.Aborted == 0 {
		t.Errorf("the bank holds %+v", w)
	}
	if i, w := c.own("uid-1"); i.Status != wire.TerminalAborted || w.Reason != "card declined" {
		t.Errorf("the terminal is %s because of %q", i.Status, w.Reason)
	}
	if _, err := c.do(c.wallet, "ABORT", wire.AbortArgs{WOPID: id.ID()}, mine); err != nil {
		t.Fatal(err)
	}
	var kept wire.Reserve // whole: money may come all the same
	reserve := c.wallet.Initiator.View(t, mine)
	if err := reserve.Decode(&kept); err != nil {
		t.Fatal(err)
	}
	if reserve.Status != wire.ReserveAborted || kept.Reason == "" || kept.ReservePub != args.ReservePub || kept.Remainder != amount("CHF:20") {
		t.Errorf("the reserve is %s, %+v", reserve.Status, kept)
	}
	_, err = c.do(c.wallet, "SELECT", args, mine)
	wantFault(t, err, fault.Conflict, wire.ReasonUpdateAbortConflict)
}

// A terminal that has charged the card does not give the money away, whatever
// its operator presses.
func TestAPaidWithdrawalIsNotAbortedByItsTerminal(t *testing.T) {
	c := openCounter(t)
	id := c.setUp("uid-1", "CHF:20")
	mine, args := c.reserve(1, id)
	if _, err := c.do(c.wallet, "SELECT", args, mine); err != nil {
		t.Fatal(err)
	}
	own := c.move("uid-1", wire.TerminalSelected, wire.TerminalPaid)
	_, err := c.do(c.terminal, "ABORT", wire.AbortArgs{WOPID: id.ID()}, own)
	wantFault(t, err, fault.Conflict, wire.ReasonAbortConfirmConflict)
	if got := c.at(id).State; got != wire.StateSelected {
		t.Errorf("the bank's withdrawal is %s", got)
	}
}

func TestABanksOperatorAborts(t *testing.T) {
	c := openCounter(t)
	id := c.setUp("uid-1", "CHF:20")
	text, _ := json.Marshal(wire.AbortArgs{WOPID: id.ID(), Reason: "expired"})
	r := c.serve(protocol.Execution{Protocol: "taler.withdraw", Call: protocol.Call{Operation: "ABORT", Class: "taler-withdrawal", Args: text}})
	if _, err := c.bank.Protocols.Execute(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if w := c.at(id); w.State != wire.StateAborted || w.AbortReason != "expired" {
		t.Errorf("the bank holds %+v", w)
	}
}
