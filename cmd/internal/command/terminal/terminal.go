package terminal

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/operation"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/pipe"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/protocol"
)

// Command is `swaperoo terminal`.
func Command(e *cli.Env) *cobra.Command {
	return cli.Group("terminal", "Sell digital cash by card, and take what wallets pay with",
		initialise(e), providers(e), serving(e), withdraw(e), resume(e), reader(e), instruments(e), operations(e), payments(e), refund(e), customers(e))
}

func files(e *cli.Env) (house.Files, error) {
	dir, err := e.PartyDir("terminal")
	return house.Files{Dir: dir}, err
}

// terminal is an open terminal.
type terminal struct {
	*vendor.Terminal
	house    *house.House
	env      *cli.Env
	settings settings
}

// How a command opens the terminal.
const (
	looking = true  // beside a process that runs operations
	working = false // as the one that runs them
)

// open opens the terminal for the time of one command. Nobody is asked.
func open(ctx context.Context, e *cli.Env, look bool, use func(context.Context, *terminal) error) error {
	f, err := files(e)
	if err != nil {
		return err
	}
	if err := f.Check(); err != nil {
		return err
	}
	s, err := readSettings(e, f)
	if err != nil {
		return err
	}
	bank, err := s.peer()
	if err != nil {
		return err
	}
	login, err := s.login()
	if err != nil {
		return err
	}
	prices, err := vendor.ParsePrices(s.Prices)
	if err != nil {
		return config.About("prices", err)
	}
	h, err := house.Open(ctx, house.Options{
		Files: f, Role: comm.Vendor, Name: s.Merchant, Device: "terminal", Policy: vendor.Policy(), Log: e.Log(),
		AllowHTTP: e.AllowHTTP, Looking: look, Clear: s.ClearLines, Pipe: pipe.Opener(e, nil), PNP: s.PNP,
	})
	if err != nil {
		return err
	}
	rest, err := h.Client(s.Bank, taler.Basic(login.Name, login.Token))
	if err != nil {
		return closing(h, err)
	}
	t := &terminal{house: h, env: e, settings: s, Terminal: vendor.New(h.Controller, rest, vendor.Config{
		Bank:  bank,
		Login: login, Renew: s.login, Merchant: s.Merchant, Integration: s.Integration, Prices: prices,
	})}
	if !look {
		if err := h.Resume(ctx, t.LoginAt); err != nil {
			return closing(h, err)
		}
	}
	return closing(h, use(ctx, t))
}

// closing ends the party after a command; what the command said counts.
func closing(h *house.House, result error) error {
	within, cancel := serve.Closing()
	defer cancel()
	if err := h.Close(within); err != nil {
		h.Log().Warn("the terminal was not closed in order", "error", err)
	}
	return result
}

// opener is open for commands that every party has.
func opener(e *cli.Env, look bool) operation.Open {
	return func(ctx context.Context, use func(context.Context, *protocol.Manager) error) error {
		return open(ctx, e, look, func(ctx context.Context, t *terminal) error { return use(ctx, t.Protocols()) })
	}
}

// with is the code of a command that gets the terminal.
func with(e *cli.Env, look bool, run func(context.Context, *terminal, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		return open(c.Context(), e, look, func(ctx context.Context, t *terminal) error { return run(ctx, t, args) })
	}
}
