package taler

// TerminalWithdrawal is the vendor's state of a taler-withdrawal instance: one
// withdrawal as the terminal sees it, from the amount that was typed in to the
// receipt. Its status is one of the Terminal… words below.
type TerminalWithdrawal struct {
	RequestUID string `json:"request_uid"` // ours; the bank knows the withdrawal by it before there is a WOPID
	WOPID      WOPID  `json:"wopid,omitzero"`
	URI        string `json:"uri,omitempty"` // what the QR code says

	Currency string `json:"currency"`
	Amount   Amount `json:"amount,omitzero"` // what the wallet gets
	Fees     Amount `json:"fees,omitzero"`   // the bank's and the card's
	Total    Amount `json:"total,omitzero"`  // what the card is charged

	Exchange string           `json:"exchange,omitempty"` // base URL
	Terms    TermsAcceptance  `json:"terms,omitzero"`
	Progress TerminalProgress `json:"progress,omitzero"`

	ReservePub  EddsaPublicKey `json:"reserve_pub,omitzero"` // of the wallet that was first
	Transaction string         `json:"transaction,omitempty"`
	Reason      string         `json:"reason,omitempty"` // why it was aborted
}

// TerminalProgress is when a terminal's withdrawal reached its stages, in unix
// seconds; 0 while not reached.
type TerminalProgress struct {
	Created  int64 `json:"created,omitempty"`
	Notified int64 `json:"notified,omitempty"`
	Ended    int64 `json:"ended,omitempty"`
}

// TermsAcceptance records that a customer accepted an exchange's terms of
// service: which version, and when in unix seconds.
type TermsAcceptance struct {
	Version    string `json:"version,omitempty"`
	AcceptedAt int64  `json:"accepted_at,omitempty"`
}

// Statuses of a vendor's taler-withdrawal, in the order in which it passes them.
const (
	TerminalNew       = "new"       // stored here, the bank may know it or not
	TerminalPending   = "pending"   // has a WOPID; the QR code is shown
	TerminalSelected  = "selected"  // a wallet named its reserve
	TerminalPaid      = "paid"      // the card was charged; the bank does not know it yet
	TerminalNotified  = "notified"  // the bank has the notice
	TerminalConfirmed = "confirmed" // final: the provider told the bank the same
	TerminalAborted   = "aborted"   // final: no money moves
)
