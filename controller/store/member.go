package store

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

const selectMember = `SELECT team, member, limits FROM members`

// Memberships implements profile.MemberReader.
func (db *DB) Memberships(ctx context.Context, group, member instrument.PrincipalID) ([]profile.Membership, error) {
	if group != "" && member != "" {
		return db.membership(ctx, group, member)
	}
	var w where
	w.equal("team", string(group))
	w.equal("member", string(member))
	var list []profile.Membership
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(selectMember+w.text()+` ORDER BY team, member`, func(row []driver.Value) error {
			m, err := memberRow(row)
			list = append(list, m)
			return errors.Join(err, ctx.Err())
		}, w.args...)
	})
	return list, err
}

// membership is Memberships of one member in one group. It is read for each operation, so it is
// remembered.
func (db *DB) membership(ctx context.Context, group, member instrument.PrincipalID) ([]profile.Membership, error) {
	row, err := db.search(ctx, selectMember+` WHERE team = ? AND member = ?`, string(group), string(member))
	if err != nil || row == nil {
		return nil, err
	}
	m, err := memberRow(row)
	return []profile.Membership{m}, err
}

// Membership implements profile.MemberWriter.
func (w *work) Membership(group, member instrument.PrincipalID) (m profile.Membership, err error) {
	found, err := w.one(selectMember+` WHERE team = ? AND member = ?`, func(row []driver.Value) (err error) {
		m, err = memberRow(row)
		return err
	}, string(group), string(member))
	if err == nil && !found {
		return m, notMember()
	}
	return m, err
}

// PutMembership implements profile.MemberWriter.
func (w *work) PutMembership(m profile.Membership) error {
	limits, err := json.Marshal(m.Limits)
	if err != nil {
		return err
	}
	const put = `INSERT INTO members (team, member, limits) VALUES (?, ?, ?)
		ON CONFLICT (team, member) DO UPDATE SET limits = excluded.limits`
	w.then((*remembered).dropFound)
	_, err = w.exec(put, string(m.Group), string(m.Member), string(limits))
	return err
}

// RemoveMembership implements profile.MemberWriter.
func (w *work) RemoveMembership(group, member instrument.PrincipalID) error {
	w.then((*remembered).dropFound)
	n, err := w.exec(`DELETE FROM members WHERE team = ? AND member = ?`, string(group), string(member))
	if err == nil && n == 0 {
		return notMember()
	}
	return err
}

func memberRow(row []driver.Value) (profile.Membership, error) {
	m := profile.Membership{Group: instrument.PrincipalID(text(row[0])), Member: instrument.PrincipalID(text(row[1]))}
	if err := fromJSON(row[2], &m.Limits); err != nil {
		return m, fault.Wrap(err, fault.Internal, "the stored limits of %s in %s cannot be read", m.Member, m.Group)
	}
	return m, nil
}

func notMember() error {
	return fault.New(fault.NotFound, "this is no member of the group").Because("not-member")
}
