package store

import (
	"context"
	"database/sql/driver"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

const selectOperation = `SELECT id, side, state, protocol, operation, class, principal, peer, runner, digest, begun, ended, sealed
	FROM operations`

// BeginOperation implements protocol.Writer. The unique index finds a repetition.
func (w *work) BeginOperation(r protocol.Row) error {
	const insert = `INSERT INTO operations
		(id, side, state, protocol, operation, class, principal, peer, runner, digest, begun, ended, sealed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	n, err := w.exec(insert, string(r.ID), string(r.Side), string(r.State), r.Protocol, r.Operation,
		string(r.Class), string(r.Principal), r.Peer, r.Runner, bytesOrNull(r.Digest),
		nanos(r.Begun), nanos(r.Ended), bytesOrNull(r.Sealed))
	if err != nil {
		return err
	}
	if n == 0 {
		return w.known(r.ID)
	}
	return nil
}

// EndOperation implements protocol.Writer; fault.NotFound if there is no such
// row.
func (w *work) EndOperation(r protocol.Row) error {
	const update = `UPDATE operations SET state = ?, protocol = ?, operation = ?, class = ?, principal = ?, peer = ?,
		digest = ?, begun = ?, ended = ?, sealed = ? WHERE id = ? AND side = ? AND state = 'running' AND runner = ?`
	n, err := w.exec(update, string(r.State), r.Protocol, r.Operation, string(r.Class), string(r.Principal), r.Peer,
		bytesOrNull(r.Digest), nanos(r.Begun), nanos(r.Ended), bytesOrNull(r.Sealed),
		string(r.ID), string(r.Side), r.Runner)
	if err != nil {
		return err
	}
	if n == 0 {
		return w.known(r.ID)
	}
	return nil
}

// known is *protocol.Known with the row of an operation that was not as expected.
func (w *work) known(id instrument.OperationID) error {
	var k protocol.Known
	found, err := w.one(selectOperation+` WHERE id = ?`, func(row []driver.Value) error {
		k.Row = operationRow(row)
		return nil
	}, string(id))
	switch {
	case err != nil:
		return err
	case !found:
		return noOperation()
	}
	return &k
}

// OperationRow implements protocol.Store.
func (db *DB) OperationRow(ctx context.Context, id instrument.OperationID) (protocol.Row, error) {
	var r protocol.Row
	err := db.pool.read(ctx, func(c *conn) error {
		found, err := c.one(selectOperation+` WHERE id = ?`, func(row []driver.Value) error {
			r = operationRow(row)
			return nil
		}, string(id))
		if err == nil && !found {
			return noOperation()
		}
		return err
	})
	return r, err
}

// OperationRows implements protocol.Store. The order is that in which rows were added.
func (db *DB) OperationRows(ctx context.Context, f protocol.Filter) ([]protocol.Row, error) {
	var w where
	w.equal("state", string(f.State))
	if f.State != "" && f.State != protocol.Ended {
		w.add("state <> 'ended'") // in words, so that the index of open operations serves
	}
	switch {
	case f.NotRunner:
		w.add("runner <> ?", f.Runner)
	default:
		w.equal("runner", f.Runner)
	}
	if f.Prefix != "" {
		w.add("id >= ? AND id < ?", f.Prefix, f.Prefix+"\U0010FFFF")
	}
	w.equal("side", string(f.Side))
	w.equal("peer", f.Peer)
	w.equal("class", string(f.Class))
	if f.Logged {
		w.add("id IN (SELECT operation FROM operation_log)")
	}
	if f.Unheard {
		w.add("side = 'servicer' AND heard = 0 AND peer <> ''") // in words, as the index has them
	}
	query := selectOperation + w.text() + ` ORDER BY number DESC` + limited
	var list []protocol.Row
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(query, func(row []driver.Value) error {
			list = append(list, operationRow(row))
			return ctx.Err()
		}, append(w.args, limit(f.Limit))...)
	})
	return list, err
}

func operationRow(row []driver.Value) protocol.Row {
	return protocol.Row{
		ID:        instrument.OperationID(text(row[0])),
		Side:      protocol.Side(text(row[1])),
		State:     protocol.State(text(row[2])),
		Protocol:  text(row[3]),
		Operation: text(row[4]),
		Class:     instrument.ClassID(text(row[5])),
		Principal: instrument.PrincipalID(text(row[6])),
		Peer:      text(row[7]),
		Runner:    text(row[8]),
		Digest:    blob(row[9]),
		Begun:     instant(row[10]),
		Ended:     instant(row[11]),
		Sealed:    blob(row[12]),
	}
}

// noOperation does not repeat the id: whoever knows the id of an operation may resume it.
func noOperation() error {
	return fault.New(fault.NotFound, "there is no such operation").Because("operation-unknown")
}
