package vendor

import (
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// agreed holds the bank, before a card is charged, to what the customer is asked to
// agree to: fault.Declined where it has the withdrawal at another amount or other
// fees, or has it as paid already. What it does not say is as it was.
func agreed(w *Withdrawal, at taler.BankWithdrawalOperationStatus) error {
	var wrong string
	switch none := (instrument.Amount{}); {
	case at.Status == taler.StateConfirmed:
		wrong = "the bank says that the withdrawal is paid already"
	case at.Amount != none && at.Amount != w.Amount:
		wrong = "the bank would give " + at.Amount.String() + " and not " + w.Amount.String()
	case at.CardFees != none && w.Total != none && at.CardFees != w.Fees:
		wrong = "the bank takes fees of " + at.CardFees.String() + " and not " + w.Fees.String()
	default:
		return nil
	}
	return fault.New(fault.Declined, "%s; nothing was charged", wrong).Because("bank-differs")
}

// charged says of an error that ends a run after the card was charged how to go on,
// lest somebody sells the same once more.
func charged(w Withdrawal, err error) error {
	f := fault.From(err)
	if w.Status != taler.TerminalPaid && w.Status != taler.TerminalNotified || strings.Contains(f.Hint, "terminal resume") {
		return err
	}
	hint := "the card was charged, and only the bank's word is missing: go on with `terminal resume " + w.Short() + "`"
	if f.Hint != "" {
		hint = f.Hint + "; " + hint
	}
	return f.WithHint("%s", hint)
}
