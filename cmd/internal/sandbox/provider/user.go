package provider

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/card/wallee"
)

// User is an application user of wallee's web service: who may ask about the
// payments of one space.
type User struct {
	Number int64
	Space  int64
	Key    string // base64, as wallee hands it out; it is a secret
}

const keySize = 32

// AddUser makes an application user of a space.
func (p *Provider) AddUser(ctx context.Context, space int64) (User, error) {
	if space <= 0 {
		return User{}, malformed("a space is a number above 0")
	}
	secret := make([]byte, keySize)
	defer clear(secret)
	if _, err := io.ReadFull(p.o.Random, secret); err != nil {
		return User{}, fmt.Errorf("make a user's key: %w", err)
	}
	made, err := p.db.ExecContext(ctx, `INSERT INTO users (space, secret) VALUES (?, ?)`, space, secret)
	if err != nil {
		return User{}, fmt.Errorf("keep a user: %w", err)
	}
	number, err := made.LastInsertId()
	return User{number, space, base64.StdEncoding.EncodeToString(secret)}, err
}

// tolerance is how far a client's clock may be off.
const tolerance = 10 * time.Minute

// authenticate checks the MAC of a request and returns the space that it is about. The status is 0
// for a user of that space. Otherwise it does not tell what is wrong, except that the user is of
// another space.
func (p *Provider) authenticate(r *http.Request) (space int64, status int) {
	user, err := strconv.ParseInt(r.Header.Get(wallee.HeaderUser), 10, 64)
	if err != nil || r.Header.Get(wallee.HeaderVersion) != wallee.MACVersion {
		return 0, http.StatusUnauthorized
	}
	var secret []byte
	if err := p.db.QueryRowContext(r.Context(), `SELECT space, secret FROM users WHERE number = ?`, user).Scan(&space, &secret); err != nil {
		return 0, http.StatusUnauthorized
	}
	defer clear(secret)
	stamp := r.Header.Get(wallee.HeaderTimestamp)
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || p.o.Clock().Sub(time.Unix(at, 0)).Abs() > tolerance {
		return 0, http.StatusUnauthorized
	}
	want := wallee.MAC(secret, wallee.MACVersion, r.Header.Get(wallee.HeaderUser), stamp, r.Method, r.RequestURI)
	got, err := base64.StdEncoding.DecodeString(r.Header.Get(wallee.HeaderValue))
	if err != nil || !hmac.Equal(want, got) {
		return 0, http.StatusUnauthorized
	}
	if r.URL.Query().Get("spaceId") != strconv.FormatInt(space, 10) {
		return 0, http.StatusForbidden
	}
	return space, 0
}

// problem is a refusal as wallee's service sends it.
func (p *Provider) problem(w http.ResponseWriter, status int, message string) {
	kind := "CLIENT_ERROR"
	if status == wallee.StatusServerError {
		kind = "SERVER_ERROR"
	}
	id, err := p.newID("")
	if err != nil {
		id = ""
	}
	p.answer(w, status, wallee.Problem{
		ID: id, Type: kind, Message: message, Date: p.o.Clock().UTC().Format(time.RFC3339), Default: message,
	})
}

// cannot is problem for a fault of ours.
func (p *Provider) cannot(w http.ResponseWriter, err error) {
	f := fault.From(err)
	if f.Kind == fault.Internal {
		p.o.Log.Error("a request failed", "err", err)
		p.problem(w, wallee.StatusServerError, "the request failed")
		return
	}
	p.problem(w, wallee.StatusClientError, f.Message)
}
