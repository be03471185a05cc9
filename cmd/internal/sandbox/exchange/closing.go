package exchange

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// closingPause is the longest pause between two looks for reserves whose time is over. It is the life
// of a reserve where that is shorter.
const closingPause = time.Minute

// CloseReserves sends back what nobody has withdrawn when the time of a reserve is over, until ctx
// ends: as taler-exchange-closer and taler-exchange-transfer do. Each transfer and its number are in
// the books before the bank gets the request. So the same request goes out until it is answered, also
// after a crash. A bank that refuses with 404 or 409 is not asked again, for the real program does
// not ask again either.
//
// It returns nil when ctx ends. Its errors are those of the address and of the exchange's own books;
// nothing that a bank does ends it.
func (e *Exchange) CloseReserves(ctx context.Context, g WireGateway) error {
	client, err := taler.NewClient(g.URL, &http.Client{Transport: deflating{g.Via}}, taler.Basic(g.User, g.Password))
	if err != nil {
		return err
	}
	pause := min(closingPause, e.keys.ReserveClosingDelay.Duration())
	for {
		if err := e.closeOver(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		if err := e.sendBack(ctx, client); err != nil && ctx.Err() == nil {
			return err
		}
		if !e.o.Timer.Sleep(ctx, pause) {
			return nil
		}
	}
}

// closeOver takes what is left out of reserves whose time is over, each in one
// transaction with the transfer that is to be made.
func (e *Exchange) closeOver(ctx context.Context) error {
	over := int64(e.now()) - int64(e.keys.ReserveClosingDelay.Duration()/time.Second)
	return sandbox.Transact(ctx, e.db, func(tx *sql.Tx) error {
		all, err := closings(ctx, tx, `SELECT r.pub, r.balance, r.origin, x'', x'', '' FROM reserves r JOIN credits c ON c.pub = r.pub AND c.filled
			WHERE c.date <= ? AND r.pub NOT IN (SELECT reserve FROM closings)`, over)
		if err != nil {
			return fmt.Errorf("look for reserves that are over: %w", err)
		}
		for _, c := range all {
			if err := e.close(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// closing is a reserve whose rest goes back.
type closing struct {
	reserve         []byte
	amount, account string
	base            string
	uid             crypto.HashCode
	wtid            crypto.ShortHash
}

// lister is a database or a transaction.
type lister interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func closings(ctx context.Context, q lister, query string, args ...any) (all []closing, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c closing
		var uid, wtid []byte
		if err := rows.Scan(&c.reserve, &c.amount, &c.account, &uid, &wtid, &c.base); err != nil {
			return nil, err
		}
		copy(c.uid[:], uid)
		copy(c.wtid[:], wtid)
		all = append(all, c)
	}
	return all, rows.Err()
}

func (e *Exchange) close(ctx context.Context, tx *sql.Tx, c closing) error {
	rest, err := instrument.ParseAmount(c.amount)
	if err != nil || rest.IsZero() {
		return err
	}
	if err := errors.Join(random(rand.Reader, c.uid[:]), random(rand.Reader, c.wtid[:])); err != nil {
		return err
	}
	zero := instrument.ZeroOf(rest.Currency).String()
	if _, err := tx.ExecContext(ctx, `INSERT INTO closings (reserve, amount, fee, account, uid, wtid, base, date) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		c.reserve, c.amount, zero, c.account, c.uid[:], c.wtid[:], e.base(), int64(e.now())); err != nil {
		return fmt.Errorf("close a reserve: %w", err)
	}
	_, err = tx.ExecContext(ctx, `UPDATE reserves SET balance = ? WHERE pub = ?`, zero, c.reserve)
	return err
}

// refusedForGood stands in the books for the bank's number of a transfer; its own begin with 1.
const refusedForGood = 0

// sendBack asks the bank for the transfers about which it has not said anything yet.
func (e *Exchange) sendBack(ctx context.Context, bank *taler.Client) error {
	all, err := closings(ctx, e.db, `SELECT reserve, amount, account, uid, wtid, base FROM closings WHERE sent IS NULL ORDER BY date`)
	if err != nil {
		return fmt.Errorf("read what is to be sent back: %w", err)
	}
	for _, c := range all {
		if err := e.transfer(ctx, bank, c); err != nil {
			return err
		}
	}
	return nil
}

func (e *Exchange) transfer(ctx context.Context, bank *taler.Client, c closing) error {
	amount, err := instrument.ParseAmount(c.amount)
	if err != nil {
		return err
	}
	done, err := bank.Transfer(ctx, taler.TransferRequest{
		RequestUID: c.uid, Amount: amount, ExchangeBaseURL: c.base, WTID: c.wtid, CreditAccount: taler.Payto(c.account),
	})
	number := int64(done.RowID)
	switch {
	case errors.Is(err, fault.NotFound), errors.Is(err, fault.Conflict):
		e.o.Log.Error("the bank refuses to give the rest of a reserve back; it is not asked again", "gateway", bank.BaseURL(), "err", err)
		number = refusedForGood
	case err != nil:
		e.o.Log.Error("the rest of a reserve was not sent back", "gateway", bank.BaseURL(), "err", err)
		return nil // the next time, with the same number
	}
	_, err = e.db.ExecContext(ctx, `UPDATE closings SET sent = ? WHERE reserve = ?`, number, c.reserve)
	return err
}

// deflating compresses the bodies of requests, in the zlib format, as all programs
// of the real exchange do.
type deflating struct{ next http.RoundTripper }

func (d deflating) RoundTrip(r *http.Request) (*http.Response, error) {
	next := d.next
	if next == nil {
		next = http.DefaultTransport
	}
	if r.Body == nil {
		return next.RoundTrip(r)
	}
	plain, err := io.ReadAll(r.Body)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, err = z.Write(plain)
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Content-Encoding", "deflate")
	r.ContentLength = int64(packed.Len())
	body := func() io.ReadCloser { return io.NopCloser(bytes.NewReader(packed.Bytes())) }
	r.Body, r.GetBody = body(), func() (io.ReadCloser, error) { return body(), nil } // the second where a kept connection has ended
	return next.RoundTrip(r)
}
