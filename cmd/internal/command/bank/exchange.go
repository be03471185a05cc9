package bank

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

// exchanges is `bank exchange`: those whose cash is sold beside the default one.
func exchanges(e *cli.Env) *cobra.Command {
	return cli.Group("exchange", "Exchanges whose cash is sold; further ones are below /NAME/",
		exchangeAdd(e), exchangeList(e), exchangeRemove(e))
}

func exchangeAdd(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "add NAME", Short: "Open an account for a further exchange; a running bank knows it at once", Args: cobra.ExactArgs(1)}
	url := c.Flags().String("url", "", "base `URL` of the exchange")
	account := c.Flags().String("account", "", "the exchange's account, a `PAYTO` URI, as in its /keys")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := cli.Require(c, "url", "account"); err != nil {
			return err
		}
		x := bank.Exchange{Name: args[0], Account: taler.Payto(*account)}
		var err error
		if x.URL, err = base(e, *url); err != nil {
			return cli.Argument(err)
		}
		return atDesk(c.Context(), e, func(d desk) error {
			g, err := d.b.AddExchange(c.Context(), x)
			if err != nil {
				return cli.Argument(err)
			}
			return d.hand(x, g)
		})
	}
	return c
}

func exchangeList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the exchanges, the default one first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
				all, err := b.Exchanges(c.Context())
				if err != nil {
					return err
				}
				rows := make([][]string, len(all))
				for n, x := range all {
					rows[n] = []string{x.Name, x.URL, string(x.Account)}
				}
				return e.Table(map[string]any{"exchanges": all}, []string{"NAME", "URL", "ACCOUNT"}, rows)
			})
		},
	}
}

func exchangeRemove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "End the sale of an exchange's cash, and its login", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
				if err := b.RemoveExchange(c.Context(), args[0]); err != nil {
					return err
				}
				return e.Print(map[string]any{"name": args[0], "removed": true},
					"%s is removed; what it has not read of its history stays, and `bank exchange add` opens it again\n", args[0])
			})
		},
	}
}

func gatewayRotate(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "rotate [NAME]", Short: "Give an exchange new credentials; the old ones end at once", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name := bank.DefaultExchange
			if len(args) == 1 {
				name = args[0]
			}
			return atDesk(c.Context(), e, func(d desk) error {
				x, err := d.b.Exchange(c.Context(), name)
				if err != nil {
					return err
				}
				g, err := d.b.RotateGateway(c.Context(), name)
				if errors.Is(err, fault.NotFound) && x.Default {
					g, err = d.b.AddGateway(c.Context(), name) // an init was interrupted before it
				}
				if err != nil {
					return err
				}
				return d.hand(x, g)
			})
		},
	}
}

// desk is where an operator hands credentials out.
type desk struct {
	e *cli.Env
	f house.Files
	b *bank.Bank
	s settings
}

func atDesk(ctx context.Context, e *cli.Env, do func(desk) error) error {
	f, err := files(e)
	if err != nil {
		return err
	}
	return beside(ctx, e, func(b *bank.Bank, s settings) error { return do(desk{e, f, b, s}) })
}

// handed is what is said of new credentials of an exchange, this once.
type handed struct {
	Dir      string  `json:"dir"`
	Currency string  `json:"currency"`
	Gateway  gateway `json:"gateway"`
}

type gateway struct {
	URL string `json:"url"` // empty while the bank listens nowhere
	bank.Gateway
}

// hand writes the credentials into the file for an exchange and shows them.
func (d desk) hand(x bank.Exchange, g bank.Gateway) error {
	path, url := credentialsOf(d.f, x), d.gatewayURL(x)
	err := credentials.Write(path, credentials.Credentials{Account: x.Name, URL: url, User: g.User, Password: g.Password})
	if err != nil {
		return err
	}
	return d.e.Print(handed{d.f.Dir, d.s.Currency, gateway{url, g}},
		"the bank for %s is in %s\nthe exchange's login is in %s; copy it into the exchange's configuration\nlogin    %s\npassword %s\ntoken    %s\n",
		d.s.Currency, d.f.Dir, path, g.User, g.Password, g.Token)
}

// credentialsOf is the file for an exchange.
func credentialsOf(f house.Files, x bank.Exchange) string {
	name := credentials.Name
	if !x.Default {
		base, ext, _ := strings.Cut(name, ".")
		name = base + "-" + x.Name + "." + ext
	}
	return filepath.Join(f.Dir, name)
}

// gatewayURL is where an exchange finds its account: where the bank listens, or
// did when it was last seen, or will as far as that is settled.
func (d desk) gatewayURL(x bank.Exchange) string {
	if old, err := credentials.Read(credentialsOf(d.f, x)); err == nil && old.URL != "" {
		return old.URL
	}
	if first, err := credentials.Read(credentialsOf(d.f, d.b.Default())); err == nil && first.URL != "" {
		return strings.TrimSuffix(first.URL, rest.WireGatewayPath) + gatewayPath(x)
	}
	return d.s.gatewayURL(x)
}

// gatewayPath is the path of an exchange's wire gateway.
func gatewayPath(x bank.Exchange) string {
	if x.Default {
		return rest.WireGatewayPath
	}
	return "/" + x.Name + rest.WireGatewayPath
}
