package taler

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func sum(text string) taler.Amount {
	if text == "" {
		return taler.Amount{}
	}
	a, err := instrument.ParseAmount(text)
	if err != nil {
		panic(err)
	}
	return a
}

const (
	required taler.Payto = "payto://iban/CH9300762011623852957?receiver-name=Exchange"
	foreign  taler.Payto = "payto://iban/DE75512108001245126199?receiver-name=Other"
)

var (
	wopid = taler.WOPID{1}
	ours  = taler.EddsaPublicKey{2}
	other = taler.EddsaPublicKey{3}
)

// at is a withdrawal of a fixed amount in one of the bank's states; "noticed" is
// selected with a notice.
func at(state string) taler.Withdrawal {
	w := taler.Withdrawal{State: taler.State(state), WOPID: wopid, Currency: "CHF", Amount: sum("CHF:20"), ExchangeAccount: required}
	switch state {
	case "noticed":
		w.State = taler.StateSelected
	case "late": // a notice that came after the abort
		w.State, w.ProviderTransactionID = taler.StateAborted, "tx-1"
	}
	if state != "pending" {
		w.ReservePub = ours
	}
	if state == "noticed" || state == "confirmed" {
		w.ProviderTransactionID = "tx-1"
	}
	return w
}

// Every state of the bank's withdrawal × everything that can be asked of it.
func TestWithdrawalStatesAndEvents(t *testing.T) {
	choose := func(reserve taler.EddsaPublicKey, at taler.Payto, amount string) func(*taler.Withdrawal) (verdict, error) {
		return func(w *taler.Withdrawal) (verdict, error) {
			return selected(w, taler.SelectArgs{WOPID: wopid.ID(), ReservePub: reserve, SelectedExchange: at, Amount: sum(amount)}, noon)
		}
	}
	notice := func(tx, fees string) func(*taler.Withdrawal) (verdict, error) {
		return func(w *taler.Withdrawal) (verdict, error) {
			return noticed(w, taler.ConfirmArgs{WOPID: wopid, ProviderTransactionID: tx, TerminalFees: sum(fees)}, noon)
		}
	}
	events := []struct {
		name string
		do   func(*taler.Withdrawal) (verdict, error)
		// for pending, selected, noticed, confirmed, aborted, and aborted with a
		// notice: the next status, "=" for staying without a write, "!reason" for a
		// refusal
		want [6]string
	}{
		{"our selection", choose(ours, required, ""), [6]string{"selected", "=", "=", "=", "!update-abort-conflict", "!update-abort-conflict"}},
		{"our selection with the amount", choose(ours, required, "CHF:20"), [6]string{"selected", "=", "=", "=", "!update-abort-conflict", "!update-abort-conflict"}},
		{"with another amount", choose(ours, required, "CHF:21"), [6]string{"!amount-differs", "!amount-differs", "!amount-differs", "!amount-differs", "!update-abort-conflict", "!update-abort-conflict"}},
		{"in another currency", choose(ours, required, "EUR:20"), [6]string{"!currency-mismatch", "!currency-mismatch", "!currency-mismatch", "!currency-mismatch", "!currency-mismatch", "!currency-mismatch"}},
		{"another wallet's", choose(other, required, ""), [6]string{"selected", "!reserve-selection-conflict", "!reserve-selection-conflict", "!reserve-selection-conflict", "!update-abort-conflict", "!update-abort-conflict"}},
		{"for a foreign account", choose(ours, foreign, ""), [6]string{"!unknown-account", "!reserve-selection-conflict", "!reserve-selection-conflict", "!reserve-selection-conflict", "!update-abort-conflict", "!update-abort-conflict"}},
		{"of nobody", choose(taler.EddsaPublicKey{}, required, ""), [6]string{"!json-invalid", "!json-invalid", "!json-invalid", "!json-invalid", "!json-invalid", "!json-invalid"}},
		{"a notice", notice("tx-1", ""), [6]string{"!not-selected", "selected", "=", "=", "aborted", "="}},
		{"a notice with fees", notice("tx-1", "CHF:1"), [6]string{"!not-selected", "selected", "!amount-differs", "!amount-differs", "aborted", "="}},
		{"a notice with fees of nothing", notice("tx-1", "CHF:0"), [6]string{"!not-selected", "selected", "=", "=", "aborted", "="}},
		{"another notice", notice("tx-2", ""), [6]string{"!not-selected", "selected", "!payment-differs", "!payment-differs", "aborted", "="}},
		{"an empty notice", notice("", ""), [6]string{"!json-invalid", "!json-invalid", "!json-invalid", "!json-invalid", "!json-invalid", "!json-invalid"}},
		{"a notice of another", func(w *taler.Withdrawal) (verdict, error) {
			return noticed(w, taler.ConfirmArgs{WOPID: taler.WOPID{9}, ProviderTransactionID: "tx-1"}, noon)
		}, [6]string{"!unknown-operation", "!unknown-operation", "!unknown-operation", "!unknown-operation", "!unknown-operation", "!unknown-operation"}},
		{"a notice without end", notice(strings.Repeat("x", maxTransaction+1), ""), [6]string{"!json-invalid", "!json-invalid", "!json-invalid", "!json-invalid", "!json-invalid", "!json-invalid"}},
		{"a selection of another", func(w *taler.Withdrawal) (verdict, error) {
			return selected(w, taler.SelectArgs{WOPID: taler.WOPID{9}.ID(), ReservePub: ours, SelectedExchange: required}, noon)
		}, [6]string{"!unknown-operation", "!unknown-operation", "!unknown-operation", "!unknown-operation", "!unknown-operation", "!unknown-operation"}},
		{"an abort", func(w *taler.Withdrawal) (verdict, error) {
			return aborted(w, taler.AbortArgs{WOPID: wopid.ID(), Reason: "r"}, false, noon)
		}, [6]string{"aborted", "aborted", "!abort-confirm-conflict", "!abort-confirm-conflict", "=", "="}},
		{"an abort of another", func(w *taler.Withdrawal) (verdict, error) {
			return aborted(w, taler.AbortArgs{WOPID: taler.WOPID{9}.ID()}, true, noon)
		}, [6]string{"!unknown-operation", "!unknown-operation", "!unknown-operation", "!unknown-operation", "!unknown-operation", "!unknown-operation"}},
	}
	for _, e := range events {
		for n, from := range []string{"pending", "selected", "noticed", "confirmed", "aborted", "late"} {
			t.Run(from+"/"+e.name, func(t *testing.T) {
				w := at(from)
				before := w
				v, err := e.do(&w)
				got := v.status
				switch {
				case err != nil:
					got = "!" + string(fault.ReasonOf(err))
				case !v.change:
					got = "="
				}
				if got != e.want[n] {
					t.Errorf("got %s, want %s", got, e.want[n])
				}
				if !v.change && fmt.Sprint(w) != fmt.Sprint(before) {
					t.Error("the state was changed on the way")
				}
				if v.change && strings.Contains(e.name, "notice") && (w.ProviderTransactionID == "" || w.Noticed != noon.Unix()) {
					t.Error("there may be money, and the payment is not kept") // also where it has to go back
				}
				if v.change && (string(w.State) != v.status || !bankWithdrawal.Info().Allows(string(before.State), v.status)) {
					t.Errorf("the state says %s, and the class does not allow it", w.State)
				}
			})
		}
	}
}

// TestANoticeOfWhatNobodyKnows may be replaced, and the operator may end its
// withdrawal; while the provider may still know it, neither.
func TestANoticeOfWhatNobodyKnows(t *testing.T) {
	at := func(unfound int64, state taler.State) *taler.Withdrawal {
		return &taler.Withdrawal{State: state, WOPID: taler.WOPID{1}, Currency: "CHF", ProviderTransactionID: "wrong", Noticed: 5, Unfound: unfound, Misnamed: "before"}
	}
	notice := func(w *taler.Withdrawal, name string) error {
		_, err := noticed(w, taler.ConfirmArgs{WOPID: taler.WOPID{1}, ProviderTransactionID: name}, noon)
		return err
	}
	end := func(w *taler.Withdrawal, operator bool) error {
		_, err := aborted(w, taler.AbortArgs{WOPID: taler.WOPID{1}.ID()}, operator, noon)
		return err
	}
	for name, c := range map[string]struct {
		err    error
		reason fault.Reason
	}{
		"another, undecided":             {notice(at(0, taler.StateSelected), "right"), taler.ReasonPaymentDiffers},
		"another, unfound":               {notice(at(7, taler.StateSelected), "right"), ""},
		"another, confirmed":             {notice(at(7, taler.StateConfirmed), "right"), taler.ReasonPaymentDiffers},
		"the misnamed again, confirmed":  {notice(at(0, taler.StateConfirmed), "before"), ""},
		"the operator ends it undecided": {end(at(0, taler.StateSelected), true), taler.ReasonAbortConfirmConflict},
		"the operator ends it unfound":   {end(at(7, taler.StateSelected), true), ""},
		"the operator ends it confirmed": {end(at(7, taler.StateConfirmed), true), taler.ReasonAbortConfirmConflict},
		"a terminal ends it unfound":     {end(at(7, taler.StateSelected), false), taler.ReasonAbortConfirmConflict},
	} {
		if fault.ReasonOf(c.err) != c.reason {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	w := at(7, taler.StateSelected)
	if err := notice(w, "right"); err != nil || w.ProviderTransactionID != "right" || w.Unfound != 0 || !w.Undecided() {
		t.Errorf("%v, and it became %+v", err, w)
	}
	for name, c := range map[string]struct {
		w        *taler.Withdrawal
		operator bool
		asked    bool // still
	}{
		"the operator":                  {at(7, taler.StateSelected), true, false},
		"the operator, aborted":         {at(7, taler.StateAborted), true, false},
		"the operator, not asked yet":   {at(0, taler.StateAborted), true, true},
		"somebody else, of one aborted": {at(7, taler.StateAborted), false, true},
	} {
		if err := end(c.w, c.operator); err != nil || c.w.Undecided() != c.asked {
			t.Errorf("%s: %v, and it is asked about: %v", name, err, c.w.Undecided())
		}
	}
}

func TestAmountsThatTheWalletChooses(t *testing.T) {
	for _, row := range []struct {
		name, amount, least, most string
		hidden                    bool
		want                      string
	}{
		{"named", "CHF:20", "", "", false, "CHF:20"},
		{"none", "", "", "", false, "!amount-required"},
		{"none needed", "", "", "", true, ""},
		{"too small", "CHF:4", "CHF:5", "", false, "!amount-out-of-range"},
		{"the smallest", "CHF:5", "CHF:5", "CHF:50", false, "CHF:5"},
		{"the largest", "CHF:50", "CHF:5", "CHF:50", false, "CHF:50"},
		{"too large", "CHF:50.00000001", "", "CHF:50", false, "!amount-out-of-range"},
		{"nothing", "CHF:0", "", "", false, "!amount-out-of-range"},
		{"no card can pay it", "CHF:4503599627370496", "", "", false, "!amount-out-of-range"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := at("pending")
			w.Amount, w.WithdrawalFees = taler.Amount{}, sum("CHF:1")
			_, err := selected(&w, taler.SelectArgs{
				WOPID: wopid.ID(), ReservePub: ours, SelectedExchange: required, Amount: sum(row.amount),
				MinAmount: sum(row.least), MaxAmount: sum(row.most), NoAmountToWallet: row.hidden,
			}, noon)
			got := ""
			switch {
			case err != nil:
				got = "!" + string(fault.ReasonOf(err))
			case w.Amount != (taler.Amount{}):
				got = w.Amount.String()
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestFeesAreNamedOnce(t *testing.T) {
	for _, row := range []struct{ name, setup, notice, repeated, want string }{
		{"at the setup", "CHF:1", "", "", "CHF:1"},
		{"twice the same", "CHF:1", "CHF:1.00", "CHF:1", "CHF:1"},
		{"with the notice", "", "CHF:2", "CHF:2", "CHF:2"},
		{"otherwise with the notice", "CHF:1", "CHF:2", "", "!amount-differs"},
		{"not any more with the notice", "CHF:1", "CHF:0", "", "!amount-differs"},
		{"otherwise when repeated", "", "CHF:2", "CHF:3", "!amount-differs"},
		{"too much to pay", "", "CHF:4503599627370496", "", "!amount-out-of-range"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := at("selected")
			w.TerminalFees = sum(row.setup)
			var err error
			for _, fees := range []string{row.notice, row.repeated} {
				if err == nil {
					_, err = noticed(&w, taler.ConfirmArgs{WOPID: wopid, ProviderTransactionID: "tx-1", TerminalFees: sum(fees)}, noon)
				}
			}
			got := w.TerminalFees.String()
			if err != nil {
				got = "!" + string(fault.ReasonOf(err))
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// What a real exchange says verifies with the same code, and not at another time.
func TestKeysOfARealExchangeVerify(t *testing.T) {
	text, err := os.ReadFile("../../comm/taler/testdata/exchange-keys.json")
	if err != nil {
		t.Fatal(err)
	}
	var keys taler.Keys
	if err := taler.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	signed := keys.SignKeys[0].StampStart.Time().Add(time.Hour)
	e, err := verified(keys, signed)
	if err != nil {
		t.Fatal(err)
	}
	if e.Currency != "KUDOS" || len(e.Denominations) == 0 || len(e.Accounts) == 0 {
		t.Errorf("read %s with %d denominations", e.Currency, len(e.Denominations))
	}
	for _, off := range []time.Duration{-3 * time.Hour, 100 * 365 * 24 * time.Hour} {
		if _, err := verified(keys, signed.Add(off)); fault.ReasonOf(err) != "signing-key-untimely" {
			t.Errorf("%s off: %v", off, err)
		}
	}
}

// TestKeysThatHaveGrownOld: when denominations have ended since the keys were read,
// what is left of a reserve is neither done nor too small before they are read again.
func TestKeysThatHaveGrownOld(t *testing.T) {
	denomination := func(name byte, value string, until time.Duration) taler.Denomination {
		return taler.Denomination{DenomPubHash: taler.HashCode{name}, Value: sum(value), FeeWithdraw: sum("CHF:0"), StampExpireWithdraw: timestamp(noon.Add(until)), StampExpireDeposit: timestamp(noon.Add(48 * time.Hour))}
	}
	for _, row := range []struct {
		name   string
		read   time.Duration // before noon
		known  []taler.Denomination
		left   string
		status string       // of a reserve with coins
		reason fault.Reason // of one without any
	}{
		{"all ended since", time.Hour, []taler.Denomination{denomination(1, "CHF:1", time.Minute)}, "CHF:3", taler.ReserveSent, "no-denominations"},
		{"the small one ended since", time.Hour, []taler.Denomination{denomination(1, "CHF:1", 0), denomination(2, "CHF:5", time.Hour)}, "CHF:3", taler.ReserveSent, "no-denominations"},
		{"nothing was so small then", time.Hour, []taler.Denomination{denomination(1, "CHF:1", 0), denomination(2, "CHF:5", time.Hour)}, "CHF:0.5", taler.ReserveDone, "amount-too-small"},
		{"it had ended then", 0, []taler.Denomination{denomination(1, "CHF:1", 0), denomination(2, "CHF:5", time.Hour)}, "CHF:3", taler.ReserveDone, "amount-too-small"},
	} {
		e := taler.ExchangeState{Currency: "CHF", Denominations: row.known, KeysAt: noon.Add(-row.read).Unix()}
		r := taler.Reserve{Coins: 1, Amount: sum("CHF:9"), Remainder: sum(row.left)}
		if status, err := goOn(e, &r, noon); status != row.status || err != nil {
			t.Errorf("%s: the reserve is %s, %v", row.name, status, err)
		}
		status, err := batchForm().planned(&r, e, taler.Amount{}, noon)
		if done := row.status == taler.ReserveDone; done != (status == taler.ReserveDone) || done != (err == nil) {
			t.Errorf("%s: planned %s, %v", row.name, status, err)
		}
		if _, err := outlook(e, sum(row.left), taler.Amount{}, noon); fault.ReasonOf(err) != row.reason {
			t.Errorf("%s: the outlook is %v", row.name, err)
		}
	}
}

// TestASetUpOfBefore: of a withdrawal that a bank made before it kept who names
// the sums, what may be the same request is taken for it.
func TestASetUpOfBefore(t *testing.T) {
	first := taler.Withdrawal{State: taler.StateSelected, Amount: sum("CHF:6"), TerminalFees: sum("CHF:1"), Noticed: 5}
	for name, c := range map[string]struct {
		asked taler.Withdrawal
		same  bool
	}{
		"all of it":       {taler.Withdrawal{AmountBy: taler.BySetup, Amount: sum("CHF:6"), TerminalFees: sum("CHF:1")}, true},
		"late fees":       {taler.Withdrawal{AmountBy: taler.BySetup, Amount: sum("CHF:6")}, true},
		"left to wallets": {taler.Withdrawal{AmountBy: taler.BySelect}, true},
		"another amount":  {taler.Withdrawal{AmountBy: taler.BySetup, Amount: sum("CHF:7")}, false},
		"other fees":      {taler.Withdrawal{AmountBy: taler.BySetup, Amount: sum("CHF:6"), TerminalFees: sum("CHF:2")}, false},
	} {
		if err := sameSetup(first, c.asked); (err == nil) != c.same {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAnExchangeKeepsItsCurrency: coins of one are not taken for coins of another.
func TestAnExchangeKeepsItsCurrency(t *testing.T) {
	known := taler.ExchangeState{URL: "https://exchange.example/", Currency: "CHF", MasterPub: ours}
	e := known
	if v, err := learn(&e, taler.ExchangeState{Currency: "EUR", MasterPub: ours}); fault.ReasonOf(err) != taler.ReasonCurrencyMismatch || v.change || e.Currency != "CHF" {
		t.Errorf("%+v, %v", e, err)
	}
	if v, err := learn(&e, taler.ExchangeState{Currency: "CHF", MasterPub: ours}); err != nil || !v.change || e.URL != known.URL {
		t.Errorf("control: %+v, %v", e, err)
	}
}

// TestAKnownExchangeKeepsItsAddress: one that would not be taken any more is kept, for money may be
// there; a new one is not taken, and none moves.
func TestAKnownExchangeKeepsItsAddress(t *testing.T) {
	at := func(url string) *instrument.Instance {
		i := instrument.Instance{Class: taler.ClassExchange}
		if err := i.Encode(taler.ExchangeState{URL: url, Currency: "CHF"}); err != nil {
			t.Fatal(err)
		}
		return &i
	}
	const old = "https://b\u00f6rse.example/"
	if err := checkExchange(at(old), at(old)); err != nil {
		t.Errorf("kept: %v", err)
	}
	if err := checkExchange(nil, at(old)); fault.ReasonOf(err) != taler.ReasonAddressRefused {
		t.Errorf("new: %v", err)
	}
	if err := checkExchange(at(old), at("https://other.example/")); fault.ReasonOf(err) != "exchange-moved" {
		t.Errorf("moved: %v", err)
	}
}
