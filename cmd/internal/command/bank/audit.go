package bank

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/audit"
)

func auditCommand(e *cli.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "audit", Short: "Compare the books with each other and with the providers' own ledgers", Args: cobra.NoArgs,
		Long: "Read the exchange's history, withdrawals, transfers and returns, each by itself, ask the\n" +
			"providers what was paid and refunded, and name every difference. Nothing is changed; the\n" +
			"bank may run meanwhile. The exit code is 1 if there is a difference. A provider that\n" +
			"cannot be reached is one.",
	}
	pace := c.Flags().Int("per-second", 50, "most questions to each provider in a second")
	since := c.Flags().Duration("since", 0, "ask the providers only about withdrawals that are open or moved in that time, as 72h (default all)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *pace < 1 {
			return cli.Usage("--per-second is at least 1")
		}
		o := audit.Options{PerSecond: *pace}
		switch {
		case *since < 0:
			return cli.Usage("--since is a length of time, as 72h")
		case *since > 0:
			o.Since = time.Now().Add(-*since)
		}
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			r, err := audit.Run(c.Context(), b, o)
			if err != nil {
				return err
			}
			return audited(e, r)
		})
	}
	return c
}

// audited prints a report. Differences are told by the report itself; the error is
// only for the exit code.
func audited(e *cli.Env, r audit.Report) error {
	rows := make([][]string, len(r.Differences))
	for n, d := range r.Differences {
		about := d.WOPID
		if len(about) > shortened {
			about = about[:shortened]
		}
		rows[n] = []string{string(d.Kind), about, d.Provider, d.Payment, d.Text}
	}
	e.Say("%s, %d confirmed, %s in the history, %d asked about, %s at the providers, %d explained: %s",
		fault.Count(r.Withdrawals, "withdrawal"), r.Confirmed, fault.Count(r.HistoryRows, "row"), r.Asked, fault.Count(r.ProviderPayments, "payment"), r.Explained, fault.Count(len(rows), "difference"))
	if err := e.Table(r, []string{"DIFFERENCE", "WOPID", "PROVIDER", "PAYMENT", "WHAT"}, rows); err != nil {
		return err
	}
	if r.OK {
		return nil
	}
	return cli.Reported(fault.New(fault.Internal, "the books differ in %s", fault.Count(len(rows), "place")).Because("books-differ"))
}
