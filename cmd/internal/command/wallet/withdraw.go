package wallet

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/qr"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
)

// wish is what the flags of a withdrawal say.
type wish struct {
	exchange, amount, pay, with, key string
	picture                          string // of a QR code
	manual, yes                      bool
}

func withdraw(e *cli.Env) *cobra.Command {
	var want wish
	c := &cobra.Command{
		Use: "withdraw URI|-", Short: "Withdraw digital cash from a terminal's QR code", Args: cobra.MaximumNArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			if err := want.check(len(args)); err != nil {
				return err
			}
			if want.manual {
				return w.withdrawByTransfer(ctx, want)
			}
			if want.picture != "" {
				text, err := photographed(ctx, want.picture)
				if err != nil {
					return err
				}
				args = []string{text}
			}
			uri, err := w.scanned(ctx, args[0])
			if err != nil {
				return err
			}
			return w.withdraw(ctx, uri, want)
		}),
	}
	f := c.Flags()
	f.StringVar(&want.picture, "qr", "", "read the code from a picture, a PNG `FILE`")
	f.BoolVar(&want.manual, "manual", false, "send the money yourself, by a bank transfer")
	f.StringVar(&want.exchange, "exchange", "", "base `URL` of an exchange, known or not")
	f.StringVar(&want.amount, "amount", "", "how much, where the bank lets you choose")
	f.StringVar(&want.pay, "pay", "", "pay the terminal `PEER` over a session")
	f.StringVar(&want.with, "instrument", "", "which card pays")
	f.BoolVar(&want.yes, "yes", false, "accept preview, fees and terms")
	f.StringVar(&want.key, "key", "", "idempotency key; without it the code itself is the key")
	c.AddCommand(withdrawAbort(e))
	return c
}

// check holds the flags against each other: a withdrawal comes from one place.
func (w wish) check(args int) error {
	places := args
	for _, given := range []bool{w.picture != "", w.manual} {
		if given {
			places++
		}
	}
	switch {
	case places == 0:
		return cli.Usage("name the code: a URI, - for standard input, or --qr FILE; or withdraw with --manual")
	case places > 1:
		return cli.Usage("a URI, --qr and --manual do not go together")
	case w.manual && (w.exchange == "" || w.amount == ""):
		return cli.Usage("--manual needs --exchange and --amount")
	case w.manual && (w.pay != "" || w.with != ""):
		return cli.Usage("--manual is paid by a transfer, not by --pay")
	}
	return nil
}

func photographed(ctx context.Context, path string) (string, error) {
	f, err := cli.Open(ctx, path)
	if err != nil && ctx.Err() != nil {
		return "", err
	}
	if err != nil {
		return "", cli.Argument(fault.Wrap(err, fault.Invalid, "the picture %s cannot be opened", path).Because("file-unreadable"))
	}
	defer func() { _ = f.Close() }()
	text, err := cli.Within(ctx, func() (string, error) { return qr.Read(f) })
	if err != nil && ctx.Err() != nil {
		return "", err
	}
	return text, cli.Argument(err)
}

func withdrawAbort(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "abort OPERATION", Short: "Give a withdrawal up that nobody has paid yet", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			name, err := e.Name(args[0])
			if err != nil {
				return err
			}
			return w.abort(ctx, name)
		}),
	}
}

func (w *wallet) abort(ctx context.Context, name string) error {
	x, err := w.FindWithdrawal(ctx, name)
	if err != nil {
		return err
	}
	err = w.AbortWithdrawal(ctx, x, "aborted by the person")
	if f := fault.From(err); errors.Is(err, fault.Unavailable) && !x.Asked() {
		return f.WithHint("%s; if it is gone for good: `wallet operation abandon %s --forgo`", cli.Advice(f), x.Operation)
	}
	if err != nil {
		return err
	}
	said := "Given up; nothing was paid\n"
	switch {
	case x.Asked():
		said = "Given up; the exchange has nothing left for it: what was paid goes back to where it came from\n"
	case x.Bank == "":
		said = "Given up; no money has arrived. Do not send any now: if a transfer is under way, go on with `wallet operation resume " + string(x.Operation) + "` when it is there\n"
	}
	return w.env.Print(map[string]any{"operation": x.Operation, "status": taler.ReserveAborted}, "%s", said)
}

// forgoWithdrawal gives a withdrawal up also if its bank cannot be asked.
func (w *wallet) forgoWithdrawal(ctx context.Context, x client.Withdrawn) error {
	if err := w.ForgoWithdrawal(ctx, x, "given up by the person"); err != nil {
		return err
	}
	return w.env.Print(map[string]any{"operation": x.Operation, "status": taler.ReserveAborted},
		"Given up; its key is kept. Pay nothing for it any more; if something was paid, `wallet operation resume %s` fetches it when it has come to the exchange\n", x.Operation)
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
	x, err := w.wanted(ctx, want)
	if err != nil {
		return err
	}
	x.URI = uri
	if err := w.goOnWithCode(ctx, uri); err != nil {
		return err
	}
	p := &person{env: w.env, yes: want.yes}
	return p.ended(want.blamed(w.Withdraw(ctx, x, p)))
}

// blamed marks the refusal of an amount or a key as one of what the person typed, if
// they typed one.
func (w wish) blamed(err error) error {
	if fault.ReasonOf(err) == "key-malformed" && w.key != "" {
		return cli.Argument(err)
	}
	if w.amount == "" {
		return err
	}
	switch fault.ReasonOf(err) {
	case taler.ReasonAmountDiffers, taler.ReasonAmountOutOfRange, "currency-differs", "amount-too-small", "too-many-coins":
		return cli.Argument(err)
	}
	return err
}

// withdrawByTransfer names the operation by a key of its own, unless the person has
// named one.
func (w *wallet) withdrawByTransfer(ctx context.Context, want wish) error {
	if want.key == "" {
		want.key = rand.Text()
	}
	x, err := w.wanted(ctx, want)
	if err != nil {
		return err
	}
	p := &person{env: w.env, yes: want.yes}
	return p.ended(want.blamed(w.WithdrawByTransfer(ctx, x, p)))
}

// wanted reads the flags.
func (w *wallet) wanted(ctx context.Context, want wish) (x client.Withdrawal, err error) {
	x = client.Withdrawal{Exchange: want.exchange, Key: want.key}
	if want.exchange != "" {
		if _, err := taler.CheckURL(want.exchange, w.env.AllowHTTP); err != nil {
			return x, cli.Argument(err)
		}
	}
	if want.amount != "" {
		if x.Amount, err = cli.Amount(want.amount); err != nil {
			return x, err
		}
	}
	if want.pay != "" {
		p, err := w.peer(ctx, want.pay)
		if err != nil {
			return x, err
		}
		x.Pay = &p
	}
	if want.with != "" {
		i, err := w.find(ctx, want.with)
		if err != nil {
			return x, err
		}
		if want.pay == "" {
			return x, cli.Usage("--instrument says which card pays the terminal that --pay names")
		}
		x.Card = i.ID
	}
	return x, nil
}

// resume goes on with a withdrawal of before.
func (w *wallet) resume(ctx context.Context, name string, want wish) error {
	before, err := w.FindWithdrawal(ctx, name)
	if err != nil {
		return err
	}
	if before.Bank != "" {
		return w.withdraw(ctx, before.URI(), want)
	}
	if err := w.goOnWith(ctx, before.Operation); err != nil {
		return err
	}
	p := &person{env: w.env, yes: want.yes}
	return p.ended(w.Resume(ctx, before, client.Withdrawal{}, p))
}
