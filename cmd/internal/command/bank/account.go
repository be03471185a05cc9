package bank

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// accounts is `bank account`: what the bank keeps of its clients besides money.
func accounts(e *cli.Env) *cobra.Command {
	return cli.Group("account", "Account profiles: credit lines, limits and cancellations",
		accountList(e), accountShow(e), accountCredit(e), accountDay(e), accountSettle(e), accountCancel(e), accountRestore(e))
}

func accountRow(a bank.Account) []string {
	state := "good"
	if a.Cancelled != "" {
		state = "cancelled: " + a.Cancelled
	}
	if a.Disabled {
		state = "disabled"
	}
	if a.PerDay != nil {
		state += ", at most " + a.PerDay.String() + " a day"
	}
	row := []string{a.Name, "", "", state}
	if a.Credit != nil {
		row[1], row[2] = a.Credit.String(), a.Owes.String()
	}
	return row
}

var accountTitles = []string{"NAME", "CREDIT", "OWES", "STANDING"}

func accountList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the accounts", Args: cobra.NoArgs,
		RunE: with(e, func(ctx context.Context, b *bank.Bank, _ []string) error {
			all, err := b.Accounts(ctx)
			if err != nil {
				return err
			}
			rows := make([][]string, len(all))
			for n, a := range all {
				rows[n] = accountRow(a)
			}
			return e.Table(map[string]any{"accounts": all}, accountTitles, rows)
		}),
	}
}

// onAccount is a command that changes an account, and shows it as it is then.
func onAccount(e *cli.Env, use, short string, args int, change func(ctx context.Context, b *bank.Bank, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(args),
		RunE: with(e, func(ctx context.Context, b *bank.Bank, args []string) error {
			if err := change(ctx, b, args); err != nil {
				return err
			}
			a, err := b.Account(ctx, args[0])
			if err != nil {
				return err
			}
			return e.Table(a, accountTitles, [][]string{accountRow(a)})
		}),
	}
}

func accountShow(e *cli.Env) *cobra.Command {
	return onAccount(e, "show NAME", "Show an account", 1, func(context.Context, *bank.Bank, []string) error { return nil })
}

func accountCredit(e *cli.Env) *cobra.Command {
	c := accountLimit(e, "credit NAME [AMOUNT]", "Give an account a credit line", "take the credit line away", (*bank.Bank).SetCredit)
	c.Long = "Give an account a credit line: the most that it may have sold, and be selling, since\n`bank account settle`. " + uncounted
	return c
}

func accountDay(e *cli.Env) *cobra.Command {
	c := accountLimit(e, "day NAME [AMOUNT]", "Limit what an account sells in a day of UTC", "take the limit away", (*bank.Bank).SetPerDay)
	c.Long = "Limit what an account sells, and is selling, in a day of UTC.\n" + uncounted
	return c
}

// uncounted is what who sets a limit late would not expect.
const uncounted = "What it sells while it has neither a credit line nor a limit\nof a day is not counted: a first one counts from the moment at which it is set."

// accountLimit is a command that sets an amount of an account, or takes it away: then
// the amount need not be said.
func accountLimit(e *cli.Env, use, short, away string, set func(*bank.Bank, context.Context, string, instrument.Amount) error) *cobra.Command {
	none := false
	var c *cobra.Command
	c = onAccount(e, use, short, 2, func(ctx context.Context, b *bank.Bank, args []string) error {
		switch {
		case none && len(args) == 2:
			return cli.Usage("%s and --none are two wishes: give one of them", args[1])
		case none:
			return set(b, ctx, args[0], instrument.Amount{})
		case len(args) < 2:
			return cli.Usage("%s needs an AMOUNT, or --none", c.CommandPath())
		}
		most, err := cli.Amount(args[1])
		if err != nil {
			return err
		}
		return cli.Argument(set(b, ctx, args[0], most))
	})
	c.Args = cobra.RangeArgs(1, 2)
	c.Flags().BoolVar(&none, "none", false, away)
	return c
}

func accountSettle(e *cli.Env) *cobra.Command {
	return onAccount(e, "settle NAME", "Count anew: what was owed has been paid", 1, func(ctx context.Context, b *bank.Bank, args []string) error {
		return b.Settle(ctx, args[0])
	})
}

func accountCancel(e *cli.Env) *cobra.Command {
	reason := ""
	c := onAccount(e, "cancel NAME", "Keep an account from beginning anything new", 1, func(ctx context.Context, b *bank.Bank, args []string) error {
		if reason == "" {
			return cli.Usage("--reason is needed: the account's holder is told")
		}
		return b.Cancel(ctx, args[0], reason)
	})
	c.Flags().StringVar(&reason, "reason", "", "why, as its holder is told")
	return c
}

func accountRestore(e *cli.Env) *cobra.Command {
	return onAccount(e, "restore NAME", "Take a cancellation back", 1, func(ctx context.Context, b *bank.Bank, args []string) error {
		return b.Restore(ctx, args[0])
	})
}
