package store

import (
	"context"
	"database/sql/driver"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

const selectSpending = `SELECT operation, account, class, currency, value, fraction, time, spent, runner FROM spendings`

// Values and fractions are added up apart, so that no sum is rounded.
const (
	sumSpendings   = `SELECT SUM(value), SUM(fraction) FROM spendings WHERE account = ? AND currency = ? AND time >= ?`
	sumSpendingsOf = sumSpendings + ` AND class = ?`
)

// Reserved implements profile.SpendingReader; without accounts it lists all.
func (db *DB) Reserved(ctx context.Context, accounts ...profile.Account) ([]profile.Spending, error) {
	var list []profile.Spending
	each := func(row []driver.Value) error {
		list = append(list, spendingRow(row))
		return ctx.Err()
	}
	err := db.pool.read(ctx, func(c *conn) error {
		if len(accounts) == 0 {
			return c.query(selectSpending+` WHERE spent = 0 ORDER BY time, operation`, each)
		}
		for _, a := range accounts {
			if err := c.query(selectSpending+` WHERE spent = 0 AND account = ? ORDER BY time, operation`, each, string(a)); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// Spent implements profile.SpendingReader.
func (db *DB) Spent(ctx context.Context, a profile.Account, currency string, class instrument.ClassID, since time.Time) (sum instrument.Amount, err error) {
	err = db.pool.read(ctx, func(c *conn) (err error) {
		sum, err = spent(c.one, a, currency, class, since)
		return err
	})
	return sum, err
}

// SpentNow implements profile.SpendingWriter.
func (w *work) SpentNow(a profile.Account, currency string, class instrument.ClassID, since time.Time) (instrument.Amount, error) {
	return spent(w.one, a, currency, class, since)
}

func spent(
	one func(string, func([]driver.Value) error, ...driver.Value) (bool, error),
	a profile.Account, currency string, class instrument.ClassID, since time.Time,
) (instrument.Amount, error) {
	query, args := sumSpendings, []driver.Value{string(a), currency, since.UnixNano()}
	if class != "" {
		query, args = sumSpendingsOf, append(args, string(class))
	}
	sum := instrument.ZeroOf(currency)
	_, err := one(query, func(row []driver.Value) error {
		value, fraction := uint64(integer(row[0])), uint64(integer(row[1]))
		value += fraction / instrument.FractionBase
		if value > instrument.MaxValue {
			return fault.New(fault.Invalid, "what %s has spent is more than can be counted", a).Because("amount-too-large")
		}
		sum.Value, sum.Fraction = value, uint32(fraction%instrument.FractionBase)
		return nil
	}, args...)
	return sum, err
}

// Counted implements profile.SpendingWriter.
func (w *work) Counted(op instrument.OperationID) ([]profile.Spending, error) {
	var list []profile.Spending
	if w.over {
		return nil, errOver
	}
	err := w.writer.conn.query(selectSpending+` WHERE operation = ? ORDER BY account`, func(row []driver.Value) error {
		list = append(list, spendingRow(row))
		return nil
	}, string(op))
	return list, w.check(err)
}

// Count implements profile.SpendingWriter.
func (w *work) Count(s profile.Spending) error {
	const put = `INSERT OR REPLACE INTO spendings (operation, account, class, currency, value, fraction, time, spent, runner)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	_, err := w.exec(put, string(s.Operation), string(s.Account), string(s.Class), s.Amount.Currency, int64(s.Amount.Value),
		int64(s.Amount.Fraction), s.Time.UnixNano(), s.Spent, s.Runner)
	return err
}

// Uncount implements profile.SpendingWriter.
func (w *work) Uncount(op instrument.OperationID, moved instrument.Amount) error {
	if moved.IsZero() {
		_, err := w.exec(`DELETE FROM spendings WHERE operation = ? AND spent = 0`, string(op))
		return err
	}
	_, err := w.exec(`UPDATE spendings SET spent = 1, currency = ?, value = ?, fraction = ? WHERE operation = ? AND spent = 0`,
		moved.Currency, int64(moved.Value), int64(moved.Fraction), string(op))
	return err
}

func spendingRow(row []driver.Value) profile.Spending {
	return profile.Spending{
		Operation: instrument.OperationID(text(row[0])),
		Account:   profile.Account(text(row[1])),
		Class:     instrument.ClassID(text(row[2])),
		Amount:    instrument.Amount{Currency: text(row[3]), Value: uint64(integer(row[4])), Fraction: uint32(integer(row[5]))},
		Time:      instant(row[6]),
		Spent:     integer(row[7]) != 0,
		Runner:    text(row[8]),
	}
}
