package exchange

import (
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// Command is `swaperoo exchange`.
func Command(e *cli.Env) *cobra.Command {
	return cli.Group("exchange", "Run a sandbox exchange; no money is behind its coins", initCommand(e), serveCommand(e))
}

// settings are the exchange's config.toml. What was decided for good at init is
// in its books.
type settings struct {
	Listen string `toml:"listen" doc:"Where it listens: host:port; port 0 takes a free one."`
}

func file(dir string) string { return filepath.Join(dir, "config.toml") }

func initCommand(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "init", Short: "Make an exchange and all of its keys", Args: cobra.NoArgs}
	var o exchange.InitOptions
	s := settings{}
	f := c.Flags()
	f.StringVar(&o.Currency, "currency", "", "the `CURRENCY` of its coins, such as CHF")
	f.StringVar(&o.URL, "url", "", "base `URL` in /keys; without it the one where it listens")
	account := f.String("account", string(exchange.DefaultAccount), "its bank account, a `PAYTO` URI")
	f.IntVar(&o.Protocol, "protocol", exchange.Protocol, "the generation of the protocol that it speaks: 23 or 26")
	fee := f.String("withdraw-fee", "", "what each coin costs at the withdrawal, an `AMOUNT`; without it nothing")
	f.DurationVar(&o.CloseAfter, "close-after", 28*24*time.Hour, "when money that nobody has withdrawn goes back")
	f.StringVar(&s.Listen, "listen", "127.0.0.1:0", "`ADDR` where it will listen")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := cli.Require(c, "currency"); err != nil {
			return err
		}
		dir, err := e.PartyDir("exchange")
		if err != nil {
			return err
		}
		if err := o.WithdrawFee.UnmarshalText([]byte(*fee)); err != nil {
			return cli.Argument(err)
		}
		if err := serve.CheckAddress(s.Listen); err != nil {
			return cli.Argument(err)
		}
		if err := config.Alone(dir, config.MarkExchange); err != nil {
			return err
		}
		o.Account, o.Clock, o.Keys = taler.Payto(*account), time.Now, e.DenomKeys
		info, err := exchange.Init(c.Context(), dir, o)
		if err != nil {
			return cli.Argument(err)
		}
		if err := config.Write(file(dir), "Settings of a sandbox exchange.", &s); err != nil {
			return err
		}
		if info.URL == "" { // serve says it for good: it may listen elsewhere
			info.URL = serve.Base(s.Listen)
		}
		return e.Print(made{dir, info.Currency, info.URL, info.Account, info.MasterPub},
			"a sandbox exchange for %s is in %s\naccount %s\nmaster key %s\n", info.Currency, dir, info.Account, info.MasterPub)
	}
	return c
}

// made is what init says.
type made struct {
	Dir       string               `json:"dir"`
	Currency  string               `json:"currency"`
	URL       string               `json:"url"`
	Account   taler.Payto          `json:"account"`
	MasterPub taler.EddsaPublicKey `json:"master_pub"`
}
