package controller

import (
	"context"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Event tells an application of a commit (paper §5.2, §5.5): EXECUTE_TRANSACTION, that an
// operation has ended, well or not.
type Event struct {
	Seq        instrument.Seq // dense; the application's cursor
	Time       time.Time
	Instrument instrument.ID // the main one of this side; empty if there was none
	protocol.Transacted
}

// eventsPage is how many entries of the journal are read at a time.
const eventsPage = 100

// Observe calls tell with every EXECUTE_TRANSACTION event after the cursor, in order and one at a
// time, and waits for more until ctx ends, which is no error. An error of tell ends the
// observation and is returned.
//
// The application stores the cursor, the Seq of the last event that it has dealt with, and begins
// from it the next time. So it misses nothing. Events after the stored cursor come again; an
// application that stores the cursor together with its own changes does everything once.
func (c *Controller) Observe(ctx context.Context, cursor instrument.Seq, tell func(context.Context, Event) error) error {
	return c.instruments.WaitTopic(ctx, protocol.Transactions, func(context.Context) (bool, error) {
		for ctx.Err() == nil {
			page, err := c.instruments.Journal(ctx, protocol.Transactions, instrument.Page{After: cursor, Limit: eventsPage})
			if err != nil || len(page) == 0 {
				return false, unlessGone(ctx, err)
			}
			for _, entry := range page {
				e := Event{Seq: entry.Seq, Time: entry.Time, Instrument: entry.Instance}
				if err := json.Unmarshal(entry.Body, &e.Transacted); err != nil {
					return false, fault.Wrap(err, fault.Internal, "event %d cannot be read", entry.Seq)
				}
				if e.Class == "" { // an older version has written it
					e.Class = entry.Class
				}
				if err := tell(ctx, e); err != nil {
					return false, unlessGone(ctx, err)
				}
				cursor = entry.Seq
			}
		}
		return true, nil
	})
}

// unlessGone drops an error that only says that the observer went away.
func unlessGone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
