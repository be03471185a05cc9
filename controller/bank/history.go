package bank

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// IncomingHistory is a page of what an exchange is owed, as a document: one row
// for each confirmed withdrawal, numbered in the order in which they became
// visible. A reader that follows by row id misses nothing. With a wait, an
// ascending page waits for its first row; a page without rows is no document.
func (b *Bank) IncomingHistory(ctx context.Context, x Exchange, p instrument.Page, wait time.Duration) ([]byte, error) {
	further := b.goesOn(x, p)
	rows, err := b.history(ctx, x.Topic(Incoming), p, wait, func(ctx context.Context) {
		if further {
			b.tellBeyond(ctx, x.Topic(Incoming), p.After)
		}
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return taler.IncomingPage(x.Account, rows)
}

// OutgoingHistory is the same of the transfers that were carried out.
func (b *Bank) OutgoingHistory(ctx context.Context, x Exchange, p instrument.Page, wait time.Duration) ([]byte, error) {
	rows, err := b.history(ctx, x.Topic(Outgoing), p, wait, func(context.Context) {})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return taler.OutgoingPage(x.Account, rows)
}

// history reads a page of a topic whose bodies are rows. It calls empty when there are none, before
// it waits for the first.
func (b *Bank) history(ctx context.Context, topic instrument.Topic, p instrument.Page, wait time.Duration, empty func(context.Context)) (rows []taler.KeptRow, err error) {
	p.Bare = true
	read := func(ctx context.Context) (bool, error) {
		entries, err := b.Instruments().Journal(ctx, topic, p)
		if err != nil {
			return false, err
		}
		rows = make([]taler.KeptRow, len(entries))
		for n, e := range entries {
			rows[n] = taler.KeptRow{Number: uint64(e.Seq), Text: e.Body}
		}
		if len(rows) == 0 {
			empty(ctx)
		}
		return len(rows) > 0, nil
	}
	if wait <= 0 || p.Reverse {
		_, err := read(ctx)
		return rows, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	err = b.Instruments().WaitTopic(ctx, topic, read)
	return rows, err
}
