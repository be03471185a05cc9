package wallet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/operation"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func operations(e *cli.Env) *cobra.Command {
	return cli.Group("operation", "Look at operations, payments and withdrawals, and go on with them", operationList(e), operationShow(e), operationResume(e), operationAbandon(e))
}

func operationList(e *cli.Env) *cobra.Command {
	var which operation.Which
	c := &cobra.Command{
		Use: "list", Short: "List operations, payments of several instruments and withdrawals, each newest first", Long: "Operations that are steps of a withdrawal, or of a payment of several instruments, say of which: that is what `wallet operation resume` and `abandon` go on with.", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, _ []string) error {
			records, err := which.Records(ctx, w.Protocols())
			if err != nil {
				return err
			}
			m, err := w.mark()
			if err != nil {
				return err
			}
			withdrawals, err := w.Withdrawals(ctx)
			if err != nil {
				return err
			}
			slices.Reverse(withdrawals)
			payments, err := w.Payments(ctx)
			if err != nil {
				return err
			}
			slices.Reverse(payments)
			inner, err := w.Inner(ctx)
			if err != nil {
				return err
			}
			var rows [][]string
			listed := make([]inList, len(records))
			for n, r := range records {
				listed[n] = inList{r, inner.Of(r)}
				rows = append(rows, operation.Row(r, listed[n].note(m)))
			}
			for _, p := range payments {
				rows = append(rows, []string{string(p.Operation), p.Begun.UTC().Format(time.RFC3339), "payment", p.Total.String(), line(p.Status, p.Reason)})
			}
			for _, x := range withdrawals {
				rows = append(rows, []string{string(x.Operation), x.Created.Format(time.RFC3339), "withdrawal", cli.Money(x.Amount), line(x.Status, x.Reason)})
			}
			shown := map[string]any{"operations": listed, "payments": orEmpty(payments), "withdrawals": orEmpty(withdrawals)}
			return e.Table(shown, operation.Columns(), rows)
		}),
	}
	which.Flags(c)
	return c
}

// inList is an operation as it is listed and shown.
type inList struct {
	protocol.Record
	PartOf instrument.OperationID `json:"part_of,omitempty"` // the withdrawal or payment that the person has begun
}

// note says what a person looks for who goes on with something.
func (o inList) note(m house.Mark) string {
	var notes []string
	if o.PartOf != "" {
		notes = append(notes, fmt.Sprintf("(part of %s)", o.PartOf))
	}
	if m.Holds(o.ID) {
		notes = append(notes, "(held)")
	}
	return strings.Join(notes, " ")
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func operationShow(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "show OPERATION", Short: "Show one operation or withdrawal", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			name, err := e.Name(args[0])
			if err != nil {
				return err
			}
			if x, err := w.FindWithdrawal(ctx, name); err == nil {
				return e.Table(x, []string{"", ""}, [][]string{
					{"operation", string(x.Operation)},
					{"status", x.Status},
					{"amount", cli.Money(x.Amount)},
					{"coins", strconv.Itoa(x.Coins)},
					{"value", cli.Money(x.Value)},
					{"fees", cli.Money(x.Fees)},
					{"remainder", cli.Money(x.Remainder)},
					{"surplus", cli.Money(x.Surplus)},
					{"bank", x.Bank},
					{"exchange", x.Exchange},
					{"reserve", x.Reserve},
					{"reason", x.Reason},
				})
			}
			if p, found, err := w.payment(ctx, name); err != nil {
				return err
			} else if found {
				return e.Table(p, []string{"", ""}, rows(p))
			}
			m, err := w.mark()
			if err != nil {
				return err
			}
			inner, err := w.Inner(ctx)
			if err != nil {
				return err
			}
			return operation.Tell(ctx, e, w.Protocols(), name, func(r protocol.Record) (any, string) {
				listed := inList{r, inner.Of(r)}
				return listed, listed.note(m)
			})
		}),
	}
}

func operationResume(e *cli.Env) *cobra.Command {
	var want wish
	var instead []string
	c := &cobra.Command{
		Use: "resume OPERATION", Short: "Go on with a withdrawal or payment that is pending, or with an operation", Args: cobra.ExactArgs(1),
		RunE: alone(e, func(ctx context.Context, w *wallet, args []string) error {
			name, err := e.Name(args[0])
			if err != nil {
				return err
			}
			p, found, err := w.payment(ctx, name)
			if err != nil {
				return err
			}
			if found {
				if want.pay != "" || want.with != "" {
					return cli.Usage("--pay and --instrument are for a withdrawal; this is a payment, for which --instead is")
				}
				if err := w.goOnWith(ctx, p.Operation); err != nil {
					return err
				}
				return w.ended(w.ResumePayment(ctx, string(p.Operation), &payer{w: w, yes: true, instead: instead}))
			}
			if len(instead) > 0 {
				return cli.Usage("--instead is for a payment of several instruments")
			}
			if _, err := w.FindWithdrawal(ctx, name); errors.Is(err, fault.NotFound) {
				if err := w.goOn(ctx, name); err != nil {
					return err
				}
				return operation.Wait(ctx, e, w.Protocols(), name)
			}
			return w.resume(ctx, name, want)
		}),
	}
	c.Flags().BoolVar(&want.yes, "yes", false, "accept new terms and fees of the exchange")
	c.Flags().StringVar(&want.pay, "pay", "", "pay the terminal `PEER` over a session")
	c.Flags().StringVar(&want.with, "instrument", "", "which card pays")
	c.Flags().StringArrayVar(&instead, "instead", nil, "take `INSTRUMENT` for a part that is refused; without one, what was paid comes back")
	return c
}
