package bank

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
)

// login is a terminal's account, shown this once.
type login struct {
	Login string `json:"login"`
	Token string `json:"token"`
}

func (l login) show(e *cli.Env) error {
	return e.Print(l, "login %s\ntoken %s\n", l.Login, l.Token)
}

func terminalAdd(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "add NAME", Short: "Make the account of a terminal; its token is shown this once", Args: cobra.ExactArgs(1)}
	provider := c.Flags().String("provider", "", "`NAME` of the provider with which it charges cards")
	var fees tillFees
	fees.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := cli.Require(c, "provider"); err != nil {
			return err
		}
		percent, err := fees.read()
		if err != nil {
			return err
		}
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			name, token, err := b.AddTerminal(c.Context(), args[0], *provider)
			if err == nil && percent != 0 {
				err = b.SetTillFees(c.Context(), name, percent) // before anybody has the token
			}
			if err != nil {
				return cli.Argument(err)
			}
			return login{name, token}.show(e)
		})
	}
	return c
}

// tillFees are the flags for what a terminal takes.
type tillFees struct{ fees, percent string }

// What --fees may be.
const (
	feesTill = "till" // a percentage, which the terminal sends with each withdrawal
	feesNone = "none" // what it likes: nothing is asked for
)

func (t *tillFees) flags(c *cobra.Command) {
	c.Flags().StringVar(&t.fees, "fees", feesNone, "what it takes on top of each withdrawal: none, or till, a percentage that it has to send")
	c.Flags().StringVar(&t.percent, "fee-percent", "", "with --fees till: the `PERCENT` of the amount, such as 1.5")
}

// text is what they are, for people.
func (t *tillFees) text() string { return strings.TrimSpace(t.fees + " " + t.percent) }

func (t *tillFees) read() (taler.Percent, error) {
	switch {
	case t.fees == feesNone && t.percent == "":
		return 0, nil
	case t.fees == feesTill && t.percent != "":
		p, err := taler.ParsePercent(t.percent)
		return p, cli.Argument(err)
	}
	return 0, cli.Usage("--fees till goes with --fee-percent, and --fees none without")
}

func terminalFees(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "fees NAME", Short: "Set what a terminal takes of what is set up from now on", Args: cobra.ExactArgs(1)}
	var fees tillFees
	fees.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := cli.Require(c, "fees"); err != nil {
			return err
		}
		percent, err := fees.read()
		if err != nil {
			return err
		}
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			if err := b.SetTillFees(c.Context(), args[0], percent); err != nil {
				return err
			}
			return e.Print(map[string]any{"name": args[0], "fees": fees.fees, "fee_percent": fees.percent},
				"the fees of %s are %s\n", args[0], fees.text())
		})
	}
	return c
}

func terminalList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the terminals", Args: cobra.NoArgs,
		RunE: with(e, func(ctx context.Context, b *bank.Bank, _ []string) error {
			all, err := b.Terminals(ctx)
			if err != nil {
				return err
			}
			rows := make([][]string, len(all))
			for n, t := range all {
				state := "active"
				if t.Disabled {
					state = "disabled"
				}
				rows[n] = []string{t.Name, t.Provider, t.FeePercent, state, t.Created.UTC().Format(time.RFC3339)}
				all[n].Created = t.Created.UTC()
			}
			return e.Table(map[string]any{"terminals": all}, []string{"NAME", "PROVIDER", "TAKES %", "STATE", "CREATED"}, rows)
		}),
	}
}

func terminalDisable(e *cli.Env) *cobra.Command {
	return byName(e, "disable NAME", "End a terminal's rights at once", (*bank.Bank).DisableTerminal, "disabled", "is disabled")
}

func terminalRotate(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "rotate NAME", Short: "Give a terminal a new token; the old one ends at once", Args: cobra.ExactArgs(1)}
	enable := c.Flags().Bool("enable", false, "also of one that is disabled, which has its rights again")
	c.RunE = func(c *cobra.Command, args []string) error {
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			rotate := b.RotateTerminal
			if *enable {
				rotate = b.EnableTerminal
			}
			name, token, err := rotate(c.Context(), args[0])
			if err != nil {
				return err
			}
			return login{name, token}.show(e)
		})
	}
	return c
}
