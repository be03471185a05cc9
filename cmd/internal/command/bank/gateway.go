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
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

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
	return beside(ctx, e, func(b *bank.Bank, s settings) error {
		if err := tellConfigured(ctx, f, b, s); err != nil {
			return err
		}
		return do(desk{e, f, b, s})
	})
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

// gatewayURL is where an exchange finds its account: as the settings say, else where
// the bank listens, or did when it was last seen, or will as far as that is known.
func (d desk) gatewayURL(x bank.Exchange) string {
	if d.s.URL != "" {
		return d.s.gatewayURL(x)
	}
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
