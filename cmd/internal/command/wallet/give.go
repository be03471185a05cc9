package wallet

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// instrumentGive shares what an operation has made for one user, such as an account at a
// vendor; what is added by hand is added to a group at once.
func instrumentGive(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "give ID GROUP", Short: "Give an instrument of yours to a group that you are in, for good", Args: cobra.ExactArgs(2),
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			if args[1] == "" { // elsewhere no group is the user alone
				return cli.Usage("to which group? Say its name")
			}
			i, err := w.find(ctx, args[0])
			if err != nil {
				return err
			}
			group, err := w.ownerOf(ctx, args[1])
			if err != nil {
				return err
			}
			if err := w.Give(ctx, i.ID, group); err != nil {
				return err
			}
			return e.Print(map[string]string{"id": string(i.ID), "event": "given", "group": args[1]}, "%s %s is the group's now\n", i.ID, i.Name)
		}),
	}
}
