package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// Pages is how an exchange reads a long history.
type Pages struct {
	Rows     int           // that there are
	P50, P99 time.Duration // of a page somewhere in it
	Read     int           // rows that were followed in their order
	Took     time.Duration // for these
}

// PerSecond is how many rows a reader gets that follows.
func (p Pages) PerSecond() float64 { return float64(p.Read) / p.Took.Seconds() }

// The sizes of pages: of one that is looked at, and of those of who follows.
const (
	pageRows   = 100
	followRows = 1000
)

// History fills the exchange's history of an empty bank and reads so many pages
// somewhere in it, one after the other, and then so many in their order. Each is
// read as strictly as wirewatch does.
func (b *Bank) History(ctx context.Context, rows, looks, follows int) (p Pages, err error) {
	var filled standing
	if err := b.process.tell(strconv.Itoa(rows), &filled); err != nil {
		return p, err
	}
	p.Rows = rows
	exchange, err := taler.NewClient(b.at.URL+"taler-wire-gateway/", &http.Client{}, taler.Basic(b.at.Gateway.Name, b.at.Gateway.Token))
	if err != nil {
		return p, err
	}
	took := make([]time.Duration, looks)
	for n := range took {
		at, err := rand.Int(rand.Reader, big.NewInt(int64(max(rows-pageRows, 1))))
		if err != nil {
			return p, err
		}
		begun := time.Now()
		if _, err := page(ctx, exchange, at.Uint64(), min(pageRows, rows)); err != nil {
			return p, err
		}
		took[n] = time.Since(begun)
	}
	slices.Sort(took)
	if looks > 0 {
		p.P50, p.P99 = took[looks/2], took[looks*99/100]
	}
	begun := time.Now()
	for range follows {
		size := min(followRows, rows-p.Read)
		if _, err := page(ctx, exchange, uint64(p.Read), size); err != nil {
			return p, err
		}
		p.Read += size
	}
	p.Took = time.Since(begun)
	return p, nil
}

func page(ctx context.Context, exchange *taler.Client, after uint64, rows int) (taler.IncomingHistory, error) {
	h, err := exchange.Incoming(ctx, taler.Page{Offset: after, Rows: rows})
	if err == nil && len(h.IncomingTransactions) != rows {
		err = fmt.Errorf("%d rows behind row %d, not %d", len(h.IncomingTransactions), after, rows)
	}
	return h, err
}

// fillHistory puts rows into the history as if withdrawals had been confirmed.
func fillHistory(ctx context.Context, b *bank.Bank, rows int) error {
	const together = 10_000
	amount, err := instrument.ParseAmount(withdrawn)
	if err != nil {
		return err
	}
	row := taler.IncomingTransaction{
		Type: "RESERVE", Date: taler.Timestamp(b.Now().Unix()), Amount: amount,
		DebitAccount: taler.Payto("payto://simulator-transaction/127.0.0.1/0123456789?receiver-name=Card"),
	}
	for done := 0; done < rows; done += together {
		err := b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
			for range min(together, rows-done) {
				_, _ = rand.Read(row.ReservePub[:]) // never fails
				if err := tx.Append(bank.Incoming, "", row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
