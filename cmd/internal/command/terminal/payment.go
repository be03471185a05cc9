package terminal

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// payments are those of several instruments, each with its parts, and those by card
// alone.
func payments(e *cli.Env) *cobra.Command {
	return cli.Group("payment", "Look at payments of several instruments and by card", &cobra.Command{
		Use: "list", Short: "List payments of several instruments and by card", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, t *terminal, _ []string) error {
			all, err := t.AllPayments(ctx)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, p := range all {
				var parts []string
				for _, q := range p.Parts {
					parts = append(parts, q.Amount.String()+" with "+string(q.Class)+" "+string(q.Operation)+back(q.Refunded)+goingBack(q.Refunding))
				}
				for _, c := range p.Unheard {
					parts = append(parts, c.Amount.String()+" with "+string(vendor.ClassCard)+" "+string(c.Operation)+unheard(c))
				}
				rows = append(rows, []string{p.Name, p.Status, p.Paid.String() + " of " + p.Total.String() + back(p.Refunded), strings.Join(parts, ", ")})
			}
			return e.Table(map[string]any{"payments": all}, []string{"PAYMENT", "STATE", "PAID", "PARTS"}, rows)
		}),
	})
}

// back says what went back of an amount, if anything did.
func back(a instrument.Amount) string {
	if a.IsZero() {
		return ""
	}
	return " (" + a.String() + " went back)"
}

// goingBack says what may have gone back, if anything may.
func goingBack(a instrument.Amount) string {
	if a.IsZero() {
		return ""
	}
	return " (" + a.String() + " may have gone back: `terminal refund` finds out)"
}

// unheard says of a charge that it pays nothing.
func unheard(c vendor.Charge) string {
	if c.Known {
		return " (charged, and nobody has heard of it: `terminal refund` gives it back)"
	}
	return " (it is not known yet whether it was charged: `terminal refund` asks the provider, and gives it back if so)"
}

// refund is `terminal refund`: the vendor gives back what one operation has paid.
func refund(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "refund OPERATION", Short: "Give a payment back, also after delivery", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, t *terminal, args []string) error {
			name, err := e.Name(args[0])
			if err != nil {
				return err
			}
			given, err := t.Refund(ctx, name)
			if err != nil {
				return err
			}
			if given.Done {
				return e.Print(given, "%s of operation %s went back\n", given.Amount, given.Operation)
			}
			return e.Print(given, "The payer of operation %s may have it back: `wallet refund` fetches it\n", given.Operation)
		}),
	}
}
