package bank

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/websocket"
	"github.com/swaperoo/swaperoo/controller/bank"
)

func serveCommand(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "serve", Short: "Be the bank until the process is asked to end", Args: cobra.NoArgs}
	listen := c.Flags().String("listen", "", "`ADDR` of the REST APIs, instead of the configured one")
	sessions := c.Flags().String("session-listen", "", "`ADDR` of native sessions, instead of the configured one")
	parent, further := serve.ParentFlag(c), serve.SessionFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		with, err := parent()
		if err != nil {
			return err
		}
		f, s, err := configured(e)
		if err != nil {
			return err
		}
		if s.Listen, err = serve.Address(*listen, "listen", s.Listen); err != nil {
			return err
		}
		if s.SessionListen, err = serve.Address(*sessions, "session_listen", s.SessionListen); err != nil {
			return err
		}
		return server{env: e, files: f, settings: s, parent: with, further: *further}.run(c.Context())
	}
	return c
}

// server is a bank to be served.
type server struct {
	env      *cli.Env
	files    house.Files
	settings settings
	parent   *serve.Parent // ends the bank when it ends; nil: nobody does
	further  []string      // addresses for native sessions besides that of the settings
}

// run opens the bank, serves it until ctx ends, and closes it.
func (s server) run(ctx context.Context) (err error) {
	serve.GrowHeap()
	if err := numbered(s.files); err != nil {
		return err
	}
	h, err := house.Open(ctx, options(s.env, s.files, s.settings, false))
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := serve.Closing()
		defer cancel()
		err = errors.Join(err, h.Close(ctx))
	}()
	b, err := bank.New(ctx, h.Controller, s.settings.bank())
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := serve.Closing()
		defer cancel()
		err = errors.Join(err, b.Close(ctx))
	}()
	if err := h.Resume(ctx, nil); err != nil {
		return err
	}
	return s.serve(ctx, h, b)
}

// serve opens the doors of an open bank, tells the exchanges where they are, and answers
// until ctx ends.
func (s server) serve(ctx context.Context, h *house.House, b *bank.Bank) error {
	port, apiServer, err := openDoors(ctx, s.env, h, b, s.settings)
	if err != nil {
		return err
	}
	process := serve.New(s.env)
	process.With(s.parent)
	process.Go(h.Lost)
	doors, err := apis(ctx, b)
	if err != nil {
		return errors.Join(err, port.Close())
	}
	process.HTTP(port, apiServer, doors...)
	native := comm.Address{Scheme: websocket.Scheme, Host: s.settings.SessionListen, Path: "/"}
	if err := process.Sessions(append([]string{native.String()}, s.further...), sessions(ctx, h, b)); err != nil {
		return errors.Join(err, port.Close())
	}
	at := func(x bank.Exchange) string { return port.URL(gatewayPath(x)) }
	if s.settings.URL != "" {
		at = s.settings.gatewayURL
	}
	if err := tellExchanges(ctx, s.files, b, at); err != nil {
		return errors.Join(err, port.Close(), process.Close())
	}
	return process.Run(ctx)
}

// sessions opens doors for native peers. They are closed by the process, not by
// the signal that ends it: who is inside is answered first. Terminals show their
// login there, so no line of a bank is in clear.
func sessions(ctx context.Context, h *house.House, b *bank.Bank) func(comm.Address) (comm.Listener, error) {
	accept := b.Accept(b.Servicing())
	return func(at comm.Address) (comm.Listener, error) {
		return h.Comm.Listen(context.WithoutCancel(ctx), at, accept)
	}
}
