package bank

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
)

func initCommand(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "init", Short: "Make a bank; nobody is asked", Args: cobra.NoArgs}
	s := fresh()
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
	return atDesk(ctx, e, func(d desk) error {
		g, err := d.b.AddGateway(ctx, bank.DefaultExchange)
		if err != nil {
			return err
		}
		return d.hand(d.b.Default(), g)
	})
}
