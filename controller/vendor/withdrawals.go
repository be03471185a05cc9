package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// withdrawals lets wallets in where digital cash is all that is sold: who says an amount
// would buy something else for it, and their withdrawal would still not be paid.
type withdrawals struct{ servicing }

// Offers says what a withdrawal costs, or what goes back.
func (s withdrawals) Offers(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	if inv[controller.InvoiceAmount] != "" && inv[controller.InvoiceReference] == "" && inv[controller.InvoiceRefund] == "" {
		return instrument.Terms{}, nil, fault.New(fault.Conflict, "only the withdrawal that this terminal shows is paid here").Because("withdrawal-only").
			WithHint("leave the amount out: then the withdrawal that your wallet has selected is paid")
	}
	return s.servicing.Offers(ctx, who, inv, class)
}
