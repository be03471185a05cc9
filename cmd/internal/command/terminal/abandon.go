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
	var forgo bool
	c := &cobra.Command{
		Use: "abandon WOPID|OPERATION", Args: cobra.ExactArgs(1),
		Short: "Give up a withdrawal that nobody has paid, or an operation, whose instruments are freed; refused while something of value may be outside",
		RunE: func(c *cobra.Command, args []string) error {
			name, err := e.Withdrawal(args[0])
			if err != nil {
				return err
			}
			if forgo {
				return operation.ForgoServed(c.Context(), e, name, opener(e, looking), func(ctx context.Context) error {
					return open(ctx, e, working, func(ctx context.Context, t *terminal) error { return operation.Forgo(ctx, e, t.Controller, name) })
				})
			}
			return open(c.Context(), e, looking, func(ctx context.Context, t *terminal) error { return t.abandon(ctx, name, fault.Line(reason)) })
		},
	}
	c.Flags().BoolVar(&forgo, "forgo", false, "let an operation that was stopped go on once more, and give up what it may have done; 'terminal refund' then asks the provider about a card")
	c.Flags().StringVar(&reason, "reason", "the shop gave it up", "why a withdrawal is given up, for the record")
	return c
}

// abandon gives up the withdrawal of that name, or the operation.
func (t *terminal) abandon(ctx context.Context, name, reason string) error {
	w, err := t.FindByPrefix(ctx, name)
	if errors.Is(err, fault.NotFound) {
		if other := operation.GiveUp(ctx, t.env, t.Protocols(), name); !errors.Is(other, fault.NotFound) {
			return mayForgo(other)
		}
	}
	if err != nil {
		return err
	}
	if err := t.GiveUp(ctx, &w, reason); err != nil {
		return err
	}
	return t.env.Print(soldOf(w), "The withdrawal %s of %s is given up.\n", w.Short(), cli.Money(w.Amount))
}

// mayForgo adds what an operator can do about an operation that goes on no more.
func mayForgo(err error) error {
	if f := fault.From(err); f != nil && f.Reason == "value-outside" {
		return f.WithHint("%s; if that is stopped again and again, --forgo gives up what it may have done", f.Hint)
	}
	return err
}
