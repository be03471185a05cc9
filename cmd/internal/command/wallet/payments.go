package wallet

import (
	"context"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
)

// rows are a payment of several instruments as `operation show` has it: one thing,
// and its parts.
func rows(p client.Whole) [][]string {
	out := [][]string{
		{"operation", string(p.Operation)},
		{"what", "payment of " + p.Total.String() + " to " + p.Peer},
		{"state", line(p.Status, p.Reason)},
		{"begun", p.Begun.UTC().Format(time.RFC3339)},
	}
	for _, q := range p.Parts {
		out = append(out, []string{"part", line(q.Amount.String(), "with", string(q.Class), string(q.Operation), q.State, q.Reason)})
	}
	return out
}

// payment finds a payment of several instruments by its name. found: it is one, and not
// something else. Whether it is one must be known before it is taken for something else.
func (w *wallet) payment(ctx context.Context, name string) (p client.Whole, found bool, err error) {
	p, err = w.FindPayment(ctx, name)
	if err == nil || errors.Is(err, fault.NotFound) {
		return p, err == nil, nil
	}
	if fault.ReasonOf(err) == client.ReasonAmbiguous {
		return p, false, err
	}
	_, operation := w.Protocols().Named(ctx, name)
	_, withdrawal := w.FindWithdrawal(ctx, name)
	if operation == nil || withdrawal == nil { // a payment that cannot be read keeps nobody from another thing
		err = nil
	}
	return p, false, err
}
