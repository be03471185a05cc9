package bank

import (
	"slices"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// lines are all of a withdrawal for an operator whom a customer asks.
func (s withdrawal) lines(undecided bool) []string {
	lines := []string{
		short(s.WOPID) + " is " + string(s.Status), "amount " + amount(s.Amount) + ", fees " + s.Fees.String(),
		"terminal " + s.Terminal + ", provider " + s.Provider + ", exchange " + s.Exchange, s.times(),
	}
	if s.Transaction != "" {
		lines = append(lines, "provider transaction "+s.Transaction)
	}
	if undecided && !s.Overdue { // else the reason says it
		lines = append(lines, "the provider has not decided about the payment")
	}
	if s.Reason != "" {
		lines = append(lines, "because: "+s.Reason)
	}
	lines = append(lines, s.leftAlone()...)
	for _, r := range s.Returns {
		lines = append(lines, "given back "+r.Amount.String()+" of "+r.ProviderTransactionID+": "+why(r.State, r.Message))
	}
	if s.Refunds != (taler.RefundsExplained{}) {
		lines = append(lines, s.Refunds.Amount.String()+" went back outside of the bank's books, and that is explained: "+s.Refunds.Text)
	}
	for _, t := range s.Transfers {
		lines = append(lines, "sent back by the exchange "+t.Amount.String()+": "+why(t.Status, t.Reason))
	}
	return lines
}

// leftAlone says of payments that the bank does not give back why not, and what is to be done.
func (s withdrawal) leftAlone() (lines []string) {
	restored := !s.Restored.IsZero() && s.Status == taler.StateAborted
	all := s.Earlier
	if s.Foreign != "" {
		all = append(slices.Clone(all), taler.ForeignPayment{Payment: s.Foreign, Explained: s.Explained})
	}
	which := ""
	if len(all) > 1 {
		which = ", with --payment,"
	}
	for _, f := range all {
		switch {
		case f.Explained != "":
			lines = append(lines, "the provider's payment "+f.Payment+" is left alone, and is explained: "+f.Explained)
		case restored:
			lines = append(lines, "the provider's payment "+f.Payment+" is not given back by itself: the bank may have paid it out before it was restored. "+s.askFirst())
		default:
			lines = append(lines, "the provider's payment "+f.Payment+" is not for this withdrawal: look into it, and note with `bank withdrawal explain`"+which+" what you have found out")
		}
	}
	if restored && len(all) == 0 {
		lines = append(lines, "it was open in the backup, and the bank may have paid it out before it was restored. "+s.askFirst())
	}
	return lines
}

// askFirst is what is to be done before money goes back by hand.
func (s withdrawal) askFirst() string {
	if s.ReservePub == nil {
		return "Ask the exchange for this payment before you give it back"
	}
	return "Ask the exchange for the reserve " + s.ReservePub.String() + " before you give it back"
}

// times say what happened when, in one line.
func (s withdrawal) times() string {
	var told []string
	for _, x := range []struct {
		what string
		at   time.Time
	}{{"set up", s.Created}, {"selected", s.Selected}, {"notice", s.Noticed}, {"restored", s.Restored}, {"confirmed", s.Confirmed}, {"aborted", s.Aborted}} {
		if !x.at.IsZero() {
			told = append(told, x.what+" "+x.at.Format(time.RFC3339))
		}
	}
	return strings.Join(told, ", ")
}

// why is where a refund stands, and what the provider has said against it.
func why(state taler.TransferState, said string) string {
	if said == "" {
		return string(state)
	}
	return string(state) + ", " + said
}
