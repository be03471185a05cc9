package bank

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
)

// gatewayName is the exchange's login, and names its account in its
// configuration.
const gatewayName = "exchange"

func initCommand(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "init", Short: "Make a bank; nobody is asked", Args: cobra.NoArgs}
	s := usual()
	f := c.Flags()
	f.StringVar(&s.Currency, "currency", "", "the `CURRENCY` of everything here, such as CHF")
	f.StringVar(&s.ExchangeURL, "exchange-url", "", "base `URL` of the exchange whose cash is sold")
	account := f.String("exchange-account", "", "the exchange's account, a `PAYTO` URI, as in its /keys")
	f.StringVar(&s.Listen, "listen", anyPort, "`ADDR` where the REST APIs will listen; port 0 takes a free one")
	fees := f.String("withdrawal-fees", "", "`AMOUNT` that a withdrawal costs the customer; default none")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := cli.Require(c, "currency", "exchange-url", "exchange-account"); err != nil {
			return err
		}
		s.ExchangeAccount = taler.Payto(*account)
		if err := s.WithdrawalFees.UnmarshalText([]byte(*fees)); err != nil {
			return cli.Argument(err)
		}
		if err := s.check(e); err != nil {
			return cli.Argument(err)
		}
		at, err := files(e)
		if err != nil {
			return err
		}
		return initialise(c.Context(), e, at, s)
	}
	return c
}

// initialise writes the settings first: a directory whose init was interrupted
// holds no party, and init can be said again.
func initialise(ctx context.Context, e *cli.Env, f house.Files, s settings) error {
	if err := f.Free(); err != nil {
		return err
	}
	if err := config.Write(f.Config(), "Settings of a bank that sells digital cash by card.", &s); err != nil {
		return err
	}
	if err := house.Init(ctx, f, s.Name, nil); err != nil {
		return err
	}
	return beside(ctx, e, func(b *bank.Bank, s settings) error {
		g, err := b.AddGateway(ctx, gatewayName)
		if err != nil {
			return err
		}
		return hand(e, f, s, g)
	})
}

// handed is what is said of new credentials of the exchange, this once.
type handed struct {
	Dir      string  `json:"dir"`
	Currency string  `json:"currency"`
	Gateway  gateway `json:"gateway"`
}

type gateway struct {
	URL string `json:"url"` // empty while the bank listens nowhere
	bank.Gateway
}

// hand writes the credentials into the file for the exchange and shows them.
func hand(e *cli.Env, f house.Files, s settings, g bank.Gateway) error {
	path := filepath.Join(f.Dir, credentials.Name)
	url := s.gatewayURL()
	if old, err := credentials.Read(path); err == nil && old.URL != "" {
		url = old.URL // where it listens, or did when it was last seen
	}
	err := credentials.Write(path, credentials.Credentials{Account: gatewayName, URL: url, User: g.User, Password: g.Password})
	if err != nil {
		return err
	}
	return e.Print(handed{f.Dir, s.Currency, gateway{url, g}},
		"the bank for %s is in %s\nthe exchange's login is in %s; copy it into the exchange's configuration\nlogin    %s\npassword %s\ntoken    %s\n",
		s.Currency, f.Dir, path, g.User, g.Password, g.Token)
}

func gatewayRotate(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "rotate [NAME]", Short: "Give the exchange new credentials; the old ones end at once", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name := gatewayName
			if len(args) == 1 {
				name = args[0]
			}
			f, err := files(e)
			if err != nil {
				return err
			}
			return beside(c.Context(), e, func(b *bank.Bank, s settings) error {
				g, err := b.RotateGateway(c.Context(), name)
				if errors.Is(err, fault.NotFound) && name == gatewayName {
					g, err = b.AddGateway(c.Context(), name) // an init was interrupted before it
				}
				if err != nil {
					return err
				}
				return hand(e, f, s, g)
			})
		},
	}
}
