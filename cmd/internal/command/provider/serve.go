package provider

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
)

func serveCommand(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "serve", Short: "Take payments until the process is asked to end", Args: cobra.NoArgs}
	listen := c.Flags().String("listen", "", "`ADDR` to listen at, instead of the configured one")
	parent := serve.ParentFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		with, err := parent()
		if err != nil {
			return err
		}
		return run(c.Context(), e, *listen, with)
	}
	return c
}

func run(ctx context.Context, e *cli.Env, listen string, parent *serve.Parent) (err error) {
	dir, err := e.PartyDir("provider")
	if err != nil {
		return err
	}
	s, err := read(e, dir)
	if err != nil {
		return err
	}
	if s.Listen, err = serve.Address(listen, "listen", s.Listen); err != nil {
		return err
	}
	leave, err := house.Served(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave()) }()
	p, err := open(e, dir, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	port, err := serve.Listen(ctx, s.Listen, e.AllowHTTP)
	if err != nil {
		return err
	}
	process := serve.New(e)
	process.With(parent)
	process.HTTP(port, serve.Server(p.Handler(), e.Log(), p.Stop), serve.Door{Name: serve.Provider, Path: "/"})
	return process.Run(ctx)
}
