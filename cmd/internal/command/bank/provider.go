package bank

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
)

func providerAdd(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "add NAME", Short: "Make a provider known; it is not asked", Args: cobra.ExactArgs(1)}
	var p bank.Provider
	c.Flags().StringVar(&p.Kind, "kind", "simulator", "what kind of provider it is: simulator or wallee")
	c.Flags().StringVar(&p.URL, "url", "", "base `URL` of its API; wallee: without a path, /api is added")
	c.Flags().Int64Var(&p.Space, "space", 0, "wallee: number of the space in which the terminals charge")
	c.Flags().Int64Var(&p.User, "user", 0, "wallee: number of the application user that asks")
	file := c.Flags().String("key-file", "", "wallee: `FILE` with the application user's key")
	c.RunE = func(c *cobra.Command, args []string) error {
		needs := []string{"url"}
		if p.Kind == "wallee" {
			needs = append(needs, "space", "user", "key-file")
		}
		if err := cli.Require(c, needs...); err != nil {
			return err
		}
		if p.Kind == "simulator" && (p.Space != 0 || p.User != 0 || *file != "") {
			return cli.Usage("--space, --user and --key-file are for --kind wallee")
		}
		if _, err := taler.CheckURL(p.URL, e.AllowHTTP); err != nil {
			return cli.Argument(err)
		}
		var key string
		if *file != "" {
			var err error
			if key, err = config.Secret(*file); err != nil {
				return err
			}
		}
		p.Name = args[0]
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			if err := b.AddProviderKey(c.Context(), p, bank.Key(key)); err != nil {
				return cli.Argument(err)
			}
			p, err := b.ProviderOf(c.Context(), p.Name)
			if err != nil {
				return err
			}
			return e.Print(p, "the provider %s is at %s\n", p.Name, p.URL)
		})
	}
	return c
}

func providerRotate(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "rotate NAME", Short: "Ask a provider with another key from now on; it is not asked", Args: cobra.ExactArgs(1)}
	file := c.Flags().String("key-file", "", "`FILE` with the application user's new key")
	user := c.Flags().Int64("user", 0, "number of the application user, if it is another one")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := cli.Require(c, "key-file"); err != nil {
			return err
		}
		key, err := config.Secret(*file)
		if err != nil {
			return err
		}
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			if err := b.RotateProviderKey(c.Context(), args[0], *user, bank.Key(key)); err != nil {
				return cli.Argument(err)
			}
			p, err := b.ProviderOf(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.Print(p, "the provider %s is asked with the new key; `bank provider check %s` tries it\n", p.Name, p.Name)
		})
	}
	return c
}

func providerList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the providers", Args: cobra.NoArgs,
		RunE: with(e, func(ctx context.Context, b *bank.Bank, _ []string) error {
			all, err := b.Providers(ctx)
			if err != nil {
				return err
			}
			rows := make([][]string, len(all))
			for n, p := range all {
				rows[n] = []string{p.Name, p.Kind, p.URL}
			}
			return e.Table(map[string]any{"providers": all}, []string{"NAME", "KIND", "URL"}, rows)
		}),
	}
}

func providerCheck(e *cli.Env) *cobra.Command {
	return byName(e, "check NAME", "Ask whether a provider answers", (*bank.Bank).CheckProvider, "ok", "answers")
}

func providerRemove(e *cli.Env) *cobra.Command {
	return byName(e, "remove NAME", "End the use of a provider that no terminal needs", (*bank.Bank).RemoveProvider, "removed", "is not used any more")
}
