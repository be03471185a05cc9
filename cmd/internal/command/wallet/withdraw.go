package wallet

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
)

// wish is what the flags of a withdrawal say.
type wish struct {
	exchange, amount, pay, with, key string
	yes                              bool
}

func withdraw(e *cli.Env) *cobra.Command {
	var want wish
	c := verb(e, working, "withdraw URI|-", "Withdraw digital cash from a terminal's QR code", cobra.ExactArgs(1), func(ctx context.Context, w *wallet, args []string) error {
		uri, err := w.scanned(ctx, args[0])
		if err != nil {
			return err
		}
		return w.withdraw(ctx, uri, want)
	})
	f := c.Flags()
	f.StringVar(&want.exchange, "exchange", "", "base `URL` of an exchange, known or not")
	f.StringVar(&want.amount, "amount", "", "how much, where the bank lets you choose")
	f.StringVar(&want.pay, "pay", "", "pay the terminal `PEER` over a session")
	f.StringVar(&want.with, "instrument", "", "which card pays")
	f.BoolVar(&want.yes, "yes", false, "accept preview, fees and terms")
	f.StringVar(&want.key, "key", "", "idempotency key; without it the code itself is the key")
	return c
}

// scanned reads a URI, or finds one of before by the beginning of its WOPID. It
// is shown before anything is called.
func (w *wallet) scanned(ctx context.Context, arg string) (taler.WithdrawURI, error) {
	text, err := w.env.Name(arg)
	if err != nil {
		return taler.WithdrawURI{}, err
	}
	uri, err := taler.ParseWithdrawURI(text)
	if err != nil {
		before, unknown := w.FindWithdrawal(ctx, text)
		if unknown != nil {
			return uri, cli.Argument(err)
		}
		uri = before.URI()
	}
	if _, err := taler.CheckURL(uri.BaseURL(), w.env.AllowHTTP); err != nil {
		return uri, err
	}
	w.env.Say("The code is from the bank at %s", uri.BaseURL())
	return uri, nil
}

func (w *wallet) withdraw(ctx context.Context, uri taler.WithdrawURI, want wish) error {
	x := client.Withdrawal{URI: uri, Exchange: want.exchange, Key: want.key}
	if want.exchange != "" {
		if _, err := taler.CheckURL(want.exchange, w.env.AllowHTTP); err != nil {
			return cli.Argument(err)
		}
	}
	var err error
	if want.amount != "" {
		if x.Amount, err = cli.Amount(want.amount); err != nil {
			return err
		}
	}
	if want.pay != "" {
		p, err := w.peer(ctx, want.pay)
		if err != nil {
			return err
		}
		x.Pay = &p
	}
	if want.with != "" {
		i, err := w.find(ctx, want.with)
		if err != nil {
			return err
		}
		x.Card = i.ID
	}
	p := &person{env: w.env, yes: want.yes}
	err = w.Withdraw(ctx, x, p)
	if p.told {
		return cli.Reported(err)
	}
	return err
}

// person is who withdraws: the terminal in front of them, or the flags.
type person struct {
	env  *cli.Env
	yes  bool
	told bool // the last event has said how it ended
}

// Show implements client.Person.
func (p *person) Show(e client.Event) {
	p.told = e.Event == "aborted"
	text := "… " + e.Event
	switch e.Event {
	case "selected":
		text = "The withdrawal is yours; the terminal shows " + e.Groups
	case "paid":
		text = "Paid " + e.Amount.String()
	case "unknown":
		text = "Whether it was paid is not known yet: " + e.Reason
	case "declined":
		text = "Not paid: " + e.Reason
	case "aborted":
		text = "Aborted: " + e.Reason
	case "done":
		text = fmt.Sprintf("Withdrawn %s in %d coins; fees %s; operation %s", e.Amount, e.Coins, e.Fees, e.Operation)
	}
	if err := p.env.Print(e, "%s\n", text); err != nil {
		p.env.Say("the output cannot be written: %v", err)
	}
}

// Agree implements client.Person.
func (p *person) Agree(_ context.Context, v client.Preview) (bool, error) {
	p.env.Say("Withdraw %s at %s\n  through the bank %s, which takes %s\n  %d coins; the exchange takes %s",
		v.Amount, v.Exchange, v.Bank, orNothing(v.CardFees.String(), v.CardFees.IsZero()), v.Coins, orNothing(v.Fees.String(), v.Fees.IsZero()))
	if v.Terms != nil && v.Terms.Version != "" {
		p.env.Say("\nTerms of service of the exchange, version %s:\n%s\n", v.Terms.Version, v.Terms.Text)
	}
	if p.yes {
		return true, nil
	}
	return p.env.Yes("Do you agree?", "look at the preview, then repeat with --yes")
}

func orNothing(text string, zero bool) string {
	if zero {
		return "nothing"
	}
	return text
}

// resume goes on with a withdrawal of before.
func (w *wallet) resume(ctx context.Context, name string, want wish) error {
	before, err := w.FindWithdrawal(ctx, name)
	if err != nil {
		return err
	}
	if before.Bank == "" {
		return fault.New(fault.Unsupported, "this withdrawal has no bank to go on with").Because("withdrawal-manual")
	}
	return w.withdraw(ctx, before.URI(), want)
}
