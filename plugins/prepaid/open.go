package prepaid

import (
	"context"
	"crypto/ed25519"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// opened is the argument of OPEN.
type opened struct {
	Currency string `json:"currency"`
}

// request is the wallet's message of OPEN.
type request struct {
	Account string `json:"account"`
}

// open is the wallet's side of OPEN. The account's key is stored before its
// number leaves. An account that is opening already is asked for again: the
// vendor opens it once.
func (v variant) open(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args opened
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	if err := instrument.CheckCurrency(args.Currency); err != nil {
		return protocol.Result{}, fault.From(err).WithHint("an account has a currency: execute prepaid OPEN currency=CHF")
	}
	if len(c.Instruments) > 1 {
		return protocol.Result{}, fault.New(fault.Invalid, "%s opens one account, and %d are given", c.Operation, len(c.Instruments)).Because("instrument-unwanted").
			WithHint("name the one that is opening already, or none")
	}
	id, p, err := begin(ctx, s, c.Main(), args.Currency)
	if err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, request{p.Account}); err != nil {
		return protocol.Result{}, err
	}
	var got receipt
	if err := s.Recv(ctx, &got); err != nil {
		return protocol.Result{}, turnedDown(ctx, s, id, err)
	}
	if _, err := publicKey(got.Key); err != nil {
		return protocol.Result{}, notOpen(forged())
	}
	if err := v.believe(got, p); err != nil {
		return protocol.Result{}, notOpen(err)
	}
	err = change(ctx, s, id, evOpened, func(p *purse) error {
		if p.Receipts != "" && p.Receipts != got.Key {
			return forged()
		}
		p.Receipts = got.Key
		return p.learn(got.Statement, got.Proof)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(&got)
}

// notOpen is the fault of an account whose opening the vendor has not proved. Nothing was paid.
func notOpen(err error) error {
	return fault.From(err).WithHint("the account is opening: name it in another OPEN")
}

// begin stores the intent.
func begin(ctx context.Context, s protocol.Session, known instrument.ID, currency string) (id instrument.ID, p purse, err error) {
	k := newKey(s.Random(ed25519.SeedSize))
	if known != "" {
		err = change(ctx, s, known, evAsk, func(old *purse) error {
			if old.Currency != currency {
				return fault.New(fault.Invalid, "this account is opening in %s", old.Currency).Because("currency-differs")
			}
			p = *old
			return nil
		})
		return known, p, err
	}
	p = newPurse(k, currency, s.Peer().Name, s.Peer().Key)
	err = s.Update(ctx, func(tx instrument.Tx) error {
		i := instrument.Instance{Class: accountID, Name: p.Vendor, Status: opening, Keys: map[string]string{keyAccount: p.Account}}
		if err := i.Encode(&p); err != nil {
			return err
		}
		id, err = tx.Create(i)
		return err
	})
	return id, p, err
}

// turnedDown ends an account that the vendor does not open. Of any other failure
// it stays opening, to be asked for again.
func turnedDown(ctx context.Context, s protocol.Session, id instrument.ID, refusal error) error {
	switch fault.KindOf(refusal) {
	case fault.Invalid, fault.Denied, fault.Declined, fault.Unsupported:
	default:
		return refusal
	}
	if err := change(ctx, s, id, evRefused, func(*purse) error { return nil }); err != nil {
		return err
	}
	return refusal
}

// keep is the vendor's side of OPEN. The same account again is told as it is.
func (v variant) keep(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args opened
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	if err := instrument.CheckCurrency(args.Currency); err != nil {
		return protocol.Result{}, err
	}
	var asked request
	if err := s.Recv(ctx, &asked); err != nil {
		return protocol.Result{}, err
	}
	if _, err := publicKey(asked.Account); err != nil {
		return protocol.Result{}, err
	}
	l := newLedger(asked.Account, args.Currency, s.Peer().Key, newKey(s.Random(ed25519.SeedSize)))
	err := s.Update(ctx, func(tx instrument.Tx) error {
		_, old, err := kept(tx, asked.Account)
		if fault.KindOf(err) == fault.NotFound {
			i := instrument.Instance{Class: accountID, Name: s.Peer().Name, Status: open, Keys: map[string]string{keyAccount: l.Account}}
			if err := i.Encode(&l); err != nil {
				return err
			}
			_, err = tx.Create(i)
			return err
		}
		if err != nil {
			return err
		}
		if old.Currency != args.Currency || old.Holder != s.Peer().Key {
			return fault.New(fault.Conflict, "this account is open already, and somebody else's").Because("account-taken")
		}
		l = old
		return nil
	})
	if err != nil {
		return protocol.Result{}, err
	}
	r, err := l.receipt(receipt{}, v.signed(), s.Now())
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(&r)
}
