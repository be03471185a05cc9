package audit_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/audit"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestTheBooksOfAFurtherExchange are its own: rows, claims and what it has wired back. A
// withdrawal that names an exchange which the bank does not have is a difference.
func TestTheBooksOfAFurtherExchange(t *testing.T) {
	b := open(t)
	zurich := bank.Exchange{Name: "zurich", URL: "https://zurich.example.com/", Account: "payto://x-taler-bank/localhost/zurich?receiver-name=Z"}
	b.AddExchange(zurich)
	out, err := b.Bank.SetUp(b.ctx(), b.till(), taler.TerminalWithdrawalSetup{RequestUID: "z", Amount: sum("CHF:20"), Exchange: "zurich"})
	check(t, err)
	id := out.WithdrawalID
	_, err = b.Bank.Select(b.ctx(), id, taler.BankWithdrawalOperationPostRequest{ReservePub: taler.EddsaPublicKey{9}, SelectedExchange: zurich.Account})
	check(t, err)
	b.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: sum("CHF:21"), Reference: id.Text()})
	check(t, b.Bank.Confirm(b.ctx(), b.till(), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "tx"}))
	_, err = b.Bank.Status(b.ctx(), id, taler.LongPoll{Timeout: patience, OldState: taler.StateSelected})
	check(t, err)
	x, err := b.Bank.Exchange(b.ctx(), "zurich")
	check(t, err)
	_, err = b.Bank.Transfer(b.ctx(), x, taler.TransferRequest{
		RequestUID: taler.HashCode{1}, WTID: taler.ShortHash{1}, Amount: sum("CHF:5"), ExchangeBaseURL: zurich.URL, CreditAccount: "payto://simulator-transaction/tx?receiver-name=x",
	})
	check(t, err)
	next, err := b.Bank.NextTransfer(b.ctx(), x)
	check(t, err)
	check(t, b.Bank.ReportTransfer(b.ctx(), next.ID, bank.TransferReport{State: taler.TransferPending}))
	if got := b.audit(); !got.OK || got.HistoryRows != 1 {
		t.Errorf("%+v", got)
	}
	forge(b, bank.ClassWithdrawal, func(w *taler.Withdrawal, _ *instrument.Instance) { w.Exchange = "nowhere" })
	got := map[audit.Kind]bool{}
	for _, d := range b.audit().Differences {
		got[d.Kind] = true
	}
	if !got[audit.RowMissing] || !got[audit.RowAlone] {
		t.Errorf("%v", got)
	}
}
