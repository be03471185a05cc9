package store

import (
	"context"
	"database/sql/driver"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Log implements protocol.LogWriter. The same statement checks that the operation is still the
// runner's.
func (w *work) Log(id instrument.OperationID, runner string, n int, sealed []byte) error {
	const insert = `INSERT INTO operation_log (operation, n, sealed)
		SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM operations WHERE id = ?1 AND runner = ?4)`
	rows, err := w.exec(insert, string(id), int64(n), sealed, runner)
	if err != nil {
		return err
	}
	if rows == 0 {
		return w.known(id)
	}
	return nil
}

// Forget implements protocol.LogWriter.
func (w *work) Forget(id instrument.OperationID) error {
	_, err := w.exec(`DELETE FROM operation_log WHERE operation = ?`, string(id))
	return err
}

// TakeOver implements protocol.OperationWriter.
func (w *work) TakeOver(r, from protocol.Row) error {
	const update = `UPDATE operations SET runner = ?, state = ?, ended = ?, sealed = ? WHERE id = ? AND runner = ? AND state = ?`
	n, err := w.exec(update, r.Runner, string(r.State), nanos(r.Ended), bytesOrNull(r.Sealed), string(r.ID), from.Runner, string(from.State))
	if err != nil {
		return err
	}
	if n == 0 {
		return w.known(r.ID)
	}
	return nil
}

// Heard implements protocol.OperationWriter.
func (w *work) Heard(peer string, id instrument.OperationID) error {
	const update = `UPDATE operations SET heard = 1 WHERE id = ? AND peer = ? AND side = 'servicer' AND state = 'ended'`
	_, err := w.exec(update, string(id), peer)
	return err
}

// OperationLog implements protocol.Store. A log with a hole is fault.Internal, log-incomplete.
func (db *DB) OperationLog(ctx context.Context, id instrument.OperationID) ([][]byte, error) {
	var out [][]byte
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(`SELECT n, sealed FROM operation_log WHERE operation = ? ORDER BY n`, func(row []driver.Value) error {
			if n := integer(row[0]); n != int64(len(out))+1 {
				return fault.New(fault.Internal, "part %d of the log of an operation is missing", len(out)+1).Because("log-incomplete")
			}
			out = append(out, blob(row[1]))
			return nil
		}, string(id))
	})
	return out, err
}
