package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

const (
	shardSize    = 1024 // row numbers
	firstBackOff = time.Millisecond
	maxBackOff   = 32 * time.Second
)

// Follow reads the bank's incoming history and fills reserves until ctx ends, as
// taler-exchange-wirewatch 0.14.1 was seen to: in shards of 1024 row numbers,
// with the old parameter names, holding long polls. When it is started again it
// reads its shard from the beginning and skips what it has. A page with one bad
// row is refused as a whole and asked for again.
//
// In two things it differs on purpose. Where the real program gives up or spins (rows out of order,
// row 0, a bank that ignores start), the page is refused like any bad one. And an amount in a foreign
// currency, which the real program takes for its own, is a bad row here.
//
// It returns nil when ctx ends. Its errors are those of the address and of the exchange's own books;
// nothing that a bank does ends it.
func (e *Exchange) Follow(ctx context.Context, g WireGateway) error {
	if g.LongPoll <= 0 {
		g.LongPoll = defaultLongPoll
	}
	client, err := taler.NewClient(g.URL, &http.Client{Transport: g.Via}, taler.Basic(g.User, g.Password))
	if err != nil {
		return err
	}
	f := follower{e: e, client: client, longPoll: g.LongPoll, backOff: firstBackOff}
	if err := e.db.QueryRowContext(ctx, `SELECT start FROM shard`).Scan(&f.start); err != nil {
		return fmt.Errorf("read the shard: %w", err)
	}
	f.latest = f.start
	for {
		pause, err := f.step(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if !e.o.Timer.Sleep(ctx, pause) {
			return nil
		}
	}
}

// follower is a run of Follow.
type follower struct {
	e        *Exchange
	client   *taler.Client
	longPoll time.Duration
	start    uint64        // the shard is the rows above it, shardSize of them
	latest   uint64        // the last row seen
	backOff  time.Duration // of the next 404
}

func (f *follower) end() uint64 { return f.start + shardSize }

// step makes one request and returns how long to wait before the next one. Its errors are those of our
// own books only.
func (f *follower) step(ctx context.Context) (pause time.Duration, err error) {
	began := f.e.o.Clock()
	page, err := f.client.Incoming(ctx, taler.Page{Rows: int(f.end() - f.latest), Offset: f.latest, Timeout: f.longPoll})
	if err == nil {
		err = f.e.checkCurrency(page)
	}
	if errors.Is(err, fault.NotFound) { // the bank may not have made the account yet
		f.e.o.Log.Warn("the bank does not know the exchange's account", "gateway", f.client.BaseURL())
		pause, f.backOff = f.backOff, min(2*f.backOff, maxBackOff)
		return pause, nil
	}
	f.backOff = firstBackOff
	rest := f.longPoll - f.e.o.Clock().Sub(began)
	if err != nil {
		f.complain(ctx, err)
		return rest, nil
	}
	if len(page.IncomingTransactions) == 0 {
		if rest > 0 {
			f.e.o.Log.Warn("the bank did not hold the request", "gateway", f.client.BaseURL(), "rest", rest)
		}
		return rest, nil
	}
	return 0, f.take(ctx, page.IncomingTransactions)
}

// complain is silent about a request that Follow's own end has cut.
func (f *follower) complain(ctx context.Context, err error) {
	if ctx.Err() == nil {
		f.e.o.Log.Error("the bank's history cannot be read", "gateway", f.client.BaseURL(), "err", err)
	}
}

// checkCurrency refuses a page that would have to be guessed about.
func (e *Exchange) checkCurrency(page taler.IncomingHistory) error {
	for _, row := range page.IncomingTransactions {
		if row.Amount.Currency != e.info.Currency {
			return fault.New(fault.Invalid, "row %d is %s, and this exchange is one of %s", row.RowID, row.Amount, e.info.Currency).
				Because(taler.ReasonCurrencyMismatch)
		}
	}
	return nil
}

// take books the rows of this shard, in one transaction with its end. Rows
// beyond the shard are asked for again in the next one.
func (f *follower) take(ctx context.Context, rows []taler.IncomingTransaction) error {
	start, latest := f.start, f.latest
	var woken []crypto.EddsaPublicKey
	err := sandbox.Transact(ctx, f.e.db, func(tx *sql.Tx) error {
		for _, row := range rows {
			if row.RowID > f.end() {
				latest = f.end()
				break
			}
			latest = row.RowID
			done, err := f.e.takeRow(ctx, tx, row)
			if err != nil {
				return err
			}
			if done == filled {
				woken = append(woken, row.ReservePub)
			}
		}
		if latest < f.end() {
			return nil
		}
		start = f.end()
		_, err := tx.ExecContext(ctx, `UPDATE shard SET start = ?`, int64(start))
		return err
	})
	if err != nil {
		return fmt.Errorf("book incoming money: %w", err)
	}
	f.start, f.latest = start, latest
	for _, pub := range woken {
		f.e.waiting.wake(pub)
	}
	return nil
}

func (e *Exchange) takeRow(ctx context.Context, tx *sql.Tx, row taler.IncomingTransaction) (effect, error) {
	if row.Type != taler.TypeReserve {
		return known, nil // counts as read; it fills nothing
	}
	done, err := credit{fromWire, row.RowID, row.ReservePub, row.Amount, row.DebitAccount, row.Date}.book(ctx, tx)
	if err == nil && done == twice {
		e.o.Log.Error("a reserve was filled twice; the second amount is dropped", "row", row.RowID, "reserve", row.ReservePub.String())
	}
	return done, err
}
