package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
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

// The sizes of pages: of one that a person looks at, and of those by which an exchange
// follows a history.
const (
	pageRows   = 100
	followRows = 1000
)

// History fills the exchange's history of an empty bank and reads so many pages
// somewhere in it, one after the other, and then so many in their order. That a
// page has all its rows is looked at once its time is taken: what an exchange
// makes of them is not the bank's.
func (b *Bank) History(ctx context.Context, rows, looks, follows int) (p Pages, err error) {
	var filled standing
	if err := b.process.tell(strconv.Itoa(rows), &filled); err != nil {
		return p, err
	}
	p.Rows = rows
	took := make([]time.Duration, looks)
	for n := range took {
		at, err := rand.Int(rand.Reader, big.NewInt(int64(max(rows-pageRows, 1))))
		if err != nil {
			return p, err
		}
		if took[n], err = b.page(ctx, at.Uint64(), min(pageRows, rows)); err != nil {
			return p, err
		}
	}
	slices.Sort(took)
	if looks > 0 {
		p.P50, p.P99 = took[looks/2], took[looks*99/100]
	}
	for range follows {
		size := min(followRows, rows-p.Read)
		one, err := b.page(ctx, uint64(p.Read), size)
		if err != nil {
			return p, err
		}
		p.Took += one
		p.Read += size
	}
	return p, nil
}

// page reads one and tells how long that took.
func (b *Bank) page(ctx context.Context, after uint64, rows int) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%staler-wire-gateway/history/incoming?offset=%d&limit=%d", b.at.URL, after, rows), http.NoBody)
	if err != nil {
		return 0, err
	}
	r.SetBasicAuth(b.at.Gateway.Name, b.at.Gateway.Token)
	begun := time.Now()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(answer.Body)
	took := time.Since(begun)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return 0, err
	}
	if got := bytes.Count(text, []byte(`"row_id"`)); answer.StatusCode != http.StatusOK || got != rows {
		return 0, fmt.Errorf("%s with %d rows behind row %d, not %d", answer.Status, got, after, rows)
	}
	return took, nil
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
