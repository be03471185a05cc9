package bank_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// confirmed makes a confirmed withdrawal of CHF:20, paid with a transaction.
func confirmed(t testing.TB, h *banktest.House, transaction string, reserve byte) taler.WOPID {
	t.Helper()
	id := selected(t, h, transaction, key(reserve))
	h.Provider.Put(banktest.Payment{ID: transaction, State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, transaction)
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Fatalf("the withdrawal is %s: %s", w.State, w.AbortReason)
	}
	return id
}

// back is a request for a refund, the n-th of a test.
func back(t testing.TB, n byte, sum, account string) taler.TransferRequest {
	t.Helper()
	return taler.TransferRequest{
		RequestUID: taler.HashCode(bytes.Repeat([]byte{n}, 64)), WTID: taler.ShortHash(bytes.Repeat([]byte{n}, 32)),
		Amount: amount(t, sum), ExchangeBaseURL: banktest.ExchangeURL, CreditAccount: taler.Payto(account),
	}
}

const paidWithTx = "payto://simulator-transaction/tx?receiver-name=Card%20payment"

var second = bank.Exchange{Name: "second", URL: "https://second.example.com/", Account: "payto://x-taler-bank/localhost/second?receiver-name=S"}

// soldBySecond makes a confirmed withdrawal of CHF:20 at the exchange second, paid with a
// transaction.
func soldBySecond(t *testing.T, h *banktest.House, transaction string, reserve byte) {
	t.Helper()
	h.AddExchange(second)
	setup, err := h.Bank.SetUp(withTimeout(t), till(t, h), taler.TerminalWithdrawalSetup{RequestUID: transaction, Amount: amount(t, "CHF:20"), Exchange: second.Name})
	check(t, err)
	id := setup.WithdrawalID
	_, err = h.Bank.Select(withTimeout(t), id, taler.BankWithdrawalOperationPostRequest{ReservePub: key(reserve), SelectedExchange: second.Account})
	check(t, err)
	h.Provider.Put(banktest.Payment{ID: transaction, State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, transaction)
	decision(t, h, id)
}

// TestTwoExchangesMayUseOneRequestUID for two transfers: each goes back, for neither can
// know what the other one has used.
func TestTwoExchangesMayUseOneRequestUID(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	confirmed(t, h, "tx", 1)
	soldBySecond(t, h, "other", 2)
	for payment, x := range map[string]bank.Exchange{"tx": h.Bank.Default(), "other": second} {
		got, err := h.Bank.Transfer(withTimeout(t), x, back(t, 1, "CHF:12", "payto://simulator-transaction/"+payment))
		check(t, err)
		check(t, h.Bank.Instruments().WaitTopic(withTimeout(t), instrument.Operations, func(ctx context.Context) (bool, error) {
			s, err := h.Bank.TransferStatus(ctx, x, got.RowID)
			return s.Status == taler.TransferSuccess, err
		}))
		if sum, _ := given(t, h, payment); sum != "CHF:12" {
			t.Errorf("%s went back of %s", sum, payment)
		}
	}
}

// TestEachExchangesTransfersAreHandedOutAgain in the next life: to the worker of that
// exchange, once, and to no other, however many there are.
func TestEachExchangesTransfersAreHandedOutAgain(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: handsOut})
	confirmed(t, h, "tx", 1)
	soldBySecond(t, h, "other", 2)
	ctx := withTimeout(t)
	wire := func(x bank.Exchange, payment string, numbers ...byte) {
		t.Helper()
		for _, n := range numbers {
			_, err := h.Bank.Transfer(ctx, x, back(t, n, "CHF:1", "payto://simulator-transaction/"+payment))
			check(t, err)
		}
	}
	wire(second, "other", 1)
	wire(h.Bank.Default(), "tx", 2, 3)
	wire(second, "other", 4, 5)
	h.Restart()
	wire(h.Bank.Default(), "tx", 6) // comes behind those of before
	over, cancel := context.WithCancel(ctx)
	cancel()
	for _, of := range []struct {
		x       bank.Exchange
		payment string
		rows    uint64
	}{{h.Bank.Default(), "tx", 3}, {second, "other", 3}} {
		handed := map[uint64]bool{} // those of one millisecond in any order
		for range of.rows {
			next, err := h.Bank.NextTransfer(ctx, of.x)
			if handed[next.Transfer.Row] = true; err != nil || next.Transfer.ProviderTransactionID != of.payment {
				t.Errorf("of %s is handed out %+v: %v", of.x.URL, next.Transfer, err)
			}
		}
		if uint64(len(handed)) != of.rows {
			t.Errorf("of %s rows %v are handed out", of.x.URL, handed)
		}
		if next, err := h.Bank.NextTransfer(over, of.x); err == nil {
			t.Errorf("of %s there is one more: %+v", of.x.URL, next.Transfer)
		}
	}
}

// TestTransfersAreStoredOnce: a request has one row and one answer for ever, and
// gives back no more than was paid to the exchange.
//
// Rows: transfer stored, transfer replayed, transfers in part.
func TestTransfersAreStoredOnce(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	confirmed(t, h, "tx", 1)
	ctx := withTimeout(t)
	transfer := func(r taler.TransferRequest) (taler.TransferResponse, error) {
		return h.Bank.Transfer(ctx, h.Bank.Default(), r)
	}

	first := back(t, 1, "CHF:12", paidWithTx)
	got, err := transfer(first)
	if err != nil || got.RowID != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	again := first
	again.CreditAccount, again.Metadata = "payto://simulator-transaction/tx", "remark"
	if same, err := transfer(again); err != nil || same != got {
		t.Errorf("another spelling got %+v, %v; the first one %+v", same, err, got)
	}
	for name, c := range map[string]struct {
		change func(*taler.TransferRequest)
		kind   fault.Kind
		reason fault.Reason
	}{
		"other amount": {func(r *taler.TransferRequest) { r.Amount = amount(t, "CHF:11") }, fault.Conflict, taler.ReasonRequestUIDReused},
		"other wtid":   {func(r *taler.TransferRequest) { r.WTID[0]++ }, fault.Conflict, taler.ReasonRequestUIDReused},
		"other account": {func(r *taler.TransferRequest) {
			r.CreditAccount += "&x=y"
			r.CreditAccount = "payto://simulator-transaction/ty"
		}, fault.Conflict, taler.ReasonRequestUIDReused},
		"other exchange": {func(r *taler.TransferRequest) { r.ExchangeBaseURL = "https://other.example/" }, fault.Conflict, taler.ReasonRequestUIDReused},
		"other currency": {func(r *taler.TransferRequest) { r.Amount = amount(t, "EUR:12") }, fault.Invalid, taler.ReasonCurrencyMismatch},
		"used wtid":      {func(r *taler.TransferRequest) { r.RequestUID[0]++ }, fault.Conflict, taler.ReasonWTIDReused},
		"too much":       {func(r *taler.TransferRequest) { r.RequestUID[0]++; r.WTID[0]++ }, fault.Conflict, taler.ReasonTransferExceeds},
		"nothing":        {func(r *taler.TransferRequest) { r.RequestUID[0]++; r.WTID[0]++; r.Amount = amount(t, "CHF:0") }, fault.Conflict, taler.ReasonTransferExceeds},
		"unknown payment": {func(r *taler.TransferRequest) {
			r.RequestUID[0]++
			r.WTID[0]++
			r.CreditAccount = "payto://simulator-transaction/none"
		}, fault.Conflict, taler.ReasonUnknownCreditor},
		"other provider": {func(r *taler.TransferRequest) {
			r.RequestUID[0]++
			r.WTID[0]++
			r.CreditAccount = "payto://wallee-transaction/tx"
		}, fault.Conflict, taler.ReasonUnknownCreditor},
		"a bank account": {func(r *taler.TransferRequest) {
			r.RequestUID[0]++
			r.WTID[0]++
			r.CreditAccount = "payto://iban/DE89370400440532013000?receiver-name=M"
		}, fault.Conflict, taler.ReasonUnknownCreditor},
		"the exchange's": {func(r *taler.TransferRequest) {
			r.RequestUID[0]++
			r.WTID[0]++
			r.CreditAccount = banktest.ExchangeAccount
		}, fault.Conflict, taler.ReasonAccountIsExchange},
		"no request_uid":    {func(r *taler.TransferRequest) { r.RequestUID = taler.HashCode{} }, fault.Invalid, taler.ReasonJSONInvalid},
		"no web address":    {func(r *taler.TransferRequest) { r.ExchangeBaseURL = "exchange" }, fault.Invalid, taler.ReasonJSONInvalid},
		"strange metadata":  {func(r *taler.TransferRequest) { r.Metadata = "a b" }, fault.Invalid, taler.ReasonJSONInvalid},
		"too much metadata": {func(r *taler.TransferRequest) { r.Metadata = "01234567890123456789012345678901234567890" }, fault.Invalid, taler.ReasonJSONInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			r := first
			c.change(&r)
			_, err := transfer(r)
			refused(t, err, c.kind, c.reason)
		})
	}
	if rest, err := transfer(back(t, 2, "CHF:8", paidWithTx)); err != nil || rest.RowID != 2 {
		t.Errorf("the rest of the payment: %+v, %v", rest, err)
	}
	_, err = transfer(back(t, 3, "CHF:0.01", paidWithTx))
	refused(t, err, fault.Conflict, taler.ReasonTransferExceeds)
	if same, err := transfer(first); err != nil || same != got {
		t.Errorf("the first request again: %+v, %v", same, err)
	}
}

// TestTransfersAtOnce: of many transfers of one payment as many are accepted as
// it can bear, with numbers that have no gap.
//
// Rows: transfers in part.
func TestTransfersAtOnce(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	confirmed(t, h, "tx", 1)
	ctx := withTimeout(t)
	var mu sync.Mutex
	var numbers []uint64
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			got, err := h.Bank.Transfer(ctx, h.Bank.Default(), back(t, byte(n+1), "CHF:3", paidWithTx))
			if err != nil {
				refused(t, err, fault.Conflict, taler.ReasonTransferExceeds)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			numbers = append(numbers, got.RowID)
		})
	}
	all.Wait()
	slices.Sort(numbers)
	if want := []uint64{1, 2, 3, 4, 5, 6}; !slices.Equal(numbers, want) {
		t.Errorf("accepted %v of CHF:3 each, want %v", numbers, want)
	}
}

// TestAWorkerIsHandedEachTransfer once, in this life; those whose fate is open
// are handed out again in the next.
func TestAWorkerIsHandedEachTransfer(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: handsOut})
	confirmed(t, h, "tx", 1)
	ctx := withTimeout(t)
	waiting := make(chan bank.OpenTransfer, 1)
	go func() {
		next, err := h.Bank.NextTransfer(ctx, h.Bank.Default())
		if err != nil {
			t.Error(err)
		}
		waiting <- next
	}()
	for n := range 4 {
		if _, err := h.Bank.Transfer(ctx, h.Bank.Default(), back(t, byte(n+1), "CHF:1", paidWithTx)); err != nil {
			t.Fatal(err)
		}
	}
	took := []bank.OpenTransfer{<-waiting}
	for range 3 {
		next, err := h.Bank.NextTransfer(ctx, h.Bank.Default())
		if err != nil {
			t.Fatal(err)
		}
		took = append(took, next)
	}
	for n, next := range took {
		if next.Transfer.Row != uint64(n+1) || next.Transfer.ProviderTransactionID != "tx" || next.Transfer.Provider != banktest.ProviderName {
			t.Errorf("the %d. was %+v", n+1, next.Transfer)
		}
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := h.Bank.NextTransfer(over, h.Bank.Default()); err == nil {
		t.Error("a fifth was handed out")
	}
	for n, state := range []taler.TransferState{taler.TransferTransient, taler.TransferSuccess, taler.TransferPermanent} {
		for range 2 { // a report may come twice
			if err := h.Bank.ReportTransfer(ctx, took[n].ID, bank.TransferReport{State: state, Message: "so it is"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	refused(t, h.Bank.ReportTransfer(ctx, took[1].ID, bank.TransferReport{State: taler.TransferPermanent}), fault.Conflict, "transfer-decided")
	h.Restart()
	for _, row := range []uint64{1, 4} {
		next, err := h.Bank.NextTransfer(ctx, h.Bank.Default())
		if err != nil || next.Transfer.Row != row {
			t.Errorf("the next life was handed %+v, %v; want row %d", next.Transfer, err, row)
		}
	}
	if next, err := h.Bank.NextTransfer(over, h.Bank.Default()); err == nil {
		t.Errorf("a decided one was handed out: %+v", next.Transfer)
	}
	// What failed for good may be asked for again.
	if _, err := h.Bank.Transfer(ctx, h.Bank.Default(), back(t, 9, "CHF:17", paidWithTx)); err != nil {
		t.Error(err)
	}
	_, err := h.Bank.Transfer(ctx, h.Bank.Default(), back(t, 10, fmt.Sprint("CHF:", 1), paidWithTx))
	refused(t, err, fault.Conflict, taler.ReasonTransferExceeds)
}
