package exchange

import (
	"context"
	"crypto/x509"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options are what an open exchange is given. Only Clock is needed.
type Options struct {
	Clock func() time.Time
	Timer sandbox.Timer // default sandbox.RealTimer
	Log   *slog.Logger  // default none
	// Misbehaviour is what it does wrong on purpose; default nothing. Dice draws
	// numbers from 0 to 1 for it.
	Misbehaviour Misbehaviour
	Dice         func() float64
	TermsVersion string // wallets ask for consent again when it changes; default the constant
}

// Info is what an exchange says of itself to its operator.
type Info struct {
	Currency  string
	URL       string // base URL in /keys; empty: where it listens
	Account   taler.Payto
	MasterPub taler.EddsaPublicKey
	Protocol  int
}

// Exchange is an open exchange. It is safe for concurrent use; Follow runs in one
// process at a time.
type Exchange struct {
	o             Options
	db            *sql.DB
	info          Info
	signing       crypto.EddsaPrivateKey
	keys          taler.Keys
	published     atomic.Pointer[published]
	denominations map[crypto.HashCode]*denomination
	waiting       hub
	done          chan struct{} // closed by Stop: nobody waits any more
	stop          func()
}

// Open opens the exchange that Init made in dir. The error is fault.NotFound when
// there is none.
func Open(dir string, o Options) (*Exchange, error) {
	if o.Clock == nil {
		return nil, fault.New(fault.Internal, "an exchange is opened without a clock")
	}
	if o.TermsVersion == "" {
		o.TermsVersion = TermsVersion
	}
	if o.Timer == nil {
		o.Timer = sandbox.RealTimer
	}
	if o.Dice == nil {
		o.Dice = dice
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if !exists(dir) {
		return nil, notInitialised(dir)
	}
	db, err := openBooks(dir)
	if err != nil {
		return nil, err
	}
	e := &Exchange{o: o, db: db, done: make(chan struct{})}
	e.stop = sync.OnceFunc(func() { close(e.done) })
	if err := e.load(context.Background(), dir); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return e, nil
}

// Listening tells where the exchange listens. It becomes the base URL in /keys
// unless Init was given one. Before it is called /keys answers 503.
func (e *Exchange) Listening(url string) error {
	if e.info.URL != "" {
		return nil
	}
	return e.publish(url)
}

// Stop ends all long polls with what is known now. Call it when the server stops
// accepting (http.Server.RegisterOnShutdown).
func (e *Exchange) Stop() { e.stop() }

// Close stops the exchange and closes its books, after the last request and
// after Follow has returned.
func (e *Exchange) Close() error {
	e.stop()
	e.signing.Wipe()
	return e.db.Close()
}

// BooksName is the file of the books in the directory of an exchange.
const BooksName = "exchange.db"

func openBooks(dir string) (*sql.DB, error) {
	tables, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return sandbox.OpenDatabase(context.Background(), filepath.Join(dir, BooksName), tables)
}

// load reads what Init wrote.
func (e *Exchange) load(ctx context.Context, dir string) error {
	var account, keys string
	var master, signing []byte
	err := e.db.QueryRowContext(ctx, `SELECT currency, url, account, protocol, master, signing, keys FROM exchange`).
		Scan(&e.info.Currency, &e.info.URL, &account, &e.info.Protocol, &master, &signing, &keys)
	if errors.Is(err, sql.ErrNoRows) {
		return notInitialised(dir)
	}
	if err != nil {
		return fmt.Errorf("read the exchange: %w", err)
	}
	defer clear(master)
	defer clear(signing)
	e.info.Account = taler.Payto(account)
	if e.signing, err = crypto.NewEddsaPrivateKey(signing); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(keys), &e.keys); err != nil {
		return fmt.Errorf("read the exchange's keys: %w", err)
	}
	e.info.MasterPub = e.keys.MasterPublicKey
	private, err := e.privateKeys(ctx)
	if err != nil {
		return fmt.Errorf("read the exchange's keys: %w", err)
	}
	if e.denominations, err = denominationsOf(e.keys, private); err != nil {
		return err
	}
	if e.info.URL == "" {
		return nil
	}
	return e.publish(e.info.URL)
}

func (e *Exchange) privateKeys(ctx context.Context) (_ map[crypto.HashCode]*crypto.RSAPrivateKey, err error) {
	rows, err := e.db.QueryContext(ctx, `SELECT private FROM denominations`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	private := map[crypto.HashCode]*crypto.RSAPrivateKey{}
	for rows.Next() {
		var der []byte
		if err := rows.Scan(&der); err != nil {
			return nil, err
		}
		parsed, err := x509.ParsePKCS1PrivateKey(der)
		clear(der)
		if err != nil {
			return nil, err
		}
		key, err := crypto.NewRSAPrivateKey(parsed)
		if err != nil {
			return nil, err
		}
		private[denomHash(key.Public())] = key
	}
	return private, rows.Err()
}

func (e *Exchange) now() taler.Timestamp { return crypto.At(e.o.Clock()) }

func notInitialised(dir string) error {
	return fault.New(fault.NotFound, "there is no exchange in %s", dir).Because("not-initialised").
		WithHint("make one with: swaperoo exchange init")
}

// random fills out from r.
func random(r io.Reader, out []byte) error {
	if _, err := io.ReadFull(r, out); err != nil {
		return fmt.Errorf("draw random bytes: %w", err)
	}
	return nil
}
