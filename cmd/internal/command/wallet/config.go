package wallet

import (
	"context"
	"os"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/pipe"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
)

// Party is what `swaperoo config` knows of a wallet.
func Party() check.Party {
	return check.Party{
		Name: "wallet", Here: here, Check: checkAll,
		Settings: func(e *cli.Env) (any, error) {
			f, err := files(e)
			if err != nil {
				return nil, err
			}
			s, err := readSettings(e, f)
			return &s, err
		},
	}
}

// here: a wallet is the party without a key file. Whatever is wrong with it is for
// whoever opens it to say.
func here(dir string) bool {
	f := house.Files{Dir: dir}
	_, without := os.Stat(f.Vault())
	_, err := os.Stat(f.Key())
	return without == nil && os.IsNotExist(err)
}

func checkAll(ctx context.Context, e *cli.Env) (found check.Findings, err error) {
	err = open(ctx, e, looking, func(ctx context.Context, w *wallet) error {
		found.Note("settings, passphrase, keys and database", nil)
		s, err := readSettings(e, w.house.Files())
		if err != nil {
			return err
		}
		for key, err := range map[string]error{"clear_lines": check.ClearLines(s.ClearLines), "pipes": pipe.Check(s.Pipes)} {
			if err != nil {
				found.Note(key, err)
			}
		}
		all, err := w.Exchanges(ctx)
		for _, x := range all {
			found.Note("exchange "+x.URL, w.checkExchange(ctx, x))
		}
		found.Plugins(w.house.Catalog)
		return err
	})
	return found, err
}

// checkExchange looks whether an exchange is there and still who it was.
func (w *wallet) checkExchange(ctx context.Context, x client.Exchange) error {
	if _, err := taler.CheckURL(x.URL, w.env.AllowHTTP); err != nil {
		return err
	}
	keys, err := check.Keys(ctx, x.URL)
	if err != nil {
		return err
	}
	if !x.MasterPub.IsZero() && keys.MasterPublicKey != x.MasterPub {
		return fault.New(fault.Denied, "the exchange %s was trusted with another master key", x.URL).Because("master-key-changed").
			WithHint("do not use it before its operator or auditor has explained the change")
	}
	return nil
}
