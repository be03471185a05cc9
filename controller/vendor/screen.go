package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Screen is where the customer and the owner see what happens and say what they
// want. It is called by one goroutine at a time.
type Screen interface {
	// Show shows an event. It must not block for long.
	Show(e Event)
	// Accept shows the quote and asks whether the customer accepts fees and terms
	// of service. fault.Declined gives the withdrawal up for another cause.
	Accept(ctx context.Context, q Quote) (bool, error)
	// SameWallet asks whether the customer's wallet shows these groups, before a
	// plastic card is asked for. A bank may not say whose wallet it is: without
	// groups it is asked whether the customer's says that it has the withdrawal.
	SameWallet(ctx context.Context, groups string) (bool, error)
}

// Chooser is what a Screen may be besides: it says how the customer pays when that
// is due, where the one who began the withdrawal did not.
type Chooser interface {
	Choose(ctx context.Context, w Withdrawal) (Means, error)
}

// Watcher is what a Screen may be besides: it hears that the bank does not answer while
// something there is waited for, and with nil that it does again.
type Watcher interface {
	Away(err error)
}

// away tells a Screen that wants to know.
func away(s Screen, err error) {
	if s, ok := s.(Watcher); ok {
		s.Away(err)
	}
}

// Means are how a withdrawal is paid; none: by a native peer.
type Means struct {
	Card   string // what a reader of somebody else's has read of a plastic card
	Reader bool   // by a card at the terminal's own reader, which is a peer
}

// Quote is what the customer accepts or not.
type Quote struct {
	Amount   instrument.Amount
	Fees     instrument.Amount
	Total    instrument.Amount
	Exchange string
	Terms    taler.TermsResult
}

// Event is one step of a withdrawal, as scripts read it.
type Event struct {
	Event       string             `json:"event"`
	WOPID       string             `json:"wopid,omitempty"`
	URI         string             `json:"uri,omitempty"`
	Amount      *instrument.Amount `json:"amount,omitempty"`
	Fees        *instrument.Amount `json:"fees,omitempty"`
	Total       *instrument.Amount `json:"total,omitempty"`
	Reserve     string             `json:"reserve,omitempty"` // the whole key, where the bank says it
	Peer        string             `json:"peer,omitempty"`
	Transaction string             `json:"provider_transaction_id,omitempty"`
	Reason      string             `json:"reason,omitempty"`

	Accepted bool `json:"-"` // of a setup: the customer has accepted before, and it still waits for a wallet
}

// Names of events.
const (
	EventSetup     = "setup"
	EventSelected  = "selected"
	EventPay       = "pay"
	EventPaid      = "paid"
	EventUnknown   = "unknown"
	EventConfirmed = "confirmed"
	EventAborted   = "aborted"
)
