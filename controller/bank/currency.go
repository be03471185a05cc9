package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// CheckCurrency refuses settings with another currency than that of the withdrawals on
// record: one history would then have rows of both, and an exchange takes all rows to be
// in its own currency. It reads one withdrawal and changes nothing.
func (b *Bank) CheckCurrency(ctx context.Context) error {
	kept := b.cfg.Currency
	f := instrument.Filter{Class: ClassWithdrawal, Limit: 1}
	err := b.Instruments().Walk(ctx, f, func(i instrument.Instance) (bool, error) { return false, i.Member("currency", &kept) }, b.passes)
	if err != nil || kept == b.cfg.Currency {
		return err
	}
	return fault.New(fault.Invalid, "the withdrawals of this bank are in %s, and its settings say %s", kept, b.cfg.Currency).
		Because(taler.ReasonCurrencyMismatch).WithHint(`put currency = %q back; a bank of another currency is another bank, in a directory of its own`, kept)
}
