package client

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Event is one step of a withdrawal, as scripts read it.
type Event struct {
	Event     string             `json:"event"`
	Reserve   string             `json:"reserve,omitempty"`
	Groups    string             `json:"groups,omitempty"`
	Amount    *instrument.Amount `json:"amount,omitempty"`
	Coins     int                `json:"coins,omitempty"`
	Fees      *instrument.Amount `json:"fees,omitempty"`
	Remainder *instrument.Amount `json:"remainder,omitempty"` // too little for a coin; it goes back
	Surplus   *instrument.Amount `json:"surplus,omitempty"`   // came beyond the amount; it goes back
	Payto     taler.Payto        `json:"payto,omitempty"`     // the transfer that the person has to make
	// Restrictions say from which accounts the exchange takes a transfer, each in a
	// sentence of the exchange's own. At ConversionURL it says what another currency is
	// worth.
	Restrictions  []string `json:"restrictions,omitempty"`
	ConversionURL string   `json:"conversion_url,omitempty"`

	Operation instrument.OperationID `json:"operation,omitempty"`
	Key       string                 `json:"key,omitempty"` // of a transfer: the idempotency key that this run was given
	Reason    string                 `json:"reason,omitempty"`
}

// EventWaiting is an event for people alone: Reason says what is waited for.
const EventWaiting = "waiting"

// Person is the person who withdraws, in front of the wallet.
type Person interface {
	// Show shows an event. It must not block for long.
	Show(e Event)
	// Agree shows the preview and asks whether to go on.
	Agree(ctx context.Context, p Preview) (bool, error)
}
