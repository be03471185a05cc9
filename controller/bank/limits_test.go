package bank_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// A terminal sells so much in a day of UTC: what was aborted does not count, what
// it is asked for again counts once, the next day begins anew.
func TestATerminalsDay(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Date(2030, 1, 1, 23, 50, 0, 0, time.UTC).Unix())
	h := open(t, banktest.Options{Asking: hasty, Clock: func() time.Time { return time.Unix(now.Load(), 0) }})
	check(t, h.Bank.SetPerDay(t.Context(), h.Terminal.Name, amount(t, "CHF:50")))
	tries(t, h, "one", "CHF:30", "")
	tries(t, h, "one", "CHF:30", "")
	tries(t, h, "two", "CHF:21", "above-day-limit")
	second := tries(t, h, "two", "CHF:20", "")
	h.Restart()
	tries(t, h, "three", "CHF:20", "above-day-limit")
	tries(t, h, "three", "", "amount-needed") // nobody could count what a wallet chooses
	check(t, h.Bank.AbortByOperator(t.Context(), second, "nobody came"))
	tries(t, h, "three", "CHF:20", "")
	tries(t, h, "four", "CHF:1", "above-day-limit")
	if again := tries(t, h, "two", "CHF:20", ""); again != second { // what it counted is somebody else's by now
		t.Errorf("the repetition of a request that has ended got %s, not %s", again, second)
	}
	tries(t, h, "two", "CHF:21", taler.ReasonRequestUIDReused)
	tries(t, h, "four", "CHF:1", "above-day-limit")
	now.Add(15 * 60)
	tries(t, h, "four", "CHF:50", "")
	check(t, h.Bank.SetPerDay(t.Context(), h.Terminal.Name, taler.Amount{}))
	fifth := tries(t, h, "five", "CHF:500", "")
	check(t, h.Bank.SetPerDay(t.Context(), h.Terminal.Name, amount(t, "CHF:60")))
	if again := tries(t, h, "five", "CHF:500", ""); again != fifth { // promised before there was the limit
		t.Errorf("the repetition of a request from before the limit got %s, not %s", again, fifth)
	}
	check(t, h.Bank.SetPerDay(t.Context(), h.Terminal.Name, taler.Amount{}))
	tries(t, h, "six", "", "")
	refused(t, h.Bank.SetPerDay(t.Context(), h.Terminal.Name, amount(t, "EUR:1")), fault.Invalid, "currency-differs")
}

// What the operator has decided holds whichever way a request comes, and for the
// amount that a wallet chooses.
func TestBoundsHoldOnEveryWay(t *testing.T) {
	net := inproc.NewNetwork()
	h := open(t, banktest.Options{Asking: hasty, Net: net, Decide: func(c *bank.Config) {
		c.MinAmount, c.MaxAmount = amount(t, "CHF:10"), amount(t, "CHF:100")
		c.Quotas = bank.Quotas{Amount: amount(t, "CHF:60"), Within: time.Hour}
	}})
	limited := h.AddTerminal("limited")
	check(t, h.Bank.SetPerDay(t.Context(), limited.Name, amount(t, "CHF:50")))
	native := begin(t, h, net, comm.Vendor, h.Terminal)
	day := begin(t, h, net, comm.Vendor, limited)
	setUps := map[string]func(taler.TerminalWithdrawalSetup) error{
		"REST": func(r taler.TerminalWithdrawalSetup) error {
			_, err := h.Till(h.Terminal).SetUp(withTimeout(t), r)
			return err
		},
		"sessions": func(r taler.TerminalWithdrawalSetup) error { return native.execute(taler.OperationSetUp, r, nil) },
	}
	for way, setUp := range setUps {
		for text, r := range map[string]taler.TerminalWithdrawalSetup{
			"too little":      {RequestUID: way + "1", Amount: amount(t, "CHF:9.99")},
			"too much":        {RequestUID: way + "2", Amount: amount(t, "CHF:100.01")},
			"above the quota": {RequestUID: way + "3", Amount: amount(t, "CHF:60.01"), UserUUID: "anna"},
		} {
			if err := setUp(r); fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s over %s: %v", text, way, err)
			}
		}
	}
	if err := day.execute(taler.OperationSetUp, taler.TerminalWithdrawalSetup{RequestUID: "d", Amount: amount(t, "CHF:51")}, nil); fault.ReasonOf(err) != "above-day-limit" {
		t.Errorf("above the day's limit over sessions: %v", err)
	}
	if _, err := h.Till(limited).SetUp(withTimeout(t), taler.TerminalWithdrawalSetup{RequestUID: "d", Amount: amount(t, "CHF:51")}); fault.KindOf(err) != fault.Denied {
		t.Errorf("above the day's limit over REST: %v", err)
	}

	selects := map[string]func(taler.SelectArgs) error{
		"REST": func(a taler.SelectArgs) error {
			_, err := h.Wallet().Select(withTimeout(t), a.WOPID, a.Request())
			return err
		},
		"sessions": func(a taler.SelectArgs) error {
			return begin(t, h, net, comm.Client, banktest.Login{}).execute(taler.OperationSelect, a, nil)
		},
	}
	n := byte(0)
	for way, choose := range selects {
		for _, row := range []struct {
			user, chosen string
			good         bool
		}{
			{"", "CHF:9.99", false},
			{"", "CHF:100.01", false},
			{"", "CHF:100", true},
			{"user of " + way, "CHF:60.01", false},
			{"user of " + way, "CHF:60", false}, // of the first one's CHF:60 nothing is left
		} {
			n++
			made, err := h.Bank.SetUp(withTimeout(t), till(t, h), taler.TerminalWithdrawalSetup{RequestUID: way + row.user + row.chosen, UserUUID: row.user})
			if err != nil {
				if row.chosen != "CHF:60" || fault.ReasonOf(err) != taler.ReasonQuotaExceeded {
					t.Errorf("%+v: %v", row, err)
				}
				continue
			}
			err = choose(taler.SelectArgs{WOPID: made.WithdrawalID.ID(), ReservePub: key(n), SelectedExchange: banktest.ExchangeAccount, Amount: amount(t, row.chosen)})
			if (err == nil) != row.good || err != nil && fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s over %s: %v", row.chosen, way, err)
			}
		}
	}
}

// A terminal that takes a percentage sends it, whichever way; others may send
// none. The provider must have been paid the whole.
//
// Rows: setup: a till's percentage.
func TestATillTakesItsPercentage(t *testing.T) {
	net := inproc.NewNetwork()
	h := open(t, banktest.Options{Asking: hasty, Net: net, Fees: amount(t, "CHF:0.5")})
	marked := h.AddTerminal("marked")
	percent, err := taler.ParsePercent("1.5")
	check(t, err)
	check(t, h.Bank.SetTillFees(t.Context(), marked.Name, percent))
	native := begin(t, h, net, comm.Vendor, marked)
	for way, setUp := range map[string]func(taler.TerminalWithdrawalSetup) error{
		"REST": func(r taler.TerminalWithdrawalSetup) error {
			_, err := h.Till(marked).SetUp(withTimeout(t), r)
			return err
		},
		"sessions": func(r taler.TerminalWithdrawalSetup) error { return native.execute(taler.OperationSetUp, r, nil) },
	} {
		for _, row := range []struct {
			amount, fees string
			good         bool
		}{
			{"CHF:20", "", false},
			{"CHF:20", "CHF:0.29", false},
			{"CHF:20.01", "CHF:0.3", false}, // rounded up
			{"CHF:20.01", "CHF:0.31", true},
			{"CHF:20", "CHF:0.3", true},
			{"CHF:20", "CHF:5", true},
			{"", "CHF:5", false}, // of what?
		} {
			err := setUp(taler.TerminalWithdrawalSetup{RequestUID: way + row.amount + row.fees, Amount: amount(t, row.amount), TerminalFees: amount(t, row.fees)})
			if (err == nil) != row.good || err != nil && fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s and %q over %s: %v", row.amount, row.fees, way, err)
			}
		}
	}
	setUp(t, h, "the other till sends none")

	for transaction, paid := range map[string]string{"less": "CHF:20.79", "enough": "CHF:20.8"} {
		made, err := h.Till(marked).SetUp(withTimeout(t), taler.TerminalWithdrawalSetup{RequestUID: transaction, Amount: amount(t, "CHF:20"), TerminalFees: amount(t, "CHF:0.3")})
		check(t, err)
		id := made.WithdrawalID
		s, err := h.Wallet().Select(withTimeout(t), id, taler.BankWithdrawalOperationPostRequest{ReservePub: key(transaction[0]), SelectedExchange: banktest.ExchangeAccount})
		check(t, err)
		if shown, err := h.Wallet().Operation(withTimeout(t), id, taler.LongPoll{}); err != nil || shown.CardFees != amount(t, "CHF:0.8") || s.Status != taler.StateSelected {
			t.Errorf("the wallet is shown %s, %v", shown.CardFees, err)
		}
		h.Provider.Put(banktest.Payment{ID: transaction, State: "paid", Amount: amount(t, paid), Reference: id.Text()})
		check(t, h.Till(marked).Check(withTimeout(t), id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: transaction}))
		if w := decision(t, h, id); (w.State == taler.StateConfirmed) != (transaction == "enough") {
			t.Errorf("paid %s it became %s", paid, w.State)
		}
	}
	double, err := taler.ParsePercent("3")
	check(t, err)
	check(t, h.Bank.SetTillFees(t.Context(), marked.Name, double))
	again := taler.TerminalWithdrawalSetup{RequestUID: "enough", Amount: amount(t, "CHF:20"), TerminalFees: amount(t, "CHF:0.3")}
	if _, err := h.Till(marked).SetUp(withTimeout(t), again); err != nil {
		t.Errorf("what was promised before: %v", err)
	}
	check(t, h.Bank.SetTillFees(t.Context(), marked.Name, 0))
	if _, err := h.Till(marked).SetUp(withTimeout(t), taler.TerminalWithdrawalSetup{RequestUID: "free", Amount: amount(t, "CHF:20")}); err != nil {
		t.Errorf("marked no more: %v", err)
	}
}
