package bank

import (
	"context"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// IncomingHistory is a page of what an exchange is owed: one row for each
// confirmed withdrawal, numbered in the order in which they became visible. A
// reader that follows by row id misses nothing. With a wait, an ascending page
// waits for its first row; an empty history has no rows.
func (b *Bank) IncomingHistory(ctx context.Context, x Exchange, p instrument.Page, wait time.Duration) (taler.IncomingHistory, error) {
	b.goesOn(x, p)
	rows, err := history(ctx, b, x.Topic(Incoming), p, wait, func(row *taler.IncomingTransaction, n uint64) { row.RowID = n })
	return taler.IncomingHistory{CreditAccount: x.Account, IncomingTransactions: rows}, err
}

// OutgoingHistory is the same of the transfers that were carried out.
func (b *Bank) OutgoingHistory(ctx context.Context, x Exchange, p instrument.Page, wait time.Duration) (taler.OutgoingHistory, error) {
	rows, err := history(ctx, b, x.Topic(Outgoing), p, wait, func(row *taler.OutgoingTransaction, n uint64) { row.RowID = n })
	return taler.OutgoingHistory{DebitAccount: x.Account, OutgoingTransactions: rows}, err
}

// history reads a page of a topic whose bodies are rows.
func history[R any](ctx context.Context, b *Bank, topic instrument.Topic, p instrument.Page, wait time.Duration, number func(*R, uint64)) ([]R, error) {
	var rows []R
	read := func(ctx context.Context) (bool, error) {
		entries, err := b.Instruments().Journal(ctx, topic, p)
		if err != nil {
			return false, err
		}
		rows = make([]R, len(entries))
		for n, e := range entries {
			if err := json.Unmarshal(e.Body, &rows[n]); err != nil {
				return false, fault.Wrap(err, fault.Internal, "row %d of the history cannot be read", e.Seq)
			}
			number(&rows[n], uint64(e.Seq))
		}
		return len(rows) > 0, nil
	}
	if wait <= 0 || p.Reverse {
		_, err := read(ctx)
		return rows, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return rows, b.Instruments().WaitTopic(ctx, topic, read)
}
