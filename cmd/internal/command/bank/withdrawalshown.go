package bank

import (
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// withdrawal is one as the operator sees it.
type withdrawal struct {
	WOPID       taler.WOPID            `json:"wopid"`
	Status      taler.State            `json:"status"`
	Amount      instrument.Amount      `json:"amount,omitzero"` // absent while the wallet may choose
	Fees        instrument.Amount      `json:"fees"`
	Terminal    string                 `json:"terminal"`
	Provider    string                 `json:"provider"`
	Transaction string                 `json:"provider_transaction_id,omitempty"`
	Exchange    string                 `json:"exchange"` // whose cash it is, by its name at the bank
	ReservePub  *taler.EddsaPublicKey  `json:"reserve_pub,omitempty"`
	Created     time.Time              `json:"created"`
	Selected    time.Time              `json:"selected,omitzero"`
	Noticed     time.Time              `json:"noticed,omitzero"` // the terminal said that it was paid
	Confirmed   time.Time              `json:"confirmed,omitzero"`
	Aborted     time.Time              `json:"aborted,omitzero"`
	Restored    time.Time              `json:"restored,omitzero"` // it was open in the backup that the bank was restored from then
	Reason      string                 `json:"reason,omitempty"`
	Overdue     bool                   `json:"overdue,omitempty"`          // the provider should have decided about the notice by now
	Paid        instrument.Amount      `json:"paid,omitzero"`              // of a confirmed one
	Foreign     string                 `json:"foreign,omitempty"`          // a payment that was made for something else, as far as the bank can see
	Explained   string                 `json:"explained,omitempty"`        // what the operator has found out about that payment
	Earlier     []taler.ForeignPayment `json:"earlier_foreign,omitempty"`  // further ones that were found before it
	Refunds     taler.RefundsExplained `json:"refunds_explained,omitzero"` // what went back outside of the books, as the operator has found out
	Returns     []returned             `json:"returns,omitempty"`          // what is given back of payments for it; with show
	Transfers   []transfer             `json:"transfers,omitempty"`        // what the exchange has sent back of it; with show
	Proof       json.RawMessage        `json:"proof,omitempty"`            // what the provider said
}

func shown(w taler.Withdrawal, terminals map[string]string, now time.Time) (withdrawal, error) {
	fees, err := w.Fees()
	if err != nil {
		return withdrawal{}, err
	}
	out := withdrawal{
		WOPID: w.WOPID, Status: w.State, Amount: w.Amount, Fees: fees, Terminal: terminals[w.Terminal], Provider: w.Provider,
		Transaction: w.ProviderTransactionID, Created: taler.TimeOf(w.Created), Selected: taler.TimeOf(w.Selected), Noticed: taler.TimeOf(w.Noticed),
		Confirmed: taler.TimeOf(w.Confirmed), Aborted: taler.TimeOf(w.Aborted), Restored: taler.TimeOf(w.Restored), Reason: w.AbortReason, Proof: w.Proof,
		Overdue: bank.Overdue(w, now), Paid: w.Paid, Foreign: w.Foreign, Explained: w.Explained, Earlier: w.EarlierForeign, Refunds: w.RefundsExplained,
	}
	if out.Exchange = w.Exchange; out.Exchange == "" {
		out.Exchange = bank.DefaultExchange
	}
	if out.Overdue && out.Reason == "" {
		out.Reason = "overdue: the provider has not decided about the payment"
	}
	if !w.ReservePub.IsZero() {
		out.ReservePub = &w.ReservePub
	}
	return out, nil
}

// amount is one as operators see it; there is none while the wallet may choose.
func amount(a instrument.Amount) string {
	if a == (instrument.Amount{}) {
		return "open"
	}
	return a.String()
}

// shortened is how much of a WOPID is shown in tables.
const shortened = 12

func short(id taler.WOPID) string { return id.Text()[:shortened] }
