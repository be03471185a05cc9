package bank

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// returned is what the bank gives back of a payment, as operators see it: a record
// with its times as all commands write them.
type returned struct {
	taler.Return
	Created time.Time `json:"created"`
	Ended   time.Time `json:"ended,omitzero"`
}

func returnsOf(ctx context.Context, b *bank.Bank, id taler.WOPID) ([]returned, error) {
	all, err := b.ReturnsOf(ctx, id)
	out := make([]returned, len(all))
	for n, r := range all {
		out[n] = returned{r, taler.TimeOf(r.Created), taler.TimeOf(r.Ended)}
	}
	return out, err
}

// transfer is what an exchange has sent back, as operators see it.
type transfer struct {
	Row    uint64              `json:"row"`
	Amount instrument.Amount   `json:"amount"`
	Status taler.TransferState `json:"status"`
	Refund string              `json:"refund,omitempty"` // the provider's name of it
	Reason string              `json:"reason,omitempty"`
}

func transfersOf(ctx context.Context, b *bank.Bank, id taler.WOPID) ([]transfer, error) {
	all, err := b.TransfersOf(ctx, id)
	out := make([]transfer, len(all))
	for n, t := range all {
		out[n] = transfer{t.Row, t.Request.Amount, t.State, t.Refund, t.Message}
	}
	return out, err
}
