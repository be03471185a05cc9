package wallet

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/pipe"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
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

// wallet is an open wallet.
type wallet struct {
	*client.Wallet
	house *house.House
	env   *cli.Env
}

// How a command opens the wallet.
const (
	looking = true  // beside a process that runs operations
	working = false // as the one that runs them
)

// open unlocks the wallet for the time of one command. One that works goes on with
// payments of several instruments that an earlier life has left.
func open(ctx context.Context, e *cli.Env, look bool, use func(context.Context, *wallet) error) error {
	return unlocked(ctx, e, look, func(ctx context.Context, w *wallet) error {
		if !look {
			defer w.resuming(ctx)()
		}
		return use(ctx, w)
	})
}

// unlocked is open for what itself decides about such payments.
func unlocked(ctx context.Context, e *cli.Env, look bool, use func(context.Context, *wallet) error) error {
	return entered(ctx, e, func(f house.Files, passphrase *crypto.Secret) error {
		return opened(ctx, e, f, passphrase, look, use)
	})
}

// entered asks for the passphrase once, for one opening or several; nil is an agent
// with a key file.
func entered(ctx context.Context, e *cli.Env, enter func(house.Files, *crypto.Secret) error) error {
	f, err := files(e)
	if err != nil {
		return err
	}
	if err := check.Holds(f, "wallet"); err != nil { // before anybody is asked for a passphrase
		return err
	}
	if e.KeyFile != "" {
		return enter(f, nil)
	}
	passphrase, err := e.Passphrase(ctx, false)
	if err != nil {
		return err
	}
	defer passphrase.Wipe()
	return enter(f, passphrase)
}

// opened is unlocked with a passphrase that was asked for.
func opened(ctx context.Context, e *cli.Env, f house.Files, passphrase *crypto.Secret, look bool, use func(context.Context, *wallet) error) error {
	s, err := readSettings(e, f)
	if err != nil {
		return err
	}
	h, err := house.Open(ctx, house.Options{
		Files: f, Role: comm.Client, Name: "wallet", Device: "desktop", Passphrase: passphrase, User: e.User, KeyFile: e.KeyFile, Policy: profile.UserPolicy(),
		Log: e.Log(), Trust: trust(e), AllowHTTP: e.AllowHTTP, Looking: look, Clear: s.ClearLines, Pipe: pipe.Opener(e, s.Pipes), Remember: s.Remember, PNP: s.PNP, Ask: asker(e),
		Waits: func(left []protocol.Execution) { waiting(e, left) },
	})
	if err != nil {
		return err
	}
	defer func() {
		within, cancel := serve.Closing()
		defer cancel()
		if err := h.Close(within); err != nil {
			h.Log().Warn("the wallet was not closed in order", "error", err)
		}
	}()
	ctx, stop := f.UntilLocked(ctx)
	defer stop()
	if !look {
		if err := h.Resume(ctx, nil); err != nil {
			return err
		}
	}
	bank := func(base string) (*taler.Client, error) { return h.Bank(base, taler.Anonymous()) }
	w := &wallet{Wallet: client.New(h.Controller, h.User(), bank), house: h, env: e}
	w.Languages, w.Unchecked = languages(e.Environ), w.unchecked
	err = use(ctx, w)
	if locked := context.Cause(ctx); err != nil && errors.Is(locked, fault.Locked) && !errors.Is(err, fault.Unknown) {
		return locked // an unknown outcome stays unknown
	}
	return err
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
