package audit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/audit"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestABankDoesNotFollowAlteredClaims: what an audit names once a day is believed at no time
// before. Two withdrawals have each other's claims; whoever shows the id of one learns nothing
// of the other, and what is wired back of one is not refunded to the card that paid the other.
func TestABankDoesNotFollowAlteredClaims(t *testing.T) {
	b := open(t)
	ids := []taler.WOPID{b.decided("tx-1", "CHF:21", ""), b.decided("tx-2", "CHF:21", "")}
	wire := func(n byte, tx string) error {
		_, err := b.Bank.Transfer(b.ctx(), b.Bank.Default(), taler.TransferRequest{
			RequestUID: taler.HashCode{n}, WTID: taler.ShortHash{n}, Amount: sum("CHF:1"), ExchangeBaseURL: banktest.ExchangeURL,
			CreditAccount: taler.Payto("payto://simulator-transaction/" + tx + "?receiver-name=x"),
		})
		return err
	}
	check(t, wire(101, "tx-1")) // control
	check(t, wire(110, "tx-1"))
	if got, err := b.Bank.TransferStatus(b.ctx(), b.Bank.Default(), 1); err != nil {
		t.Fatalf("control: %+v, %v", got, err)
	}
	b.Kill()
	const others = `CASE id WHEN (SELECT min(id) FROM instances WHERE class = 'taler-withdrawal')
		THEN (SELECT max(id) FROM instances WHERE class = 'taler-withdrawal')
		ELSE (SELECT min(id) FROM instances WHERE class = 'taler-withdrawal') END`
	b.sql(`UPDATE instance_keys SET id = ` + others + ` WHERE class = 'taler-withdrawal'`)
	b.sql(`UPDATE instance_keys SET id = ` + strings.ReplaceAll(others, "withdrawal", "transfer") + ` WHERE class = 'taler-transfer' AND name = 'row'`)
	b.Restart()
	for n, id := range ids {
		if s, err := b.Bank.Status(b.ctx(), id, taler.LongPoll{}); fault.ReasonOf(err) != "seal-broken" {
			t.Errorf("the status of %d is %v, %v", n, s, err)
		}
		if _, _, err := b.Bank.Withdrawal(b.ctx(), id); fault.ReasonOf(err) != "seal-broken" {
			t.Errorf("an operator sees of %d: %v", n, err)
		}
	}
	if got, err := b.Bank.TransferStatus(b.ctx(), b.Bank.Default(), 1); fault.ReasonOf(err) != "seal-broken" {
		t.Errorf("the exchange is told of its first transfer %+v, %v", got, err)
	}
	for n, tx := range []string{"tx-1", "tx-2"} {
		if err := wire(byte(102+n), tx); fault.ReasonOf(err) != "seal-broken" {
			t.Errorf("wired back of %s: %v", tx, err)
		}
	}
}

// TestAWithdrawalThatWasTurnedBackIsNotPaidAgain: its record is the one of before a wallet took it, and another wallet
// takes it. What it has claimed says that its payment has bought something.
func TestAWithdrawalThatWasTurnedBackIsNotPaidAgain(t *testing.T) {
	b := open(t)
	out, err := b.Bank.SetUp(b.ctx(), b.till(), taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: sum("CHF:20")})
	check(t, err)
	id := out.WithdrawalID
	b.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: sum("CHF:21"), Reference: id.Text()})
	back := b.keeps()
	pays := func(reserve taler.EddsaPublicKey) {
		t.Helper()
		_, err := b.Bank.Select(b.ctx(), id, taler.BankWithdrawalOperationPostRequest{ReservePub: reserve, SelectedExchange: banktest.ExchangeAccount})
		check(t, err)
		check(t, b.Bank.Confirm(b.ctx(), b.till(), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "tx"}))
	}
	pays(taler.EddsaPublicKey{1})
	_, err = b.Bank.Status(b.ctx(), id, taler.LongPoll{Timeout: patience, OldState: taler.StateSelected})
	check(t, err)
	b.Kill()
	back()
	b.Restart()
	asked := b.Provider.Asked("tx")
	pays(taler.EddsaPublicKey{2})
	check(t, b.Provider.WaitAsked(b.ctx(), "tx", asked+3)) // what it was told before came to nothing
	page, err := b.Bank.IncomingHistory(b.ctx(), b.Bank.Default(), instrument.Page{Limit: 10}, 0)
	check(t, err)
	if got, err := taler.ReadIncoming(page, 0); err != nil || len(got.IncomingTransactions) != 1 {
		t.Errorf("the exchange is told of %+v, %v", got, err)
	}
	if got := b.audit(); !slices.ContainsFunc(got.Differences, func(d audit.Difference) bool { return d.Kind == audit.RecordDiffers }) {
		t.Errorf("%+v", got.Differences)
	}
}

// TestAnAuditOfAlteredNotes goes on after a row of the bank's own notes that was altered or taken away, and names it.
func TestAnAuditOfAlteredNotes(t *testing.T) {
	for name, row := range map[string]struct {
		topic  string
		number uint64
		change string
	}{
		"a number, sealed by nobody":  {"numberings", 1, `UPDATE journal SET sealed = x'00' WHERE topic = 'numberings' AND seq = 1`},
		"a number, emptied":           {"numberings", 1, `UPDATE journal SET sealed = NULL WHERE topic = 'numberings' AND seq = 1`},
		"a number, taken away":        {"numberings", 1, `DELETE FROM journal WHERE topic = 'numberings' AND seq = 1`},
		"a refusal, sealed by nobody": {"refusals", 1, `UPDATE journal SET sealed = x'00' WHERE topic = 'refusals' AND seq = 1`},
		"a refusal, emptied":          {"refusals", 0, `UPDATE journal SET sealed = NULL WHERE topic = 'refusals' AND seq = 1`},
		"a refusal, taken away":       {"refusals", 1, `DELETE FROM journal WHERE topic = 'refusals' AND seq = 1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			for _, next := range []instrument.Seq{10, 20} {
				check(t, b.Bank.GoOn(b.ctx(), next))
			}
			for n := byte(1); n <= 2; n++ {
				_, err := b.Bank.Transfer(b.ctx(), b.Bank.Default(), taler.TransferRequest{
					RequestUID: taler.HashCode{n}, WTID: taler.ShortHash{n}, Amount: sum("CHF:1"), ExchangeBaseURL: banktest.ExchangeURL,
					CreditAccount: "payto://simulator-transaction/nobodys?receiver-name=x",
				})
				if fault.ReasonOf(err) != taler.ReasonUnknownCreditor {
					t.Fatal(err)
				}
				_, err = b.Bank.Resolve(b.ctx(), instrument.Seq(2*n-1), "settled")
				check(t, err)
			}
			if got := b.audit(); !got.OK {
				t.Fatalf("control: %+v", got)
			}
			b.sql(row.change)
			got := b.audit()
			if len(got.Differences) == 0 || got.Differences[0].Topic != row.topic || got.Differences[0].Row != row.number {
				t.Errorf("%+v", got.Differences)
			}
			for _, d := range got.Differences {
				if d.Kind != audit.RowUnreadable && d.Kind != audit.RowGap {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}
