package controller

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// grace is how long an offer is not refused here although it is over.
const grace = time.Minute

// over reports whether an offer is over for certain, whatever clock its vendor has: its own time has
// passed by our clock, and so has, since it came, the time that offers last. What is not over here the
// vendor may still refuse.
func (o Offered) over(now time.Time) bool {
	until := o.Body.Until
	if until.IsZero() { // it bears none
		return false
	}
	if since := o.came.Add(offerLife); since.After(until) {
		until = since
	}
	return now.After(until.Add(grace))
}

// stillOffered refuses to begin a payment under an offer that is over: the vendor would refuse it, and
// until then what pays would be in use. An operation that has begun goes on under its offer.
func (c *Controller) stillOffered(ctx context.Context, o Offered, op instrument.OperationID) error {
	if !o.over(c.parts.Clock()) {
		return nil
	}
	if c.protocols.Runs(op) {
		return nil
	}
	if op != "" {
		begun, err := c.protocols.Look(ctx, protocol.Filter{Prefix: string(op), Limit: 1})
		if err != nil || len(begun) > 0 {
			return err
		}
	}
	return fault.New(fault.Declined, "the vendor's offer was valid until %s: nothing was paid", o.Body.Until.Format(time.RFC3339)).Because("offer-expired")
}
