package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
)

func serveCommand(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "serve", Short: "Make coins until the process is asked to end", Args: cobra.NoArgs}
	listen := c.Flags().String("listen", "", "`ADDR` to listen at, instead of the configured one")
	misbehave := c.Flags().String("misbehave", "", "do wrong on purpose, as `NAME=SHARE,…`: late, 500, drop, signature, amount, 451, expired; shares from 0 to 1")
	terms := c.Flags().String("terms-version", exchange.TermsVersion, "of the terms of service; another one wants a new consent")
	var b bankFlags
	b.add(c)
	parent := serve.ParentFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		with, err := parent()
		if err != nil {
			return err
		}
		wrong, err := exchange.ParseMisbehaviour(*misbehave)
		if err != nil {
			return cli.Argument(err)
		}
		return run(c.Context(), e, *listen, exchange.Options{Clock: time.Now, Log: e.Log(), Misbehaviour: wrong, TermsVersion: *terms}, b, with)
	}
	return c
}

func run(ctx context.Context, e *cli.Env, listen string, o exchange.Options, b bankFlags, parent *serve.Parent) (err error) {
	if err := b.check(); err != nil {
		return err
	}
	dir, err := e.PartyDir("exchange")
	if err != nil {
		return err
	}
	x, err := exchange.Open(dir, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	leave, err := house.Served(dir) // which is there, for it was opened
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave()) }()
	bank, err := b.finder(ctx, e, x)
	if err != nil {
		return err
	}
	var s settings
	if err := config.Read(file(dir), &s, e.Environ); err != nil {
		return err
	}
	if s.Listen, err = serve.Address(listen, "listen", s.Listen); err != nil {
		return err
	}
	port, err := serve.Listen(ctx, s.Listen, e.AllowHTTP)
	if err != nil {
		return err
	}
	if err := x.Listening(port.URL("/")); err != nil {
		return errors.Join(err, port.Close())
	}
	process := serve.New(e)
	process.With(parent)
	process.HTTP(port, serve.Server(x.Handler(), e.Log(), x.Stop), serve.Door{Name: serve.Exchange, Path: "/"})
	process.Go(func(ctx context.Context) error { return follow(ctx, x, bank) })
	return process.Run(ctx)
}

// follow reads the bank's history and sends unused money back through it, once it
// is known where the bank is.
func follow(ctx context.Context, x *exchange.Exchange, bank finder) error {
	g, err := bank(ctx)
	if err != nil || g.URL == "" {
		return err
	}
	if err := x.RememberGateway(ctx, g); err != nil {
		return err
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return x.Follow(ctx, g) })
	both.Go(func() error { return x.CloseReserves(ctx, g) })
	return both.Wait()
}
