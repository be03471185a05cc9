package wallet

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/controller/client"
)

// Command is `swaperoo wallet`.
func Command(e *cli.Env) *cobra.Command {
	c := cli.Group("wallet", "Hold money and pay with it",
		initialise(e), status(e), lock(e), passwd(e), backups(e), restore(e), balance(e), coins(e), history(e),
		instruments(e), peers(e), exchanges(e), withdraw(e), pay(e), refund(e), sessionCommand(e), operations(e), profiles(e))
	c.PersistentFlags().StringVar(&e.KeyFile, "key-file", e.Environ("SWAPEROO_KEY_FILE"), "`FILE` by which an agent opens the wallet, instead of a passphrase")
	return c
}

func files(e *cli.Env) (house.Files, error) {
	dir, err := e.PartyDir("wallet")
	return house.Files{Dir: dir, LockBy: e.LockBy}, err
}

// existing are the files of a wallet that is there: it is looked for before anybody is asked for a
// passphrase.
func existing(e *cli.Env) (house.Files, error) {
	f, err := files(e)
	if err != nil {
		return f, err
	}
	return f, check.Holds(f, "wallet")
}

// wallet is an open wallet.
type wallet struct {
	*client.Wallet
	house *house.House
	env   *cli.Env
}

// with is the code of a command that gets the open wallet.
func with(e *cli.Env, look bool, run func(context.Context, *wallet, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		return open(c.Context(), e, look, func(ctx context.Context, w *wallet) error { return run(ctx, w, args) })
	}
}

// alone is the code of a command that works, and has open payments of several instruments left to
// itself. Other commands that work go on with them first.
func alone(e *cli.Env, run func(context.Context, *wallet, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		return unlocked(c.Context(), e, working, func(ctx context.Context, w *wallet) error { return run(ctx, w, args) })
	}
}

// line joins the parts of a line of output, without the empty ones.
func line(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " ")
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
