package client

import (
	"context"

	"github.com/swaperoo/swaperoo/instrument"
)

// Payer is the person, or whoever decides for them.
type Payer interface {
	// Agree is asked before anything is paid, with a bill for each part.
	Agree(ctx context.Context, bills []Bill) (bool, error)
	// Instead is asked when a part has failed for good, why says how. It names
	// another instrument for it; none: what was paid comes back, or the payment stays open if
	// the part may be paid later (MayPayLater).
	Instead(ctx context.Context, failed WholePart, why error) (instrument.ID, error)
	// Show tells of each change that is on record.
	Show(Whole)
}

// Nobody is a Payer who is not there: it was agreed before, and of a part that
// fails nothing else is known than to have the others back.
type Nobody struct{}

// Agree implements Payer.
func (Nobody) Agree(context.Context, []Bill) (bool, error) { return false, nil }

// Instead implements Payer.
func (Nobody) Instead(context.Context, WholePart, error) (instrument.ID, error) { return "", nil }

// Show implements Payer.
func (Nobody) Show(Whole) {}
