package wallet

import (
	"context"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// profiles is `wallet profile`: who uses this wallet, and within which limits.
func profiles(e *cli.Env) *cobra.Command {
	return cli.Group("profile", "Say who uses this wallet, and within which limits", showProfile(e), limit(e))
}

// shownProfile is a principal as its owner sees it.
type shownProfile struct {
	ID     instrument.PrincipalID       `json:"id"`
	Kind   profile.Kind                 `json:"kind"`
	Name   string                       `json:"name"`
	Limits map[string]instrument.Amount `json:"limits"` // for one operation, by currency
}

func showProfile(e *cli.Env) *cobra.Command {
	return verb(e, looking, "show", "Say who you are here and what you may move", cobra.NoArgs, func(_ context.Context, w *wallet, _ []string) error {
		return printProfile(e, w.User())
	})
}

func limit(e *cli.Env) *cobra.Command {
	none := false
	c := verb(e, working, "limit AMOUNT", "Bound what one operation may move in a currency", cobra.ExactArgs(1),
		func(ctx context.Context, w *wallet, args []string) error {
			amount, err := cli.Amount(args[0])
			if err != nil {
				return err
			}
			limits := maps.Clone(w.User().Limits.PerOperation)
			if limits == nil {
				limits = map[string]instrument.Amount{}
			}
			limits[amount.Currency] = amount
			if none {
				delete(limits, amount.Currency)
			}
			if err := w.Profiles().SetLimits(ctx, w.User().ID, profile.Limits{PerOperation: limits}); err != nil {
				return err
			}
			me, err := w.Profiles().Principal(ctx, w.User().ID)
			if err != nil {
				return err
			}
			return printProfile(e, me)
		})
	c.Flags().BoolVar(&none, "none", false, "take the limit of this currency away")
	return c
}

func printProfile(e *cli.Env, p profile.Principal) error {
	shown := shownProfile{ID: p.ID, Kind: p.Kind, Name: p.Name, Limits: p.Limits.PerOperation}
	if shown.Limits == nil {
		shown.Limits = map[string]instrument.Amount{}
	}
	text := line(p.Name, "is a", string(p.Kind), "without limits")
	if len(shown.Limits) > 0 {
		text = line(p.Name, "is a", string(p.Kind)) + "; one operation may move"
		for _, currency := range slices.Sorted(maps.Keys(shown.Limits)) {
			text += " " + shown.Limits[currency].String()
		}
	}
	return e.Print(shown, "%s\n", text)
}
