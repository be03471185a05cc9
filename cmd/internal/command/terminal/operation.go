package terminal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/operation"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// sold is a withdrawal as it is shown. The WOPID is a secret until it ends, so
// only its beginning is, which is enough for the terminal's other commands.
type sold struct {
	WOPID       string            `json:"wopid"`
	Status      string            `json:"status"`
	Amount      instrument.Amount `json:"amount"`
	Fees        instrument.Amount `json:"fees,omitzero"`
	Total       instrument.Amount `json:"total,omitzero"`
	Exchange    string            `json:"exchange,omitempty"`
	Reserve     string            `json:"reserve,omitempty"`
	Transaction string            `json:"provider_transaction_id,omitempty"`
	Terms       string            `json:"terms_version,omitempty"` // that were accepted
	Accepted    time.Time         `json:"terms_accepted,omitzero"`
	Created     time.Time         `json:"created,omitzero"`
	Ended       time.Time         `json:"ended,omitzero"` // confirmed or aborted
	Reason      string            `json:"reason,omitempty"`
}

func soldOf(w vendor.Withdrawal) sold {
	s := sold{
		WOPID: w.Short(), Status: w.Status, Amount: w.Amount, Fees: w.Fees, Total: w.Total, Exchange: w.Exchange,
		Transaction: w.Transaction, Terms: w.Terms.Version, Accepted: taler.TimeOf(w.Terms.AcceptedAt), Created: taler.TimeOf(w.Progress.Created),
		Ended: taler.TimeOf(w.Progress.Ended), Reason: w.Reason,
	}
	if !w.ReservePub.IsZero() {
		s.Reserve = w.ReservePub.String()
	}
	return s
}

// when is a time for people, nothing if it has not come.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func operations(e *cli.Env) *cobra.Command {
	return cli.Group("operation", "Look at withdrawals and other operations", operationList(e), operationShow(e),
		operation.ResumeServed(e, opener(e, looking), opener(e, working)), operationAbandon(e))
}

func operationList(e *cli.Env) *cobra.Command {
	var which operation.Which
	c := &cobra.Command{
		Use: "list", Short: "List withdrawals and operations, each newest first", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, t *terminal, _ []string) error {
			all, err := t.Withdrawals(ctx)
			if err != nil {
				return err
			}
			records, err := which.Records(ctx, t.Protocols())
			if err != nil {
				return err
			}
			slices.Reverse(all) // newest first, as operations are
			withdrawals, rows := []sold{}, [][]string{}
			for _, w := range all {
				s := soldOf(w)
				withdrawals = append(withdrawals, s)
				state := strings.Join(strings.Fields(s.Status+" "+s.Transaction+" "+s.Reason), " ")
				rows = append(rows, []string{s.WOPID, when(s.Created), "withdrawal", cli.Money(s.Total), state})
			}
			for _, r := range records {
				rows = append(rows, operation.Row(r, ""))
			}
			return e.Table(map[string]any{"withdrawals": withdrawals, "operations": records}, operation.Columns(), rows)
		}),
	}
	which.Flags(c)
	return c
}

func operationShow(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "show WOPID|OPERATION", Short: "Show one withdrawal or operation; the beginning of its name is enough", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, t *terminal, args []string) error {
			name, err := e.Withdrawal(args[0])
			if err != nil {
				return err
			}
			w, err := t.FindByPrefix(ctx, name)
			if errors.Is(err, fault.NotFound) {
				if other := operation.Tell(ctx, e, t.Protocols(), name, nil); !errors.Is(other, fault.NotFound) {
					return other
				}
			}
			if err != nil {
				return err
			}
			s := soldOf(w)
			return e.Table(s, []string{"", ""}, [][]string{
				{"wopid", s.WOPID},
				{"status", s.Status},
				{"amount", cli.Money(s.Amount)},
				{"fees", cli.Money(s.Fees)},
				{"total", cli.Money(s.Total)},
				{"exchange", s.Exchange},
				{"reserve", s.Reserve},
				{"transaction", s.Transaction},
				{"terms", s.Terms + " " + when(s.Accepted)},
				{"created", when(s.Created)},
				{"ended", when(s.Ended)},
				{"reason", s.Reason},
			})
		}),
	}
}
