package bank_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault/faulttest"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestMain(m *testing.M) { commtest.Main(m) }

// bundles are the first-party bundles, in this process.
func bundles() []protocol.Bundle { return bundled.InProcess(comm.Bank) }

func open(t testing.TB, o banktest.Options) *banktest.House {
	t.Helper()
	if o.Bundles == nil {
		o.Bundles = bundles()
	}
	return banktest.Open(t, o)
}

// patience bounds what only a defect would let hang.
const patience = 4 * time.Minute

func withTimeout(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

var amount = instrumenttest.Amount

func key(n byte) taler.EddsaPublicKey { return taler.EddsaPublicKey(bytes.Repeat([]byte{n}, 32)) }

// till is the principal of the house's terminal.
func till(t testing.TB, h *banktest.House) profile.Principal {
	t.Helper()
	p, err := h.Bank.Profiles().Login(withTimeout(t), profile.Terminal, h.Terminal.Name, h.Terminal.Token)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func setUp(t testing.TB, h *banktest.House, uid string) taler.WOPID {
	t.Helper()
	out, err := h.Bank.SetUp(withTimeout(t), till(t, h), taler.TerminalWithdrawalSetup{RequestUID: uid, Amount: amount(t, "CHF:20")})
	if err != nil {
		t.Fatalf("set up: %v", err)
	}
	return out.WithdrawalID
}

func selected(t testing.TB, h *banktest.House, uid string, reserve taler.EddsaPublicKey) taler.WOPID {
	t.Helper()
	id := setUp(t, h, uid)
	_, err := h.Bank.Select(withTimeout(t), id, taler.BankWithdrawalOperationPostRequest{ReservePub: reserve, SelectedExchange: banktest.ExchangeAccount})
	if err != nil {
		t.Fatalf("select: %v", err)
	}
	return id
}

func notify(t testing.TB, h *banktest.House, id taler.WOPID, transaction string) {
	t.Helper()
	err := h.Bank.Confirm(withTimeout(t), till(t, h), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: transaction})
	if err != nil {
		t.Fatalf("notify: %v", err)
	}
}

// decision waits for the verdict and returns the withdrawal as it is on record.
func decision(t testing.TB, h *banktest.House, id taler.WOPID) taler.Withdrawal {
	t.Helper()
	ctx := withTimeout(t)
	if _, err := h.Bank.Status(ctx, id, taler.LongPoll{Timeout: patience, OldState: taler.StateSelected}); err != nil {
		t.Fatal(err)
	}
	return look(t, h, id)
}

func look(t testing.TB, h *banktest.House, id taler.WOPID) taler.Withdrawal {
	t.Helper()
	_, w, err := h.Bank.Withdrawal(withTimeout(t), id)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func rows(t testing.TB, h *banktest.House) []taler.IncomingTransaction {
	t.Helper()
	got, err := h.Exchange().Incoming(withTimeout(t), taler.Page{Rows: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return got.IncomingTransactions
}

var refused = faulttest.Want

// hasty asks again without long pauses.
var hasty = bank.Asking{First: time.Millisecond, Longest: 5 * time.Millisecond}

// handsOut leaves transfers to the test.
func handsOut(c *bank.Config) { c.HandsOut = true }
