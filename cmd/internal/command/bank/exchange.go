package bank

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
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
		RunE: with(e, func(ctx context.Context, b *bank.Bank, _ []string) error {
			all, err := b.Exchanges(ctx)
			if err != nil {
				return err
			}
			rows := make([][]string, len(all))
			for n, x := range all {
				rows[n] = []string{x.Name, x.URL, string(x.Account)}
			}
			return e.Table(map[string]any{"exchanges": all}, []string{"NAME", "URL", "ACCOUNT"}, rows)
		}),
	}
}

func exchangeRemove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "End the sale of an exchange's cash, and its login", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := files(e)
			if err != nil {
				return err
			}
			return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
				x, err := b.Exchange(c.Context(), args[0])
				if err == nil {
					err = b.RemoveExchange(c.Context(), args[0])
				}
				if err != nil {
					return err
				}
				if err := os.Remove(credentialsOf(f, x)); err != nil && !errors.Is(err, fs.ErrNotExist) { // they open nothing any more
					e.Say("The file %s cannot be removed: %s", credentialsOf(f, x), err)
				}
				return e.Print(map[string]any{"name": args[0], "removed": true},
					"%s is removed; what it has not read of its history, and what it sends back later, waits until `bank exchange add` opens it again\n", args[0])
			})
		},
	}
}
