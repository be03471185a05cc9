package bank

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// terminalNames say which terminal a principal is.
func terminalNames(ctx context.Context, b *bank.Bank) (map[string]string, error) {
	all, err := b.Profiles().Principals(ctx, "terminal")
	names := map[string]string{}
	for _, p := range all {
		names[string(p.ID)] = p.Name
	}
	return names, err
}

func withdrawalList(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List withdrawals, oldest first", Args: cobra.NoArgs}
	status := c.Flags().String("status", "", "only those that are pending, selected, confirmed or aborted")
	c.RunE = func(c *cobra.Command, _ []string) error {
		switch taler.State(*status) {
		case "", taler.StatePending, taler.StateSelected, taler.StateConfirmed, taler.StateAborted:
		default:
			return cli.Usage("a withdrawal is pending, selected, confirmed or aborted, not %s", *status)
		}
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			names, err := terminalNames(c.Context(), b)
			if err != nil {
				return err
			}
			out, rows := e.Items("withdrawals"), [][]string{} // they may be many: only what is printed is kept
			err = b.EachWithdrawal(c.Context(), taler.State(*status), func(w taler.Withdrawal) (bool, error) {
				s, err := shown(w, names, b.Now())
				switch {
				case err != nil:
				case e.JSON:
					err = out.Add(s)
				default:
					rows = append(rows, []string{short(s.WOPID), string(s.Status), amount(s.Amount), s.Terminal, s.Created.Format(time.RFC3339), s.Reason})
				}
				return true, err
			})
			switch {
			case err != nil:
				return err
			case e.JSON:
				return out.End()
			}
			return e.Table(nil, []string{"WOPID", "STATUS", "AMOUNT", "TERMINAL", "CREATED", "REASON"}, rows)
		})
	}
	return c
}

func withdrawalShow(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "show WOPID", Short: "Show one withdrawal and what its provider said", Args: cobra.ExactArgs(1),
		RunE: with(e, func(ctx context.Context, b *bank.Bank, args []string) error {
			w, err := find(ctx, e, b, args[0])
			if err != nil {
				return err
			}
			return show(ctx, e, b, w)
		}),
	}
}

func withdrawalAbort(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "abort WOPID", Short: "End a withdrawal that nobody has paid", Args: cobra.ExactArgs(1)}
	reason := c.Flags().String("reason", "", "why; it is kept on record")
	c.RunE = func(c *cobra.Command, args []string) error {
		return withReason(c, e, args[0], func(b *bank.Bank, id taler.WOPID) error { return b.AbortByOperator(c.Context(), id, *reason) })
	}
	return c
}

// withReason does something to a withdrawal for which a person has to give a reason, and shows it.
func withReason(c *cobra.Command, e *cli.Env, name string, do func(*bank.Bank, taler.WOPID) error) error {
	if err := cli.Require(c, "reason"); err != nil {
		return err
	}
	return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
		w, err := find(c.Context(), e, b, name)
		if err != nil {
			return err
		}
		if err := do(b, w.WOPID); err != nil {
			return err
		}
		if _, w, err = b.Withdrawal(c.Context(), w.WOPID); err != nil {
			return err
		}
		return show(c.Context(), e, b, w)
	})
}

func withdrawalExplain(e *cli.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "explain WOPID", Short: "Note what was found out about a payment that the bank leaves alone, or about refunds", Args: cobra.ExactArgs(1),
		Long: "Note what was found out about a payment that a terminal has named for this withdrawal and\n" +
			"that is for something else, or that the bank may have paid out before it was restored.\n" +
			"Of several, --payment says which. The bank gives it back in no case. `bank audit` then counts it as explained, and names it\n" +
			"no longer as a difference. Another explanation replaces the first one.\n\n" +
			"With --refunded it is about refunds of the payment that has confirmed the withdrawal, and\n" +
			"that the bank's books do not have: those that it made after the backup from which it was\n" +
			"restored, or that somebody made by hand at the provider. The amount is what all of them\n" +
			"together sent back; `bank audit` goes on naming what is above it. What the bank itself was\n" +
			"to give back, and somebody gave back after the provider had refused it, needs no explanation.",
	}
	reason := c.Flags().String("reason", "", "what was found out; it is kept on record")
	payment := c.Flags().String("payment", "", "which `PAYMENT`, as the provider names it, if there are several")
	refunded := c.Flags().String("refunded", "", "that so much (`AMOUNT`) went back of the payment outside of the bank's books")
	c.MarkFlagsMutuallyExclusive("payment", "refunded")
	c.RunE = func(c *cobra.Command, args []string) error {
		return withReason(c, e, args[0], func(b *bank.Bank, id taler.WOPID) error {
			if c.Flags().Changed("refunded") {
				a, err := instrument.ParseAmount(*refunded)
				if err != nil {
					return cli.Argument(err)
				}
				return cli.Argument(b.ExplainRefunds(c.Context(), id, a, *reason))
			}
			return cli.Argument(b.Explain(c.Context(), id, *payment, *reason))
		})
	}
	return c
}

func withdrawalRetry(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "retry WOPID", Short: "Ask the provider now about a payment that it has not decided, or that bought nothing", Args: cobra.ExactArgs(1),
		Long: "Ask the provider now about a withdrawal that a terminal says is paid, instead of when the\n" +
			"bank is next to ask. Of one that has ended, payments that bought nothing are looked for,\n" +
			"as `bank audit` names them, and given back. The exit code is 6 while the provider has not\n" +
			"decided, 8 if it cannot be asked, and 5 if there is nothing to ask about or nothing was\n" +
			"found. The bank may run meanwhile; it goes on asking.",
		RunE: with(e, func(ctx context.Context, b *bank.Bank, args []string) error {
			w, err := find(ctx, e, b, args[0])
			if err != nil {
				return err
			}
			decided, err := b.Retry(ctx, w.WOPID)
			if err != nil {
				return err
			}
			if _, w, err = b.Withdrawal(ctx, w.WOPID); err != nil {
				return err
			}
			if err := show(ctx, e, b, w); err != nil || decided {
				return err
			}
			e.Say("The provider has not decided about the payment; the bank goes on asking.")
			return cli.Reported(fault.New(fault.Unknown, "the provider has not decided about the payment").Because("payment-undecided"))
		}),
	}
}

func show(ctx context.Context, e *cli.Env, b *bank.Bank, w taler.Withdrawal) error {
	names, err := terminalNames(ctx, b)
	if err != nil {
		return err
	}
	s, err := shown(w, names, b.Now())
	if err != nil {
		return err
	}
	if s.Returns, err = returnsOf(ctx, b, w.WOPID); err != nil {
		return err
	}
	if s.Transfers, err = transfersOf(ctx, b, w.WOPID); err != nil {
		return err
	}
	return e.Print(s, "%s\n", strings.Join(s.lines(w.Undecided()), "\n"))
}

// minPrefix is how much of a WOPID names it.
const minPrefix = 8

// find reads a WOPID, a unique beginning of one, a QR code's URI or "-".
func find(ctx context.Context, e *cli.Env, b *bank.Bank, arg string) (taler.Withdrawal, error) {
	text, err := e.Withdrawal(arg)
	if err != nil {
		return taler.Withdrawal{}, err
	}
	if len(text) < minPrefix {
		return taler.Withdrawal{}, cli.Usage("a WOPID is named by its first %d characters or more", minPrefix)
	}
	if id, err := taler.ParseWOPID(text); err == nil {
		_, w, err := b.Withdrawal(ctx, id)
		return w, err
	}
	return byPrefix(ctx, b, text)
}

// byPrefix looks through all withdrawals: their keys are stored so that nobody
// can look for a part of one.
func byPrefix(ctx context.Context, b *bank.Bank, prefix string) (found taler.Withdrawal, err error) {
	err = b.EachWithdrawal(ctx, "", func(w taler.Withdrawal) (bool, error) {
		switch {
		case !w.WOPID.Begins(prefix):
		case !found.WOPID.IsZero():
			return false, fault.New(fault.Conflict, "more than one WOPID begins like that").Because("wopid-ambiguous").WithHint("give more of it")
		default:
			found = w
		}
		return true, nil
	})
	if err != nil {
		return found, err
	}
	if found.WOPID.IsZero() {
		return found, fault.New(fault.NotFound, "there is no such withdrawal").Because(taler.ReasonUnknownOperation)
	}
	return found, nil
}
