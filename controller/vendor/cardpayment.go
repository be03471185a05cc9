package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/instrument"
)

// Statuses of a card payment, as card.pay writes them.
const (
	cardPending  = "pending" // the card may have been charged: the provider knows
	cardPaid     = "paid"
	cardDeclined = "declined" // nothing was charged
)

// cardPayment is what a terminal reads of a card payment that card.pay has on record.
type cardPayment struct {
	Receipt
	Provider  instrument.ID          `json:"provider"`
	Reason    string                 `json:"reason"`    // why it was declined
	Changed   int64                  `json:"changed"`   // unix seconds; of a pending one: when it was sent last
	Payer     string                 `json:"payer"`     // the key of the wallet; none of a card at the terminal's own reader
	Operation instrument.OperationID `json:"operation"` // the PAY that was answered with it; none: nobody heard of it

	id     instrument.ID
	status string
}

func cardPaymentOf(i instrument.Instance) (cardPayment, error) {
	p := cardPayment{id: i.ID, status: i.Status}
	err := i.Decode(&p)
	return p, err
}

// cardPayment is the card payment of a reference; fault.NotFound.
func (t *Terminal) cardPayment(ctx context.Context, reference string) (cardPayment, error) {
	i, err := t.Instruments().Lookup(ctx, ClassCardPayment, "reference", reference)
	if err != nil {
		return cardPayment{}, err
	}
	return cardPaymentOf(i)
}

// cardPayments are those of a status, or all.
func (t *Terminal) cardPayments(ctx context.Context, status string) ([]cardPayment, error) {
	all, err := t.Instruments().List(ctx, instrument.Filter{Class: ClassCardPayment, Status: status})
	if err != nil {
		return nil, err
	}
	out := make([]cardPayment, len(all))
	for n, i := range all {
		if out[n], err = cardPaymentOf(i); err != nil {
			return nil, err
		}
	}
	return out, nil
}
