package terminal

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/operation"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// operationAbandon is `terminal operation abandon`: of operations, which every party has, and of
// withdrawals, which are given up at the bank as well.
func operationAbandon(e *cli.Env) *cobra.Command {
	var reason string
	c := verb(e, looking, "abandon WOPID|OPERATION",
		"Give up a withdrawal that nobody has paid, or an operation, whose instruments are freed; refused while something of value may be outside", cobra.ExactArgs(1),
		func(ctx context.Context, t *terminal, args []string) error {
			name, err := e.Name(args[0])
			if err != nil {
				return err
			}
			w, err := t.FindByPrefix(ctx, name)
			if errors.Is(err, fault.NotFound) {
				if other := operation.GiveUp(ctx, e, t.Protocols(), name); !errors.Is(other, fault.NotFound) {
					return other
				}
			}
			if err != nil {
				return err
			}
			if err := t.GiveUp(ctx, &w, fault.Line(reason)); err != nil {
				return err
			}
			return e.Print(soldOf(w), "The withdrawal %s of %s is given up.\n", w.Short(), cli.Money(w.Amount))
		})
	c.Flags().StringVar(&reason, "reason", "the shop gave it up", "why a withdrawal is given up, for the record")
	return c
}
