package terminal

import (
	"context"
	"crypto/rand"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// order is what the flags of a withdrawal say.
type order struct {
	amount, card, key, listen, exchange, reader string
	yes                                         bool
}

func (o *order) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.card, "card", "", "`TOKEN` of a plastic card at the terminal's own reader; without it a wallet pays over a session")
	readerFlag(c, &o.reader)
	f.StringVar(&o.listen, "listen", "", "`ADDR` at which the wallet pays, instead of the configured one")
	f.BoolVar(&o.yes, "yes", false, "the customer accepts fees and terms, and the wallet is theirs")
	c.MarkFlagsMutuallyExclusive("card", "reader")
}

func withdraw(e *cli.Env) *cobra.Command {
	var o order
	c := &cobra.Command{Use: "withdraw", Short: "Sell digital cash to the customer in front of the terminal", Args: cobra.NoArgs}
	o.flags(c)
	c.Flags().StringVar(&o.amount, "amount", "", "how much the wallet gets, such as CHF:20")
	c.Flags().StringVar(&o.exchange, "exchange", "", "whose cash it is, where the bank has several exchanges: the `NAME` of one there, or its base URL")
	c.Flags().StringVar(&o.key, "key", "", "idempotency key: the same one is the same withdrawal")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := cli.Require(c, "amount"); err != nil {
			return err
		}
		amount, err := cli.Amount(o.amount)
		if err != nil {
			return err
		}
		if err := o.acceptable(e); err != nil { // before the bank hears of a withdrawal that nobody can accept
			return err
		}
		return selling(c.Context(), e, o, func(ctx context.Context, t *terminal, s vendor.Screen) (vendor.Withdrawal, error) {
			return t.sell(ctx, o, amount, s)
		})
	}
	return c
}

func resume(e *cli.Env) *cobra.Command {
	var o order
	c := &cobra.Command{Use: "resume WOPID|-", Short: "Go on with a withdrawal; the beginning of the WOPID is enough", Args: cobra.ExactArgs(1)}
	o.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		name, err := e.Withdrawal(args[0])
		if err != nil {
			return err
		}
		return selling(c.Context(), e, o, func(ctx context.Context, t *terminal, s vendor.Screen) (vendor.Withdrawal, error) {
			w, err := t.FindByPrefix(ctx, name)
			if err != nil {
				return w, err
			}
			if w.AwaitsCustomer() {
				if err := o.acceptable(e); err != nil {
					return w, err
				}
			}
			return t.Resume(ctx, w.WOPID, o.card, s)
		})
	}
	return c
}

// acceptable refuses a withdrawal that somebody must accept where nobody can.
func (o order) acceptable(e *cli.Env) error {
	if o.yes || e.Interactive() {
		return nil
	}
	return cli.Input("the customer must accept fees and terms", "show them, then repeat with --yes")
}

// selling opens the terminal for one withdrawal, with a door for the wallet that
// pays unless a plastic card does.
func selling(ctx context.Context, e *cli.Env, o order, sell func(context.Context, *terminal, vendor.Screen) (vendor.Withdrawal, error)) error {
	return open(ctx, e, working, func(ctx context.Context, t *terminal) error {
		switch {
		case o.reader != "":
			door, err := t.readerDoor(context.WithoutCancel(ctx), o.reader)
			if err != nil {
				return err
			}
			defer func() { _ = door.Close() }()
		case o.card == "":
			door, err := t.door(context.WithoutCancel(ctx), o.listen, t.ListenForWithdrawals)
			if err != nil {
				return err
			}
			defer func() { _ = door.Close() }()
		}
		s := &screen{env: e, yes: o.yes, reader: o.reader != ""}
		w, err := sell(ctx, t, s)
		if s.told {
			return cli.Reported(err)
		}
		if err != nil {
			return err
		}
		return handReceipt(e, t.settings.Merchant, w)
	})
}

func (t *terminal) sell(ctx context.Context, o order, amount instrument.Amount, s vendor.Screen) (vendor.Withdrawal, error) {
	none := vendor.Withdrawal{}
	bank, err := t.BankConfig(ctx)
	if err != nil {
		return none, err
	}
	if bank.Currency != amount.Currency {
		return none, cli.Argument(fault.New(fault.Invalid, "the bank deals in %s, not in %s", bank.Currency, amount.Currency).
			Because(taler.ReasonCurrencyMismatch).WithHint("say how much in %s", bank.Currency))
	}
	if _, err := t.Provider(ctx); err != nil {
		return none, err
	}
	if o.exchange, err = o.choose(ctx, t.env, bank.Exchanges); err != nil {
		return none, err
	}
	if o.key == "" {
		o.key = rand.Text()
		t.env.Say("The key of this withdrawal is %s", o.key)
	}
	op, err := t.OperationID(o.key)
	if err != nil {
		return none, cli.Argument(err)
	}
	return t.Withdraw(ctx, vendor.Order{RequestUID: string(op), Amount: amount, Exchange: o.exchange, Card: o.card}, s)
}

// choose is the exchange whose cash is sold: the one that was named, or where
// there are several the one that the person at the terminal picks. Nobody to ask,
// or a --yes to all, takes the bank's default.
func (o order) choose(ctx context.Context, e *cli.Env, all []taler.ExchangeChoice) (string, error) {
	if o.exchange != "" && len(all) == 0 {
		return "", vendor.NoSuchExchange(o.exchange, all)
	}
	if o.exchange != "" {
		return vendor.ChosenExchange(o.exchange, all)
	}
	if len(all) < 2 || o.yes || !e.Interactive() {
		return "", nil
	}
	for _, x := range all {
		e.Say("%s is %s", x.Name, x.URL)
	}
	name, err := e.Ask(ctx, "The exchange, by its name; nothing is "+all[0].Name, "name it with --exchange")
	if err != nil {
		return "", err
	}
	return vendor.ChosenExchange(name, all)
}
