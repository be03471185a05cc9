package taler

import "encoding/json"

// Withdrawal is the bank's state of a taler-withdrawal instance: one purchase of
// digital cash by card. The taler bundle and the bank change it, the REST adapter
// shows it. Amounts that are not known are absent; times are unix seconds, 0
// while not happened.
type Withdrawal struct {
	State    State  `json:"state"`
	WOPID    WOPID  `json:"wopid"`
	Currency string `json:"currency"`

	// Set by SETUP.
	Terminal        string `json:"terminal"`    // the terminal's principal; others may not see the operation
	RequestUID      string `json:"request_uid"` // unique within the terminal
	Provider        string `json:"provider"`    // the payment provider's name
	Amount          Amount `json:"amount,omitzero"`
	AmountBy        Namer  `json:"amount_by,omitempty"` // who names the amount; empty: made before this was kept
	SuggestedAmount Amount `json:"suggested_amount,omitzero"`
	MaxAmount       Amount `json:"max_amount,omitzero"`      // the most that a wallet may choose, where its user has a quota
	UserUUID        string `json:"user_uuid,omitempty"`      // whose quota it counts against
	WithdrawalFees  Amount `json:"withdrawal_fees,omitzero"` // the bank operator's, as promised at SETUP
	TerminalFees    Amount `json:"terminal_fees,omitzero"`   // the card's, as the terminal says
	FeesBy          Namer  `json:"fees_by,omitempty"`        // notice: the terminal named its fees no sooner
	Exchange        string `json:"exchange,omitempty"`       // which of the bank's; empty: the default one
	ExchangeAccount Payto  `json:"exchange_account"`
	ExchangeURL     string `json:"exchange_url"`
	Created         int64  `json:"created"`

	// Set by SELECT.
	ReservePub EddsaPublicKey `json:"reserve_pub,omitzero"`
	Selected   int64          `json:"selected,omitempty"`

	// Set by CONFIRM: the terminal's notice, not yet believed. An aborted operation
	// takes one as well, for the money has to be found.
	ProviderTransactionID string `json:"provider_transaction_id,omitempty"`
	Noticed               int64  `json:"noticed,omitempty"`
	// Since when the provider knows neither the notice's payment nor a good one with
	// the WOPID as its reference: another notice may replace this one. Of an aborted
	// withdrawal nothing is said of the reference; it is searched for anyhow.
	Unfound int64 `json:"unfound,omitempty"`
	// What the terminal named in place of the payment that the reference has led to.
	Misnamed string `json:"misnamed,omitempty"`

	// Set by the verdict or an abort, with State.
	Confirmed   int64           `json:"confirmed,omitempty"`
	Aborted     int64           `json:"aborted,omitempty"`
	AbortReason string          `json:"abort_reason,omitempty"`
	Proof       json.RawMessage `json:"proof,omitempty"` // the provider's raw answer
	Row         uint64          `json:"row,omitempty"`   // in the exchange's incoming history
	Paid        Amount          `json:"paid,omitzero"`   // of a confirmed one: what the provider says was paid

	// Set when a bank was restored from a backup in which the operation was open: what
	// has become of it since nobody knows here.
	Restored int64 `json:"restored,omitempty"`

	// Set after the end.
	Foreign string `json:"foreign,omitempty"` // a payment that was made for something else, as far as the bank can see: not its to give back; the last one that was found
	// What the operator has found out about Foreign: audits do not name it any more.
	Explained      string           `json:"explained,omitempty"`
	EarlierForeign []ForeignPayment `json:"earlier_foreign,omitempty"` // those that were found before Foreign, in their order
	// What went back of the payment of a confirmed one outside of the bank's books, as the operator has found out.
	RefundsExplained RefundsExplained `json:"refunds_explained,omitzero"`
	Searched         int64            `json:"searched,omitempty"` // of an aborted one: since then no payment for it is looked for any more
}

// Namer is what has named a sum of a withdrawal. It tells SETUP once more from
// another one under its request_uid, whatever the withdrawal has become.
type Namer string

const (
	BySetup  Namer = "setup"
	BySelect Namer = "select"
	ByNotice Namer = "notice"
)

// Fees is what the customer pays on top of the amount: withdrawal fees and
// terminal fees together, in the operation's currency.
func (w Withdrawal) Fees() (Amount, error) {
	sum := Amount{Currency: w.Currency}
	for _, fee := range []Amount{w.WithdrawalFees, w.TerminalFees} {
		if fee == (Amount{}) {
			continue
		}
		var err error
		if sum, err = sum.Add(fee); err != nil {
			return Amount{}, err
		}
	}
	return sum, nil
}

// Total is what the card is charged: amount and fees. It is for operations whose
// amount is known.
func (w Withdrawal) Total() (Amount, error) {
	fees, err := w.Fees()
	if err != nil {
		return Amount{}, err
	}
	return w.Amount.Add(fees)
}

// Most is the most that a wallet may choose where the bank pays at most so much;
// absent means no bound.
func (w Withdrawal) Most(bound Amount) Amount {
	switch (Amount{}) {
	case bound:
		return w.MaxAmount
	case w.MaxAmount:
		return bound
	}
	if c, err := w.MaxAmount.Cmp(bound); err == nil && c < 0 {
		return w.MaxAmount
	}
	return bound
}

// Undecided reports whether a terminal has said that w is paid and the provider
// has not said the last word on it.
func (w Withdrawal) Undecided() bool {
	return w.ProviderTransactionID != "" && len(w.Proof) == 0 && (w.State == StateSelected || w.State == StateAborted)
}

// Status is the document that wallets and terminals see of w. The bank's bounds are shown
// while the amount is not fixed; zero means no bound. It shows no fees
// that cannot be added; SETUP, which asks for the Total, lets none such in.
func Status(w Withdrawal, least, most Amount) BankWithdrawalOperationStatus {
	s := BankWithdrawalOperationStatus{
		Status: w.State, Currency: w.Currency, Amount: w.Amount,
		SuggestedExchange: w.ExchangeURL, RequiredExchange: w.ExchangeURL,
		WireTypes:     []string{w.ExchangeAccount.Kind()},
		Aborted:       w.State == StateAborted,
		SelectionDone: w.State == StateSelected || w.State == StateConfirmed || !w.ReservePub.IsZero(),
		TransferDone:  w.State == StateConfirmed,
	}
	if w.Amount == (Amount{}) {
		s.SuggestedAmount, s.MinAmount, s.MaxAmount = w.SuggestedAmount, least, w.Most(most)
	}
	if fees, err := w.Fees(); err == nil && !fees.IsZero() {
		s.CardFees = fees
	}
	if !w.ReservePub.IsZero() {
		s.SelectedReservePub, s.SelectedExchange = w.ReservePub, w.ExchangeAccount
	}
	return s
}

// Incoming is the history row of a confirmed withdrawal, whose Row is set. The
// amount is what the reserve gets, without fees; debit is the account to which a
// refund would go.
func (w Withdrawal) Incoming(debit Payto) (IncomingTransaction, error) {
	row := IncomingTransaction{
		Type: TypeReserve, RowID: w.Row, Date: Timestamp(max(w.Confirmed, 0)),
		Amount: w.Amount, DebitAccount: debit, ReservePub: w.ReservePub,
	}
	return row, CheckRow(row)
}
