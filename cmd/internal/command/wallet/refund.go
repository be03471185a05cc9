package wallet

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// refund is `wallet refund`: of a payment of several instruments that is open, or
// of what one operation has paid, if the vendor lets it.
func refund(e *cli.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "refund OPERATION", Short: "Get a payment back: while not all of it is paid, or when the vendor lets you", Args: cobra.ExactArgs(1),
		RunE: alone(e, func(ctx context.Context, w *wallet, args []string) error {
			name, err := e.Name(args[0])
			if err != nil {
				return err
			}
			switch whole, err := w.RefundPayment(ctx, name); {
			case err == nil:
				return w.ended(whole, nil)
			case !errors.Is(err, fault.NotFound) || fault.ReasonOf(err) != "operation-unknown":
				return err
			}
			paid, err := w.Protocols().Named(ctx, name)
			if err != nil {
				return err
			}
			back, err := w.RefundOperation(ctx, paid)
			if err != nil {
				return err
			}
			return e.Print(back, "%s\n", line("Refunded", back.Amount.String(), "with", string(back.Class)+"; operation", string(back.Operation)))
		}),
	}
	return c
}
