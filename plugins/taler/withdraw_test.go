package taler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

func TestAWithdrawalFromSetupToNotice(t *testing.T) {
	c := openCounter(t)
	id := c.setUp("uid-1", "CHF:20")
	if i, w := c.own("uid-1"); i.Status != wire.TerminalPending || w.WOPID != id || w.Amount != amount("CHF:20") {
		t.Errorf("the terminal holds %s %+v", i.Status, w)
	}
	if w := c.at(id); w.State != wire.StatePending || w.WithdrawalFees != amount("CHF:0.5") || w.Created == 0 {
		t.Errorf("the bank holds %+v", w)
	}

	mine, args := c.reserve(1, id)
	result, err := c.do(c.wallet, "SELECT", args, mine)
	if got := valueOf[wire.BankWithdrawalOperationPostResponse](t, result, err); got.Status != wire.StateSelected || got.TransferDone {
		t.Errorf("answered %+v", got)
	}
	if got := c.wallet.Initiator.View(t, mine).Status; got != wire.ReserveSelected {
		t.Errorf("the reserve is %s", got)
	}

	own := c.move("uid-1", wire.TerminalSelected, wire.TerminalPaid)
	notice := wire.ConfirmArgs{WOPID: id, ProviderTransactionID: "tx-1", TerminalFees: amount("CHF:0.3")}
	for range 2 {
		if _, err := c.do(c.terminal, "CONFIRM", notice, own); err != nil {
			t.Fatal(err)
		}
	}
	if w := c.at(id); w.State != wire.StateSelected || w.ProviderTransactionID != "tx-1" || w.Noticed == 0 || w.TerminalFees != amount("CHF:0.3") {
		t.Errorf("the bank holds %+v", w)
	}
	if i, w := c.own("uid-1"); i.Status != wire.TerminalNotified || w.Progress.Notified == 0 {
		t.Errorf("the terminal is %s", i.Status)
	}
	_, err = c.do(c.wallet, "ABORT", wire.AbortArgs{WOPID: id.ID()}, mine)
	wantFault(t, err, fault.Conflict, wire.ReasonAbortConfirmConflict)
	_, err = c.do(c.terminal, "ABORT", wire.AbortArgs{WOPID: id.ID()})
	wantFault(t, err, fault.Conflict, wire.ReasonAbortConfirmConflict)
}

func TestSettingUpTwiceGivesOneWithdrawal(t *testing.T) {
	c := openCounter(t)
	args := wire.TerminalWithdrawalSetup{RequestUID: "uid-1", Amount: amount("CHF:20"), TerminalFees: amount("CHF:0")}
	ask := func(a wire.TerminalWithdrawalSetup) (wire.WOPID, error) {
		result, err := c.do(c.terminal, "SETUP", a)
		if err != nil {
			return wire.WOPID{}, err
		}
		return valueOf[wire.TerminalWithdrawalSetupResponse](t, result, nil).WithdrawalID, nil
	}
	first, err := ask(args)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ask(args); err != nil || again != first {
		t.Errorf("again: %v, %v", again, err)
	}
	for name, change := range map[string]func(*wire.TerminalWithdrawalSetup){
		"another amount": func(a *wire.TerminalWithdrawalSetup) { a.Amount = amount("CHF:21") },
		"other fees":     func(a *wire.TerminalWithdrawalSetup) { a.TerminalFees = amount("CHF:1") },
	} {
		other := args
		change(&other)
		_, err := ask(other)
		if fault.ReasonOf(err) != wire.ReasonRequestUIDReused {
			t.Errorf("%s: %v", name, err)
		}
	}
	if i, _ := c.own("uid-1"); i.Status != wire.TerminalPending {
		t.Errorf("a refused repetition made the terminal %s", i.Status)
	}
}

// The same request on many lines at once: all get the one WOPID.
func TestEqualSetupsAtOnceGetOneWOPID(t *testing.T) {
	c := openCounter(t)
	got := make([]wire.WOPID, 8)
	var wg sync.WaitGroup
	for n := range got {
		wg.Go(func() {
			text, _ := json.Marshal(wire.TerminalWithdrawalSetup{RequestUID: "uid-1", Amount: amount("CHF:20")})
			r := c.serve(protocol.Execution{
				Protocol: "taler.withdraw", Peer: comm.Peer{Role: comm.Vendor, Key: fmt.Sprint("connection ", n)},
				Side: protocol.Servicer, Call: protocol.Call{Operation: "SETUP", Class: "taler-withdrawal", Args: text},
			})
			result, err := c.bank.Protocols.Execute(context.Background(), r)
			if err != nil {
				t.Errorf("setup %d: %v", n, err)
				return
			}
			var out wire.TerminalWithdrawalSetupResponse
			if err := json.Unmarshal(result.Value, &out); err != nil {
				t.Error(err)
			}
			got[n] = out.WithdrawalID
		})
	}
	wg.Wait()
	for _, id := range got {
		if id.IsZero() || id != got[0] {
			t.Fatalf("got %v", got)
		}
	}
	if rows := c.bank.Operations(t); len(rows) != 0 {
		t.Errorf("%d operation rows were kept", len(rows))
	}
}

// What was set up before an operator lowered the bounds is found again behind them.
func TestANewBoundRefusesNoRepetition(t *testing.T) {
	c := openCounter(t)
	ask := func(uid string) (id wire.WOPID, err error) {
		text, _ := json.Marshal(wire.TerminalWithdrawalSetup{RequestUID: uid, Amount: amount("CHF:20")})
		result, err := c.bank.Protocols.Execute(t.Context(), c.serve(protocol.Execution{
			Protocol: "taler.withdraw", Peer: comm.Peer{Role: comm.Vendor, Key: "a till"},
			Side: protocol.Servicer, Call: protocol.Call{Operation: "SETUP", Class: "taler-withdrawal", Args: text},
		}))
		if err != nil {
			return id, err
		}
		return valueOf[wire.TerminalWithdrawalSetupResponse](t, result, err).WithdrawalID, nil
	}
	first, err := ask("uid-1")
	if err != nil {
		t.Fatal(err)
	}
	c.most = amount("CHF:19")
	if again, err := ask("uid-1"); err != nil || again != first {
		t.Errorf("%v is now %v, %v", first, again, err)
	}
	if _, err := ask("uid-2"); fault.ReasonOf(err) != wire.ReasonAmountOutOfRange {
		t.Errorf("a new one: %v", err)
	}
}

func TestSetupsThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		name   string
		args   wire.TerminalWithdrawalSetup
		reason fault.Reason
	}{
		{"nothing", wire.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount("CHF:0")}, wire.ReasonAmountOutOfRange},
		{"another currency", wire.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount("EUR:20")}, wire.ReasonCurrencyMismatch},
		{"too much", wire.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount("CHF:1000.01")}, wire.ReasonAmountOutOfRange},
		{"no name", wire.TerminalWithdrawalSetup{Amount: amount("CHF:20")}, wire.ReasonJSONInvalid},
		{"fees in another currency", wire.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount("CHF:20"), TerminalFees: amount("EUR:1")}, wire.ReasonCurrencyMismatch},
		{"fees without end", wire.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount("CHF:20"), TerminalFees: amount("CHF:4503599627370496")}, wire.ReasonAmountOutOfRange},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := openCounter(t)
			_, err := c.do(c.terminal, "SETUP", row.args)
			if fault.ReasonOf(err) != row.reason {
				t.Errorf("got %v (%s)", err, fault.ReasonOf(err))
			}
			list, err := c.bank.Instruments.List(t.Context(), instrument.Filter{})
			if err != nil || len(list) != 0 {
				t.Errorf("the bank holds %d instruments, %v", len(list), err)
			}
			open, err := c.terminal.Initiator.Instruments.List(t.Context(), instrument.Filter{Status: wire.TerminalNew})
			if err != nil || len(open) != 0 {
				t.Errorf("the terminal holds %d open ones, %v", len(open), err)
			}
		})
	}
}

func TestWalletsRaceForOneWithdrawal(t *testing.T) {
	c := openCounter(t)
	id := c.setUp("uid-1", "CHF:20")
	var wg sync.WaitGroup
	won := make(chan byte, 8)
	for key := byte(1); key <= 8; key++ {
		mine, args := c.reserve(key, id)
		wg.Go(func() {
			_, err := c.do(c.wallet, "SELECT", args, mine)
			switch {
			case err == nil:
				won <- key
			case fault.ReasonOf(err) != wire.ReasonSelectionConflict:
				t.Errorf("wallet %d: %v", key, err)
			}
		})
	}
	wg.Wait()
	close(won)
	var winners []byte
	for key := range won {
		winners = append(winners, key)
	}
	if len(winners) != 1 || c.at(id).ReservePub != (wire.EddsaPublicKey{winners[0]}) {
		t.Errorf("%v won", winners)
	}
}

func TestOneReserveIsForOneWithdrawal(t *testing.T) {
	c := openCounter(t)
	ids := []wire.WOPID{c.setUp("uid-1", "CHF:20"), c.setUp("uid-2", "CHF:20"), c.setUp("uid-3", "CHF:20"), c.setUp("uid-4", "CHF:20")}
	var wg sync.WaitGroup
	outcomes := make(chan fault.Reason, len(ids))
	for _, id := range ids {
		mine, args := c.reserve(7, id)
		wg.Go(func() {
			_, err := c.do(c.wallet, "SELECT", args, mine)
			outcomes <- fault.ReasonOf(err)
		})
	}
	wg.Wait()
	close(outcomes)
	got := map[fault.Reason]int{}
	for reason := range outcomes {
		got[reason]++
	}
	if got[""] != 1 || got[wire.ReasonReserveTaken] != len(ids)-1 {
		t.Errorf("outcomes %v", got)
	}
	// The key stays used when its withdrawal is aborted, and comes before what
	// else may be wrong with the request.
	for _, id := range ids {
		_, _ = c.do(c.wallet, "ABORT", wire.AbortArgs{WOPID: id.ID()})
	}
	id := c.setUp("uid-5", "CHF:20")
	mine, args := c.reserve(7, id)
	args.SelectedExchange = "payto://iban/DE75512108001245126199?receiver-name=Other"
	_, err := c.do(c.wallet, "SELECT", args, mine)
	wantFault(t, err, fault.Conflict, wire.ReasonReserveTaken)
	mine, args = c.reserve(8, id)
	args.SelectedExchange = "payto://iban/DE75512108001245126199?receiver-name=Other"
	_, err = c.do(c.wallet, "SELECT", args, mine)
	wantFault(t, err, fault.Conflict, wire.ReasonUnknownAccount)
}

func TestAWalletNamesOnlyItsOwnReserve(t *testing.T) {
	c := openCounter(t)
	id := c.setUp("uid-1", "CHF:20")
	mine, args := c.reserve(1, id)
	foreign := args
	foreign.ReservePub = wire.EddsaPublicKey{9}
	_, err := c.do(c.wallet, "SELECT", foreign, mine)
	wantFault(t, err, fault.Invalid, "reserve-differs")
	foreign = args
	foreign.WOPID = wire.WOPID{9}.ID()
	_, err = c.do(c.wallet, "SELECT", foreign, mine)
	wantFault(t, err, fault.Invalid, "reserve-differs")
	if c.at(id).State != wire.StatePending {
		t.Error("the bank heard of it")
	}
	c.wallet.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Executed != nil {
			f.Executed.Result = json.RawMessage(`{"status":"pending","transfer_done":false}`)
		}
		return protocoltest.Deliver
	})
	_, err = c.do(c.wallet, "SELECT", args, mine)
	wantFault(t, err, fault.Invalid, wire.ReasonAnswerMalformed)
	if got := c.wallet.Initiator.View(t, mine).Status; got != wire.ReserveCreated {
		t.Errorf("a bank that answers nothing made the reserve %s", got)
	}
	c.wallet.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Executed != nil {
			f.Executed.Result = json.RawMessage(`{"status":"aborted","transfer_done":false}`) // as fakebank says it
		}
		return protocoltest.Deliver
	})
	_, err = c.do(c.wallet, "SELECT", args, mine)
	wantFault(t, err, fault.Conflict, wire.ReasonUpdateAbortConflict)
	if got := c.wallet.Initiator.View(t, mine).Status; got != wire.ReserveAborted {
		t.Errorf("the reserve is %s", got)
	}
}

func TestANoticeNeedsAPayment(t *testing.T) {
	c := openCounter(t)
	id := c.setUp("uid-1", "CHF:20")
	own, _ := c.own("uid-1")
	notice := wire.ConfirmArgs{WOPID: id, ProviderTransactionID: "tx-1"}
	_, err := c.do(c.terminal, "CONFIRM", notice, own.ID)
	wantFault(t, err, fault.Conflict, "not-paid")
	c.move("uid-1", wire.TerminalSelected, wire.TerminalPaid)
	_, err = c.do(c.terminal, "CONFIRM", notice, own.ID)
	wantFault(t, err, fault.Conflict, wire.ReasonNotSelected)
	if i, _ := c.own("uid-1"); i.Status != wire.TerminalPaid {
		t.Errorf("the terminal is %s", i.Status)
	}
}

// An operation without network in it costs the bank one commit, and no row.
func TestWhatAnOperationCostsTheBank(t *testing.T) {
	c := openCounter(t)
	var id wire.WOPID
	if n := c.bank.Commits(func() { id = c.setUp("uid-1", "CHF:20") }); n != 1 {
		t.Errorf("SETUP cost %d commits", n)
	}
	mine, args := c.reserve(1, id)
	if n := c.bank.Commits(func() { _, _ = c.do(c.wallet, "SELECT", args, mine) }); n != 1 {
		t.Errorf("SELECT cost %d commits", n)
	}
	if n := c.bank.Commits(func() { _, _ = c.do(c.wallet, "SELECT", args, mine) }); n != 0 {
		t.Errorf("SELECT again cost %d commits", n)
	}
	own := c.move("uid-1", wire.TerminalSelected, wire.TerminalPaid)
	n := c.bank.Commits(func() {
		_, _ = c.do(c.terminal, "CONFIRM", wire.ConfirmArgs{WOPID: id, ProviderTransactionID: "tx-1"}, own)
	})
	if n != 1 || c.at(id).ProviderTransactionID == "" {
		t.Errorf("CONFIRM cost %d commits", n)
	}
	if rows := c.bank.Operations(t); len(rows) != 0 {
		t.Errorf("%d operation rows were kept", len(rows))
	}
}
