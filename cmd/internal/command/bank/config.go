package bank

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// Party is what `swaperoo config` knows of a bank.
func Party() check.Party {
	return check.Party{
		Name:  "bank",
		Here:  func(dir string) bool { return check.Has(dir, "config.toml", "exchange_account") },
		Check: checkAll,
		Settings: func(e *cli.Env) (any, error) {
			_, s, err := configured(e)
			return &s, err
		},
	}
}

func checkAll(ctx context.Context, e *cli.Env) (found check.Findings, err error) {
	f, err := files(e)
	if err != nil {
		return nil, err
	}
	err = beside(ctx, e, func(b *bank.Bank, s settings) error {
		found.Note("settings, keys and database", check.Room(f.Dir))
		if what, err := door(e, s); what != "" {
			found.Note(what, err)
			found.Warn(what, s.Edge.certificate().Ending(time.Now()))
		}
		if s.URL != "" {
			if warning := s.reached(ctx); warning != nil {
				found.Warn("url "+s.URL, warning)
			} else {
				found.Note("url "+s.URL, nil)
			}
		}
		if err := b.CheckCurrency(ctx); err != nil {
			found.Note("currency", err)
		}
		if err := numbered(f); err != nil {
			found.Note("numbers of the histories", err)
		}
		if err := tellConfigured(ctx, f, b, s); err != nil {
			found.Note("files for the exchanges", err)
		}
		all, err := b.Exchanges(ctx)
		for _, x := range all {
			found.Note("exchange "+x.URL, checkExchange(ctx, x, s.Currency))
			found.Warn("file for the exchange "+x.URL, exposed(credentialsOf(f, x)))
		}
		if err != nil {
			return err
		}
		if _, err := taler.NewWithdrawURI(s.URL, taler.WithdrawalID{}); err != nil && s.URL != "" {
			found.Warn("url", fault.Wrap(err, fault.Invalid, "terminals and wallets of this program are not led to %s", s.URL).Because(taler.ReasonAddressRefused).
				WithHint("leave encoded characters out of its path"))
		}
		providers, err := b.Providers(ctx)
		for _, p := range providers {
			found.Note("provider "+p.Name, b.CheckProvider(ctx, p.Name))
		}
		if err != nil {
			return err
		}
		removed, err := b.RemovedProviders(ctx)
		for _, p := range removed {
			what := "removed provider " + p.Name
			if err := b.CheckProvider(ctx, p.Name); err != nil {
				found.Warn(what, unasked(err))
			} else {
				found.Note(what, nil)
			}
		}
		found.Plugins(host.NewCatalog(f.Plugins()))
		return err
	})
	return found, err
}

// unasked warns of a removed provider that cannot be asked. It is a warning because the
// provider may have ended: nobody charges there any more.
func unasked(err error) *fault.Fault {
	f := fault.From(err)
	return fault.Wrap(err, f.Kind, "what was paid there cannot go back while this lasts: %s", f.Message).Because(f.Reason).
		WithHint("%s", cmp.Or(f.Hint, "nothing is to be done if no payment of it can go back any more"))
}

// door is what is to be said of the address at which the bank will serve.
func door(e *cli.Env, s settings) (what string, err error) {
	if c := s.Edge.certificate(); c.File != "" {
		return "certificate " + c.File, c.Check(s.certified(), time.Now())
	}
	if err := serve.CheckPlain(s.Listen); err != nil && !e.AllowHTTP {
		return "address " + s.Listen, err
	}
	return "", nil
}

// exposed warns of a file with an exchange's password that everybody on this machine may read.
// Its group may, for the exchange's user has to.
func exposed(path string) *fault.Fault {
	const others = 0o004
	file, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || file.Mode()&others == 0 {
		return nil
	}
	if dir, err := os.Stat(filepath.Dir(path)); err != nil || dir.Mode()&0o001 == 0 {
		return nil
	}
	return fault.New(fault.Denied, "everybody on this machine may read %s, which holds the password of the exchange", path).Because("file-exposed").
		WithHint("chmod o-r %s; `bank gateway rotate` gives a new password", path)
}

// checkExchange compares what the bank knows of an exchange with what that says of
// itself: the bank pays to its account, and has nothing to do with its coins.
func checkExchange(ctx context.Context, x bank.Exchange, currency string) error {
	keys, err := check.Keys(ctx, x.URL)
	if err != nil {
		return err
	}
	return fits(x, currency, keys)
}

// fits refuses an exchange that would not take the money that we announce, or whose
// wallets would name another account: they take the first of a kind.
func fits(x bank.Exchange, currency string, keys taler.Keys) error {
	if keys.Currency != currency {
		return fault.New(fault.Conflict, "the exchange is one for %s, this bank for %s", keys.Currency, currency).Because("exchange-differs")
	}
	if own := keys.BaseURL; own != "" && taler.ExchangeBase(own) != taler.ExchangeBase(x.URL) {
		return fault.New(fault.Conflict, "the exchange says that its address is %s: GNU Taler's wallets refuse it by another", fault.Line(own)).
			Because("exchange-differs").WithHint("name that address in the bank's settings, or have its operator mend its BASE_URL")
	}
	before := taler.Payto("")
	for _, a := range keys.Accounts {
		switch {
		case a.PaytoURI.Equal(x.Account) && before == "":
			return nil
		case a.PaytoURI.Equal(x.Account):
			return fault.New(fault.Conflict, "the exchange lists %s before %s: wallets select the first account of a kind, and this bank refuses it", before, x.Account).
				Because("exchange-differs").WithHint("have it listed first, or let it be of a kind of its own, such as payto://wallee-transaction/cards?receiver-name=Cards")
		case before == "" && a.PaytoURI.Kind() == x.Account.Kind() && a.Takes(""):
			before = a.PaytoURI
		}
	}
	return fault.New(fault.Conflict, "the exchange has no account %s", x.Account).Because("exchange-differs").
		WithHint("the account is one of those in its /keys")
}
