package bank

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/operation"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/protocol"
)

// Command is `swaperoo bank`.
func Command(e *cli.Env) *cobra.Command {
	return cli.Group("bank", "Be the bank that sells digital cash by card (C2EC)",
		initCommand(e), serveCommand(e),
		cli.Group("provider", "Payment providers that say whether a card was charged",
			providerAdd(e), providerList(e), providerCheck(e), providerRotate(e), providerRemove(e)),
		cli.Group("terminal", "Accounts of payment terminals",
			terminalAdd(e), terminalList(e), terminalDisable(e), terminalRotate(e), terminalFees(e)),
		accounts(e),
		exchanges(e),
		cli.Group("gateway", "The exchanges' logins", gatewayRotate(e)),
		cli.Group("withdrawal", "Purchases of digital cash", withdrawalList(e), withdrawalShow(e), withdrawalAbort(e), withdrawalRetry(e), withdrawalExplain(e)),
		cli.Group("refusal", "Transfers of exchanges that were refused, and are never sent again", refusalList(e), refusalResolve(e)),
		cli.Group("operation", "Operations, as they were asked for and ended", operation.List(e, opener(e)), operation.Show(e, opener(e)),
			operation.Resume(e, opener(e)), operation.Abandon(e, opener(e))),
		instruments(e), auditCommand(e), backupCommand(e), restoreCommand(e),
		check.Of(e, Party()),
	)
}

// opener opens the bank for commands that every party has.
func opener(e *cli.Env) operation.Open {
	return func(ctx context.Context, use func(context.Context, *protocol.Manager) error) error {
		return beside(ctx, e, func(b *bank.Bank, _ settings) error { return use(ctx, b.Protocols()) })
	}
}

// options open the house of a bank.
func options(e *cli.Env, f house.Files, s settings, looking bool) house.Options {
	return house.Options{
		Files: f, Role: comm.Bank, Name: s.Name, Device: "server", Policy: bank.Policy(), Log: e.Log(),
		AllowHTTP: e.AllowHTTP, Looking: looking, Alone: !looking, PNP: s.PNP,
	}
}

// files are the paths of the bank's directory.
func files(e *cli.Env) (house.Files, error) {
	dir, err := e.PartyDir("bank")
	return house.Files{Dir: dir}, err
}

// configured are the bank's directory and what is set there.
func configured(e *cli.Env) (house.Files, settings, error) {
	f, err := files(e)
	if err != nil {
		return f, settings{}, err
	}
	s, err := read(e, f)
	return f, s, err
}

// with is the code of a command that gets the bank, which may be running elsewhere.
func with(e *cli.Env, do func(context.Context, *bank.Bank, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error { return do(c.Context(), b, args) })
	}
}

// byName is a command that does something to what has a name, and then says so: to programs by a member.
func byName(e *cli.Env, use, short string, do func(*bank.Bank, context.Context, string) error, member, said string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: with(e, func(ctx context.Context, b *bank.Bank, args []string) error {
			if err := do(b, ctx, args[0]); err != nil {
				return err
			}
			return e.Print(map[string]any{"name": args[0], member: true}, "%s %s\n", args[0], said)
		}),
	}
}

// beside runs an operator's command on the bank, which may be running elsewhere.
func beside(ctx context.Context, e *cli.Env, do func(*bank.Bank, settings) error) error {
	return look(ctx, e, false, do)
}

// alone runs a command on a bank that nobody serves meanwhile.
func alone(ctx context.Context, e *cli.Env, do func(*bank.Bank) error) error {
	return look(ctx, e, true, func(b *bank.Bank, _ settings) error { return do(b) })
}

func look(ctx context.Context, e *cli.Env, alone bool, do func(*bank.Bank, settings) error) error {
	return looking(ctx, e, alone, func(h *house.House, s settings) error { return do(bank.Look(ctx, h.Controller, s.bank()), s) })
}

// looking opens the bank's house for an operator's command.
func looking(ctx context.Context, e *cli.Env, alone bool, do func(*house.House, settings) error) error {
	f, s, err := configured(e)
	if err != nil {
		return err
	}
	o := options(e, f, s, true)
	o.Alone = alone
	return opened(ctx, o, func(h *house.House) error { return do(h, s) })
}

// opened opens the house for as long as do takes.
func opened(ctx context.Context, o house.Options, do func(*house.House) error) (err error) {
	h, err := house.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := serve.Closing()
		defer cancel()
		err = errors.Join(err, h.Close(ctx))
	}()
	return do(h)
}
