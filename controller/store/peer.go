package store

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

const selectPeer = `SELECT name, role, key, addresses, pnp FROM peers`

// PutPeer implements comm.Book.
func (db *DB) PutPeer(ctx context.Context, p comm.Peer) error {
	addresses, err := json.Marshal(p.Addresses)
	if err != nil {
		return err
	}
	const put = `INSERT INTO peers (name, role, key, addresses, pnp) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET role = excluded.role, key = excluded.key,
		addresses = excluded.addresses, pnp = excluded.pnp`
	return db.submit(ctx, func(w *work) error {
		_, err := w.exec(put, p.Name, string(p.Role), p.Key, string(addresses), p.PNP)
		return err
	})
}

// PeerNamed implements comm.Book.
func (db *DB) PeerNamed(ctx context.Context, name string) (p comm.Peer, err error) {
	err = db.pool.read(ctx, func(c *conn) error {
		found, err := c.one(selectPeer+` WHERE name = ?`, func(row []driver.Value) (err error) {
			p, err = peerRow(row)
			return err
		}, name)
		if err == nil && !found {
			return noPeer(name)
		}
		return err
	})
	return p, err
}

// Peers implements comm.Book.
func (db *DB) Peers(ctx context.Context) ([]comm.Peer, error) {
	var list []comm.Peer
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(selectPeer+` ORDER BY name`, func(row []driver.Value) error {
			p, err := peerRow(row)
			list = append(list, p)
			return errors.Join(err, ctx.Err())
		})
	})
	return list, err
}

// RemovePeer implements comm.Book.
func (db *DB) RemovePeer(ctx context.Context, name string) error {
	return db.submit(ctx, func(w *work) error {
		n, err := w.exec(`DELETE FROM peers WHERE name = ?`, name)
		if err == nil && n == 0 {
			return noPeer(name)
		}
		return err
	})
}

func peerRow(row []driver.Value) (comm.Peer, error) {
	p := comm.Peer{
		Name: text(row[0]),
		Role: comm.Role(text(row[1])),
		Key:  text(row[2]),
		PNP:  text(row[4]),
	}
	if err := fromJSON(row[3], &p.Addresses); err != nil {
		return p, fault.Wrap(err, fault.Internal, "the stored peer %s cannot be read", p.Name)
	}
	return p, nil
}

func noPeer(name string) error {
	return fault.New(fault.NotFound, "there is no peer %q", name).Because("peer-unknown")
}
