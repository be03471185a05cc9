package terminal

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// kindSimulator is the only kind of provider that the card bundle speaks to.
const kindSimulator = "simulator"

func providers(e *cli.Env) *cobra.Command {
	return cli.Group("provider", "Know who charges cards", providerAdd(e), providerList(e), providerCheck(e), providerRemove(e))
}

func providerAdd(e *cli.Env) *cobra.Command {
	p := vendor.CardProvider{}
	c := &cobra.Command{
		Use: "add NAME", Short: "Make a provider known; it is not asked", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, t *terminal, args []string) error {
			p.Name = args[0]
			if p.URL == "" {
				return cli.Usage("terminal provider add needs --url")
			}
			if p.Kind != kindSimulator {
				return cli.Argument(fault.New(fault.Invalid, "there is no kind of provider %q", p.Kind).Because("provider-kind-unknown").
					WithHint("%q is the one", kindSimulator))
			}
			if _, err := taler.CheckURL(p.URL, e.AllowHTTP); err != nil {
				return cli.Argument(err)
			}
			if err := t.AddProvider(ctx, p); err != nil {
				return err
			}
			return e.Print(p, "the provider %s is at %s\n", p.Name, p.URL)
		}),
	}
	c.Flags().StringVar(&p.Kind, "kind", kindSimulator, "what kind of provider it is: simulator")
	c.Flags().StringVar(&p.URL, "url", "", "base `URL` of its API")
	return c
}

func providerList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the providers", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, t *terminal, _ []string) error {
			all, err := t.Providers(ctx)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, p := range all {
				rows = append(rows, []string{p.Name, p.Kind, p.URL})
			}
			return e.Table(map[string]any{"providers": all}, []string{"NAME", "KIND", "URL"}, rows)
		}),
	}
}

func providerCheck(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "check NAME", Short: "Ask whether a provider answers", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, t *terminal, args []string) error {
			if err := t.CheckProvider(ctx, args[0]); err != nil {
				return err
			}
			return e.Print(map[string]any{"name": args[0], "ok": true}, "%s answers\n", args[0])
		}),
	}
}

func providerRemove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "End the use of a provider", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, t *terminal, args []string) error {
			if err := t.RemoveProvider(ctx, args[0]); err != nil {
				return err
			}
			return e.Print(map[string]any{"name": args[0], "removed": true}, "%s is not used any more\n", args[0])
		}),
	}
}
