package bank

import (
	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
)

// kindSimulator is the only kind of provider that the card bundle speaks to.
const kindSimulator = "simulator"

func providerAdd(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "add NAME", Short: "Make a provider known; it is not asked", Args: cobra.ExactArgs(1)}
	kind := c.Flags().String("kind", kindSimulator, "what kind of provider it is: simulator")
	url := c.Flags().String("url", "", "base `URL` of its API")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := cli.Require(c, "url"); err != nil {
			return err
		}
		if *kind != kindSimulator {
			return cli.Argument(fault.New(fault.Invalid, "there is no kind of provider %q", *kind).Because("provider-kind-unknown").
				WithHint("%q is the one", kindSimulator))
		}
		if _, err := taler.CheckURL(*url, e.AllowHTTP); err != nil {
			return cli.Argument(err)
		}
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			if err := b.AddProvider(c.Context(), bank.Provider{Name: args[0], Kind: *kind, URL: *url}); err != nil {
				return cli.Argument(err)
			}
			p, err := b.ProviderOf(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.Print(p, "the provider %s is at %s\n", p.Name, p.URL)
		})
	}
	return c
}

func providerList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the providers", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
				all, err := b.Providers(c.Context())
				if err != nil {
					return err
				}
				rows := make([][]string, len(all))
				for n, p := range all {
					rows[n] = []string{p.Name, p.Kind, p.URL}
				}
				return e.Table(map[string]any{"providers": all}, []string{"NAME", "KIND", "URL"}, rows)
			})
		},
	}
}

func providerCheck(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "check NAME", Short: "Ask whether a provider answers", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
				if err := b.CheckProvider(c.Context(), args[0]); err != nil {
					return err
				}
				return e.Print(map[string]any{"name": args[0], "ok": true}, "%s answers\n", args[0])
			})
		},
	}
}

func providerRemove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "End the use of a provider that no terminal needs", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
				if err := b.RemoveProvider(c.Context(), args[0]); err != nil {
					return err
				}
				return e.Print(map[string]any{"name": args[0], "removed": true}, "%s is not used any more\n", args[0])
			})
		},
	}
}
