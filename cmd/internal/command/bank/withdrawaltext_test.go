package bank

import (
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestWhatAnOperatorReadsOfAWithdrawal: when what happened, whether anybody is waited
// for, and why money has not gone back.
func TestWhatAnOperatorReadsOfAWithdrawal(t *testing.T) {
	id, sum := taler.WOPID{1}, instrument.Amount{Currency: "CHF", Value: 20}
	w := taler.Withdrawal{
		WOPID: id, State: taler.StateSelected, Currency: "CHF", Amount: sum, Provider: "cards", ProviderTransactionID: "7",
		Created: 1_800_000_000, Selected: 1_800_000_060, Noticed: 1_800_000_120,
	}
	s, err := shown(w, nil, taler.TimeOf(w.Noticed))
	if err != nil {
		t.Fatal(err)
	}
	s.Returns = []returned{{Return: taler.Return{ProviderTransactionID: "8", Amount: sum, State: taler.TransferPermanent, Message: "the provider says no"}}}
	s.Transfers = []transfer{{Amount: sum, Status: taler.TransferSuccess}}
	got := s.lines(w.Undecided())
	for _, want := range []string{
		"terminal , provider cards, exchange exchange",
		"set up 2027-01-15T08:00:00Z, selected 2027-01-15T08:01:00Z, notice 2027-01-15T08:02:00Z",
		"the provider has not decided about the payment",
		"given back CHF:20 of 8: permanent_failure, the provider says no",
		"sent back by the exchange CHF:20: success",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("nobody reads %q in %q", want, got)
		}
	}
}

// TestWhatAnOperatorReadsAfterARestore: that the payment may have been paid out before, and
// who knows. It is not called one of something else.
func TestWhatAnOperatorReadsAfterARestore(t *testing.T) {
	reserve := taler.EddsaPublicKey{7}
	w := taler.Withdrawal{
		State: taler.StateAborted, Currency: "CHF", AbortReason: "expired", ReservePub: reserve, Restored: 1_800_000_000, Aborted: 1_800_000_060,
	}
	for foreign, want := range map[string]string{
		"":  "it was open in the backup, and the bank may have paid it out before it was restored. Ask the exchange for the reserve " + reserve.String() + " before you give it back",
		"7": "the provider's payment 7 is not given back by itself: the bank may have paid it out before it was restored. Ask the exchange for the reserve " + reserve.String() + " before you give it back",
	} {
		w.Foreign = foreign
		s, err := shown(w, nil, taler.TimeOf(w.Aborted))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.lines(false); !slices.Contains(got, want) || slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, "not for this withdrawal") }) {
			t.Errorf("%q", got)
		}
	}
	w.Foreign, w.Explained = "7", "the exchange has it"
	if s, err := shown(w, nil, taler.TimeOf(w.Aborted)); err != nil || s.Explained != w.Explained || !slices.Contains(s.lines(false), "the provider's payment 7 is left alone, and is explained: the exchange has it") {
		t.Errorf("%q, %v", s.lines(false), err)
	}
	w.State, w.Foreign, w.Explained = taler.StateConfirmed, "", ""
	w.RefundsExplained = taler.RefundsExplained{Amount: taler.Amount{Currency: "CHF", Value: 5}, Text: "the exchange has it"}
	if s, err := shown(w, nil, taler.TimeOf(w.Aborted)); err != nil || s.Refunds != w.RefundsExplained || !slices.Contains(s.lines(false), "CHF:5 went back outside of the bank's books, and that is explained: the exchange has it") {
		t.Errorf("%q, %v", s.lines(false), err)
	}
	if s, err := shown(w, nil, taler.TimeOf(w.Aborted)); err != nil || slices.ContainsFunc(s.lines(false), func(l string) bool { return strings.Contains(l, "before you give") }) {
		t.Errorf("%q, %v", s.lines(false), err)
	}
}

// TestWhatAnOperatorReadsOfSeveralPayments that are left alone: each, and how it is named.
func TestWhatAnOperatorReadsOfSeveralPayments(t *testing.T) {
	w := taler.Withdrawal{State: taler.StateAborted, Currency: "CHF", Aborted: 1_800_000_060}
	w.AddForeign("7")
	w.AddForeign("8")
	w.ExplainForeign("7", "receipt 12")
	s, err := shown(w, nil, taler.TimeOf(w.Aborted))
	if err != nil {
		t.Fatal(err)
	}
	got := s.lines(false)
	for _, want := range []string{
		"the provider's payment 7 is left alone, and is explained: receipt 12",
		"the provider's payment 8 is not for this withdrawal: look into it, and note with `bank withdrawal explain`, with --payment, what you have found out",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("nobody reads %q in %q", want, got)
		}
	}
}
