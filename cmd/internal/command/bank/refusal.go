package bank

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

func refusalList(e *cli.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List the transfers that were refused, oldest first", Args: cobra.NoArgs,
		Long: "List the transfers of exchanges that were refused, oldest first. An exchange never sends one\n" +
			"again, and keeps the money: its people find it by the wtid, and ACCOUNT names the card payment.\n" +
			"Settle it with them, give the money back by hand at the provider, and note that with\n" +
			"`bank refusal resolve`. Until then `bank audit` names it.",
	}
	open := c.Flags().Bool("open", false, "only those that are not resolved")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			all, err := b.Refusals(c.Context())
			if err != nil {
				return err
			}
			out, rows := []bank.Refusal{}, [][]string{}
			for _, r := range all {
				if *open && r.Resolved != "" {
					continue
				}
				out = append(out, r)
				rows = append(rows, refusalRow(r))
			}
			return e.Table(map[string]any{"refusals": out}, refusalTitles, rows)
		})
	}
	return c
}

var refusalTitles = []string{"NUMBER", "TIME", "EXCHANGE", "AMOUNT", "WTID", "ACCOUNT", "WHY", "RESOLVED"}

func refusalRow(r bank.Refusal) []string {
	return []string{
		strconv.FormatUint(uint64(r.Number), 10), r.Time.UTC().Format(time.RFC3339), r.Exchange, r.Amount.String(), r.WTID.String(), string(r.CreditAccount), r.Message, r.Resolved,
	}
}

func refusalResolve(e *cli.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "resolve NUMBER", Short: "Note what was done about a transfer that was refused", Args: cobra.ExactArgs(1),
		Long: "Note what was done about a transfer that was refused. Nothing is given back by it. `bank audit`\n" +
			"then counts the transfer as explained, and names it no longer. Another note replaces the first\n" +
			"one.",
	}
	reason := c.Flags().String("reason", "", "what was done; it is kept on record")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := cli.Require(c, "reason"); err != nil {
			return err
		}
		number, err := strconv.ParseUint(args[0], 10, 63)
		if err != nil {
			return cli.Usage("%q is no number of `bank refusal list`", args[0])
		}
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			r, err := b.Resolve(c.Context(), instrument.Seq(number), *reason)
			if err != nil {
				return cli.Argument(err)
			}
			return e.Table(r, refusalTitles, [][]string{refusalRow(r)})
		})
	}
	return c
}
