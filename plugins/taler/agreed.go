package taler

import (
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// agreeTo notes what the person has agreed to since the withdrawal began.
func agreeTo(r *taler.Reserve, fees taler.Amount) {
	if r.Agreed == nil || fees == (taler.Amount{}) {
		return
	}
	now := *r.Agreed
	now.Fees, r.Agreed = &fees, &now
}

// costsAsAgreed refuses to ask for coins that would cost more in all than the person was
// shown: since then the exchange may list other denominations with other fees. It counts the
// coins that were made already, and is applied before each request leaves.
func costsAsAgreed(r taler.Reserve, e taler.ExchangeState, now time.Time) error {
	if r.Agreed == nil || r.Agreed.Fees == nil {
		return nil
	}
	coins, _, err := plan(e.Denominations, r.Remainder, maxCoins+1, now)
	if err != nil {
		return err
	}
	_, _, fees, err := totals(coins, r.Remainder.Currency)
	if err == nil && r.Coins > 0 {
		fees, err = fees.Add(r.Fees)
	}
	if err != nil || compare(fees, *r.Agreed.Fees) <= 0 {
		return err
	}
	return fault.New(fault.Declined, "the exchange takes %s for these coins now, and you have agreed to %s", fees, r.Agreed.Fees).
		Because(taler.ReasonFeesRisen).WithHint("go on with `wallet operation resume`, which asks whether you agree to that; without it the money goes back when the reserve is closed")
}
