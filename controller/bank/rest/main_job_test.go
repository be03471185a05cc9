package rest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestTheMainJob goes the whole way with the client that terminals, wallets and
// exchanges of ours use, which reads answers as strictly as the real ones.
//
// Rows: configs, setup done, notice stored, incoming rows,
// incoming credit_account.
func TestTheMainJob(t *testing.T) {
	h := open(t, banktest.Options{Fees: chf(t, "0.5")})
	ctx := withTimeout(t)
	till, wallet, exchange := h.Till(h.Terminal), h.Wallet(), h.Exchange()

	cfg, err := till.TerminalConfig(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := taler.TerminalConfig{
		Name: "taler-terminal", Version: taler.TerminalVersion, ProviderName: banktest.ProviderName, Currency: "CHF",
		WithdrawalFees: chf(t, "0.5"), WireType: "simulator-transaction", Implementation: "urn:x-swaperoo:bank",
	}
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Errorf("config of the terminal (-want +got):\n%s", diff)
	}

	made, err := till.SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "u1", Amount: chf(t, "20"), TerminalFees: chf(t, "0.25")})
	if err != nil {
		t.Fatal(err)
	}
	id := made.WithdrawalID
	status := func(step string, want taler.BankWithdrawalOperationStatus) {
		t.Helper()
		want.Currency, want.Amount, want.CardFees = "CHF", chf(t, "20"), chf(t, "0.75")
		want.SuggestedExchange, want.RequiredExchange, want.WireTypes = banktest.ExchangeURL, banktest.ExchangeURL, []string{"iban"}
		got, err := wallet.Operation(ctx, id, taler.LongPoll{})
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := till.TerminalStatus(ctx, id, taler.LongPoll{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(want, theirs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	status("after setup", taler.BankWithdrawalOperationStatus{Status: taler.StatePending})

	choice := taler.BankWithdrawalOperationPostRequest{ReservePub: key(7), SelectedExchange: banktest.ExchangeAccount}
	answer, err := wallet.Select(ctx, id, choice)
	if err != nil || answer.Status != taler.StateSelected || answer.TransferDone {
		t.Fatalf("selection: %+v, %v", answer, err)
	}
	status("after selection", taler.BankWithdrawalOperationStatus{
		Status: taler.StateSelected, SelectionDone: true, SelectedReservePub: key(7), SelectedExchange: banktest.ExchangeAccount,
	})
	if rows, err := exchange.Incoming(ctx, taler.Page{Rows: 10}); err != nil || len(rows.IncomingTransactions) > 0 {
		t.Fatalf("the exchange sees money that is not there: %+v, %v", rows, err)
	}

	h.Provider.Put(banktest.Payment{ID: "tx-1", State: "paid", Amount: chf(t, "20.75"), Reference: id.Text()})
	notify(t, h, id, "tx-1")
	if s := settled(t, h, id); s.Status != taler.StateConfirmed {
		t.Fatalf("the withdrawal became %s", s.Status)
	}
	status("after the verdict", taler.BankWithdrawalOperationStatus{
		Status: taler.StateConfirmed, SelectionDone: true, TransferDone: true, SelectedReservePub: key(7), SelectedExchange: banktest.ExchangeAccount,
	})

	rows, err := exchange.Incoming(ctx, taler.Page{Rows: 1024, Timeout: time.Minute})
	if err != nil || len(rows.IncomingTransactions) != 1 {
		t.Fatalf("the history: %+v, %v", rows, err)
	}
	row := rows.IncomingTransactions[0]
	row.Date = 0
	wantRow := taler.IncomingTransaction{
		Type: taler.TypeReserve, RowID: 1, Amount: chf(t, "20"), ReservePub: key(7),
		DebitAccount: "payto://simulator-transaction/tx-1?receiver-name=Card%20payment",
	}
	if diff := cmp.Diff(wantRow, row); diff != "" || rows.CreditAccount != banktest.ExchangeAccount {
		t.Errorf("row for %s (-want +got):\n%s", rows.CreditAccount, diff)
	}
	if again, err := wallet.Select(ctx, id, choice); err != nil || again.Status != taler.StateConfirmed || !again.TransferDone {
		t.Errorf("the same selection again: %+v, %v", again, err)
	}
	notify(t, h, id, "tx-1") // and the same notice
}

// TestAPaymentNamedAtSetUpIsNoNotice: the till may know its provider's name for what
// will be paid, and may know another one afterwards.
//
// Rows: setup: a payment named.
func TestAPaymentNamedAtSetUpIsNoNotice(t *testing.T) {
	h := open(t, banktest.Options{})
	ctx := withTimeout(t)
	till := h.Till(h.Terminal)
	setUp := func(payment string) taler.WOPID {
		t.Helper()
		made, err := till.SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: chf(t, "20"), ProviderTransactionID: payment})
		if err != nil {
			t.Fatal(err)
		}
		return made.WithdrawalID
	}
	id := setUp("early")
	if again := setUp("other"); again != id {
		t.Error("the same request with another name of the payment is another withdrawal")
	}
	h.Provider.Put(banktest.Payment{ID: "early", State: "paid", Amount: chf(t, "20"), Reference: "something else"})
	if _, err := h.Wallet().Select(ctx, id, taler.BankWithdrawalOperationPostRequest{ReservePub: key(7), SelectedExchange: banktest.ExchangeAccount}); err != nil {
		t.Fatal(err)
	}
	if n := h.Provider.Asked("early") + h.Provider.Asked("other"); n != 0 {
		t.Errorf("the provider was asked %d times before there was a notice", n)
	}
	h.Provider.Put(banktest.Payment{ID: "late", State: "paid", Amount: chf(t, "20"), Reference: id.Text()})
	notify(t, h, id, "late")
	if s := settled(t, h, id); s.Status != taler.StateConfirmed {
		t.Errorf("it became %s", s.Status)
	}
}
