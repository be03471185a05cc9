package client

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// agreeToFees asks the person again when the exchange takes more for coins by now than
// they have agreed to. What they say yes to holds for what is left to be made.
func (r *withdrawal) agreeToFees(ctx context.Context, balance instrument.Amount) error {
	_, reserve, err := r.w.reserve(ctx, r.id)
	if err != nil || reserve.Agreed == nil || reserve.Agreed.Fees == nil {
		return err
	}
	left := reserve.Remainder
	if c, err := balance.Cmp(left); err == nil && c < 0 {
		left = balance
	}
	var plan taler.PreviewResult
	if err := r.w.do(ctx, coins(taler.OperationPreview, taler.PreviewArgs{Exchange: reserve.Exchange, Amount: left}), &plan); err != nil {
		return err
	}
	if plan.Fees, err = plan.Fees.Add(zeroIfAbsent(reserve.Fees, left)); err != nil {
		return err
	}
	yes, err := r.person.Agree(ctx, Preview{
		Bank: reserve.BankURL, Exchange: reserve.ExchangeURL, Amount: left, Coins: plan.Coins, Fees: plan.Fees, Kinds: plan.Denominations, Rest: plan.Remainder,
		Agreed: reserve.Agreed.Fees, Arrived: true,
	})
	switch {
	case err != nil:
		return err
	case !yes:
		return fault.New(fault.Declined, "you did not agree that %s takes %s for the coins; %s is there, and goes back when the reserve is closed", reserve.ExchangeURL, plan.Fees, left).
			Because("fees-not-accepted").WithHint("if you change your mind before: `wallet operation resume` asks again")
	}
	r.fees = plan.Fees
	return nil
}
