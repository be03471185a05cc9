package store

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

const selectPrincipal = `SELECT id, kind, name, login, token, disabled, limits, facts, created, acts_for FROM principals`

// PutPrincipal implements profile.Store.
func (db *DB) PutPrincipal(ctx context.Context, p profile.Principal) error {
	return db.UpdateProfiles(ctx, func(w profile.Writer) error { return w.PutPrincipal(p) })
}

// PutPrincipal implements profile.PrincipalWriter.
func (w *work) PutPrincipal(p profile.Principal) error {
	limits, err := json.Marshal(p.Limits)
	if err != nil {
		return err
	}
	facts, err := json.Marshal(p.Facts)
	if err != nil {
		return err
	}
	const put = `INSERT INTO principals (id, kind, name, login, token, disabled, limits, facts, created, acts_for)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, login = excluded.login,
		token = excluded.token, disabled = excluded.disabled, limits = excluded.limits,
		facts = excluded.facts, created = excluded.created, acts_for = excluded.acts_for`
	w.then((*remembered).dropFound)
	_, err = w.exec(put, string(p.ID), string(p.Kind), p.Name, orNull(p.Login), bytesOrNull(p.Token),
		p.Disabled, string(limits), string(facts), nanos(p.Created), string(p.ActsFor))
	switch {
	case !hasCode(err, sqlite3.SQLITE_CONSTRAINT_UNIQUE):
		return err
	case strings.Contains(err.Error(), "principals.name"):
		return fault.Wrap(err, fault.Conflict, "there is a %q already", p.Name).Because("name-taken").WithHint("choose another name")
	}
	return fault.Wrap(err, fault.Conflict, "the login %q is used by somebody else", p.Login).Because("login-taken")
}

// Principal implements profile.PrincipalWriter.
func (w *work) Principal(id instrument.PrincipalID) (p profile.Principal, err error) {
	found, err := w.one(selectPrincipal+` WHERE id = ?`, func(row []driver.Value) (err error) {
		p, err = principalRow(row)
		return err
	}, string(id))
	if err == nil && !found {
		return p, noPrincipal()
	}
	return p, err
}

// Principal implements profile.Store.
func (db *DB) Principal(ctx context.Context, id instrument.PrincipalID) (profile.Principal, error) {
	return db.principal(ctx, selectPrincipal+` WHERE id = ?`, string(id))
}

// PrincipalByLogin implements profile.Store. Nobody has the empty login.
func (db *DB) PrincipalByLogin(ctx context.Context, login string) (profile.Principal, error) {
	return db.principal(ctx, selectPrincipal+` WHERE login = ?`, login)
}

func (db *DB) principal(ctx context.Context, query, arg string) (profile.Principal, error) {
	row, err := db.search(ctx, query, arg)
	switch {
	case err != nil:
		return profile.Principal{}, err
	case row == nil:
		return profile.Principal{}, noPrincipal()
	}
	return principalRow(row)
}

func noPrincipal() error {
	return fault.New(fault.NotFound, "there is no such principal").Because("principal-unknown")
}

// Principals implements profile.Store.
func (db *DB) Principals(ctx context.Context, kind profile.Kind) ([]profile.Principal, error) {
	var w where
	w.equal("kind", string(kind))
	var list []profile.Principal
	err := db.pool.read(ctx, func(c *conn) error {
		return c.query(selectPrincipal+w.text()+` ORDER BY id`, func(row []driver.Value) error {
			p, err := principalRow(row)
			list = append(list, p)
			return errors.Join(err, ctx.Err())
		}, w.args...)
	})
	return list, err
}

func principalRow(row []driver.Value) (profile.Principal, error) {
	p := profile.Principal{
		ID:       instrument.PrincipalID(text(row[0])),
		Kind:     profile.Kind(text(row[1])),
		Name:     text(row[2]),
		Login:    text(row[3]),
		Token:    bytes.Clone(blob(row[4])), // the row may be remembered
		Disabled: integer(row[5]) != 0,
		Created:  instant(row[8]),
		ActsFor:  instrument.PrincipalID(text(row[9])),
	}
	var unread error
	if text(row[6]) != "{}" { // which most have
		unread = fromJSON(row[6], &p.Limits)
	}
	if err := errors.Join(unread, fromJSON(row[7], &p.Facts)); err != nil {
		return p, fault.Wrap(err, fault.Internal, "the stored principal %s cannot be read", p.ID)
	}
	return p, nil
}
