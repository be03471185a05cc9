package exchange

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// The generations that the sandbox speaks, one at a time.
const (
	Protocol   = 23 // by default: as the reference exchange 0.14.1 was seen to
	Protocol26 = 26 // from the protocol's draft
)

// version is what each generation says of itself.
func version(generation int) taler.Version {
	if generation == Protocol26 {
		return taler.Version{Current: Protocol26, Age: 1}
	}
	return taler.Version{Current: Protocol, Age: 6}
}

// DefaultAccount is the bank account of an exchange that was given none.
const DefaultAccount taler.Payto = "payto://x-taler-bank/localhost/exchange?receiver-name=Sandbox"

// InitOptions say what exchange to make. Currency and Clock are needed.
type InitOptions struct {
	Currency    string
	URL         string            // base URL for /keys; empty: where it will listen
	Account     taler.Payto       // default DefaultAccount
	Protocol    int               // Protocol (the default) or Protocol26
	WithdrawFee instrument.Amount // of every coin; default none
	CloseAfter  time.Duration     // when unused money goes back; default four weeks
	Clock       func() time.Time
	Random      io.Reader                              // of the Ed25519 keys; default crypto/rand
	Keys        func(n int) ([]*rsa.PrivateKey, error) // makes those of the denominations; default fresh ones
}

// Init makes an exchange in dir: all of its keys, and every signature of its
// /keys document. It is there as a whole or not at all, and a second Init of the
// same folder is refused (fault.Conflict, "already-initialised").
func Init(ctx context.Context, dir string, o InitOptions) (Info, error) {
	if err := o.complete(); err != nil {
		return Info{}, err
	}
	db, err := openBooks(dir)
	if err != nil {
		return Info{}, err
	}
	info, err := initialise(ctx, db, dir, o)
	return info, errors.Join(err, db.Close())
}

// complete fills in what was left out and refuses what cannot be.
func (o *InitOptions) complete() error {
	if o.Clock == nil {
		return fault.New(fault.Internal, "an exchange is made without a clock")
	}
	if err := instrument.CheckCurrency(o.Currency); err != nil {
		return err
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Keys == nil {
		o.Keys = makeRSAKeys
	}
	if o.Account == "" {
		o.Account = DefaultAccount
	}
	if err := o.Account.CheckAccount(); err != nil {
		return err
	}
	if o.Protocol == 0 {
		o.Protocol = Protocol
	}
	if o.Protocol != Protocol && o.Protocol != Protocol26 {
		return fault.New(fault.Unsupported, "the sandbox exchange speaks protocol %d or %d, not %d", Protocol, Protocol26, o.Protocol).
			Because("protocol-unsupported")
	}
	if o.CloseAfter == 0 {
		o.CloseAfter = closeReserves
	}
	if o.CloseAfter < 0 {
		return fault.New(fault.Invalid, "reserves cannot be closed %s after they were filled", o.CloseAfter).Because("duration-malformed")
	}
	if o.WithdrawFee == (instrument.Amount{}) {
		o.WithdrawFee = instrument.ZeroOf(o.Currency)
	}
	if o.WithdrawFee.Currency != o.Currency {
		return fault.New(fault.Invalid, "the fee %s is not in %s", o.WithdrawFee, o.Currency).Because("currency-differs")
	}
	if o.URL == "" {
		return nil
	}
	u, err := taler.CheckURL(o.URL, true)
	if err != nil {
		return err
	}
	o.URL = strings.TrimSuffix(u.String(), "/") + "/"
	return nil
}

func initialise(ctx context.Context, db *sql.DB, dir string, o InitOptions) (Info, error) {
	var made bool
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM exchange)`).Scan(&made); err != nil {
		return Info{}, fmt.Errorf("read %s: %w", dir, err)
	}
	if made {
		return Info{}, alreadyInitialised(dir)
	}
	rsaKeys, err := o.Keys(len(values) * keysPerGroup)
	if err != nil {
		return Info{}, fmt.Errorf("make denominations: %w", err)
	}
	master, err := newKey(o.Random)
	if err != nil {
		return Info{}, err
	}
	defer master.Wipe()
	signing, err := newKey(o.Random)
	if err != nil {
		return Info{}, err
	}
	defer signing.Wipe()
	f := offline{o: o, master: master, signing: signing, now: o.Clock()}
	keys, err := f.keys(rsaKeys)
	if err != nil {
		return Info{}, fmt.Errorf("sign the exchange's keys: %w", err)
	}
	err = sandbox.Transact(ctx, db, func(tx *sql.Tx) error {
		return f.store(ctx, tx, dir, keys, rsaKeys)
	})
	if err != nil {
		return Info{}, fmt.Errorf("keep the exchange: %w", err)
	}
	return Info{o.Currency, o.URL, o.Account, master.Public(), o.Protocol}, nil
}

// store keeps the exchange, if nobody has made one in this directory meanwhile.
func (f offline) store(ctx context.Context, tx *sql.Tx, dir string, keys taler.Keys, rsaKeys []*rsa.PrivateKey) error {
	document, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	m, s := f.master.Bytes(), f.signing.Bytes()
	defer clear(m)
	defer clear(s)
	res, err := tx.ExecContext(ctx, `INSERT INTO exchange (id, currency, url, account, protocol, master, signing, keys)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		f.o.Currency, f.o.URL, string(f.o.Account), f.o.Protocol, m, s, string(document))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, alreadyInitialised(dir))
	}
	for _, key := range rsaKeys {
		pub, err := crypto.NewRSAPublicKey(&key.PublicKey)
		if err != nil {
			return err
		}
		hash := denomHash(pub)
		if _, err := tx.ExecContext(ctx, `INSERT INTO denominations (hash, private) VALUES (?, ?)`,
			hash[:], x509.MarshalPKCS1PrivateKey(key)); err != nil {
			return err
		}
	}
	return nil
}

func newKey(r io.Reader) (crypto.EddsaPrivateKey, error) {
	var seed [32]byte
	defer clear(seed[:])
	if err := random(r, seed[:]); err != nil {
		return crypto.EddsaPrivateKey{}, err
	}
	return crypto.NewEddsaPrivateKey(seed[:])
}

func exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, BooksName))
	return err == nil
}

func alreadyInitialised(dir string) error {
	return fault.New(fault.Conflict, "there is an exchange in %s already", dir).Because("already-initialised").
		WithHint("name another folder; deleting this one makes its coins worthless")
}
