package audit

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// saleByWOPID reads a withdrawal as it is now. If it cannot be opened any more, it is as it was
// when the books were read. Nil if there is none.
func (a *auditor) saleByWOPID(ctx context.Context, id taler.WOPID) (*sale, error) {
	i, w, err := a.b.Withdrawal(ctx, id)
	if err == nil {
		return saleOf(i.ID, w), nil
	}
	for _, s := range a.books.sales {
		if s.wopid == id {
			return s, gone(err)
		}
	}
	return nil, gone(err)
}

// gone is nil for the error of what is not there or cannot be opened, and the error otherwise.
// The first two are differences, which the comparison names itself.
func gone(err error) error {
	if errors.Is(err, fault.NotFound) || fault.ReasonOf(err) == "seal-broken" {
		return nil
	}
	return err
}

// added is a sum. The zero Amount, which has no currency, counts as nothing. It is also the result
// for sums that cannot be added, of two currencies for example.
func added(sum, more taler.Amount) taler.Amount {
	if sum == (taler.Amount{}) {
		return more
	}
	if more == (taler.Amount{}) {
		return sum
	}
	total, err := sum.Add(more)
	if err != nil {
		return taler.Amount{}
	}
	return total
}

// more reports whether x is more than y, where the zero Amount is nothing.
func more(x, y taler.Amount) bool {
	switch {
	case x == (taler.Amount{}) || x.IsZero():
		return false
	case y == (taler.Amount{}):
		return true
	}
	c, err := x.Cmp(y)
	return err != nil || c > 0
}

// refunds are what the books say of the money that went back of one payment. Least of it has gone;
// most of it is that and what is under way, which the provider may have carried out or not. What
// failed for good is in neither, but a person may have given it back at the provider.
type refunds struct{ least, most, failed taler.Amount }

func (r *refunds) count(state taler.TransferState, amount taler.Amount) {
	switch state {
	case taler.TransferPermanent:
		r.failed = added(r.failed, amount)
		return
	case taler.TransferSuccess:
		r.least = added(r.least, amount)
	}
	r.most = added(r.most, amount)
}
