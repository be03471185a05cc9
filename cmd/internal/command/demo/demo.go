package demo

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// patience is how long the whole story may take; it takes a few seconds, and a
// minute or two where everything is slow.
const patience = 5 * time.Minute

// plan is what the flags say.
type plan struct {
	amount   instrument.Amount
	card     string
	protocol string // of the exchange; empty: its own choice
	dir      string // to keep; empty: a temporary one
	serve    bool
}

// Command is `swaperoo demo`.
func Command(e *cli.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "demo", Short: "Buy digital cash by card, with all five parties on this machine", Args: cobra.NoArgs,
		Long: "Starts a card provider, a bank, an exchange, a terminal and a wallet, each in a process of its own,\n" +
			"and buys digital cash by card. Cards, money and keys are made for it and are worth nothing.",
	}
	f := c.Flags()
	amount := f.String("amount", "CHF:20", "`AMOUNT` of digital cash to buy")
	card := f.String("card", "approved", "what the card does: approved, declined or timeout")
	protocol := f.String("exchange-protocol", "", "the generation of the protocol that the exchange speaks: 23 or 26")
	serve := f.Bool("serve", false, "leave everything running, and say how to do it again by hand")
	c.RunE = func(c *cobra.Command, _ []string) error {
		a, err := cli.Amount(*amount)
		if err != nil {
			return err
		}
		switch *card {
		case "approved", "declined", "timeout":
		default:
			return cli.Usage("a card is approved, declined or timeout, not %s", *card)
		}
		switch *protocol {
		case "", "23", "26":
		default:
			return cli.Usage("the exchange speaks protocol 23 or 26, not %s", *protocol)
		}
		return run(c.Context(), e, plan{amount: a, card: *card, protocol: *protocol, dir: e.Dir, serve: *serve})
	}
	c.AddCommand(sweepCommand())
	return c
}

func run(ctx context.Context, e *cli.Env, p plan) (err error) {
	began := time.Now()
	troupe, err := gather(e, p.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, troupe.disband()) }()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := prepare(limited, e, troupe, p)
	if err != nil {
		return stopped(ctx, err)
	}
	end, err := s.tell(limited)
	if err != nil {
		return stopped(ctx, err)
	}
	end.Seconds = float64(time.Since(began).Milliseconds()) / 1000
	if err := end.show(e); err != nil {
		return err
	}
	if p.serve {
		if err := s.stay(ctx); err != nil {
			return err
		}
	}
	if end.Status != confirmed {
		return cli.Reported(fault.New(fault.Declined, "the withdrawal was aborted").Because("withdrawal-aborted"))
	}
	return nil
}

// stopped tells an interruption from a failure.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return fault.Wrap(err, fault.Unknown, "the demo was stopped half-way").Because("interrupted").WithHint("start it again")
}

// summary is the last line.
type summary struct {
	Event    string            `json:"event"`
	Status   string            `json:"status"`
	Balance  instrument.Amount `json:"balance"`
	Coins    int               `json:"coins"`
	Verified int               `json:"verified_coins"`
	Seconds  float64           `json:"seconds"`
}

// What Status may be.
const (
	confirmed = "confirmed"
	aborted   = "aborted"
)

func (s summary) show(e *cli.Env) error {
	return e.Print(s, "\n%s: the wallet holds %s in %s, the signatures of %d are verified (%.1f s)\n",
		s.Status, s.Balance, fault.Count(s.Coins, "coin"), s.Verified, s.Seconds)
}
