package bank

import (
	"context"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// IncomingHistory is a page of what the exchange is owed: one row for each
// confirmed withdrawal, numbered in the order in which they became visible. A
// reader that follows by row id misses nothing. With a wait, an ascending page
// waits for its first row; an empty history has no rows.
func (b *Bank) IncomingHistory(ctx context.Context, p instrument.Page, wait time.Duration) (taler.IncomingHistory, error) {
	out := taler.IncomingHistory{CreditAccount: b.cfg.ExchangeAccount}
	b.goesOn(p)
	read := func(ctx context.Context) (bool, error) {
		rows, err := b.incoming(ctx, p)
		out.IncomingTransactions = rows
		return len(rows) > 0, err
	}
	if wait <= 0 || p.Reverse {
		_, err := read(ctx)
		return out, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return out, b.Instruments().WaitTopic(ctx, Incoming, read)
}

func (b *Bank) incoming(ctx context.Context, p instrument.Page) ([]taler.IncomingTransaction, error) {
	entries, err := b.Instruments().Journal(ctx, Incoming, p)
	if err != nil {
		return nil, err
	}
	rows := make([]taler.IncomingTransaction, len(entries))
	for n, e := range entries {
		if err := json.Unmarshal(e.Body, &rows[n]); err != nil {
			return nil, fault.Wrap(err, fault.Internal, "row %d of the history cannot be read", e.Seq)
		}
		rows[n].RowID = uint64(e.Seq)
	}
	return rows, nil
}
