package terminal

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/websocket"
)

// serving takes what wallets pay over sessions: with any class that is installed
// here, for the amount that the invoice names. Beside that the software of a till
// sells digital cash here, and what an earlier life has left open goes on.
func serving(e *cli.Env) *cobra.Command {
	var d doors
	var parent func() (*serve.Parent, error)
	c := &cobra.Command{
		Use: "serve", Short: "Take payments of wallets, and let a till sell, until the process is asked to end", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			with, err := parent()
			if err != nil {
				return err
			}
			return open(c.Context(), e, working, func(ctx context.Context, t *terminal) error {
				p := serve.New(e)
				p.With(with)
				return t.serve(ctx, p, d)
			})
		},
	}
	parent, d.further = serve.ParentFlag(c), serve.SessionFlag(c)
	c.Flags().StringVar(&d.listen, "listen", "", "`ADDR` of sessions, instead of the configured one")
	readerFlag(c, &d.reader)
	c.Flags().StringVar(&d.software, "till", "", "`ADDR` of the API for the software of a till, instead of the configured one")
	return c
}

// doors are where the terminal listens, if not where it is configured to.
type doors struct {
	listen   string
	further  *[]string
	reader   string // empty: no reader of its own
	software string
}

func (t *terminal) serve(ctx context.Context, p *serve.Process, d doors) error {
	inside := context.WithoutCancel(ctx) // they close in order
	defer t.settling(ctx)()
	p.Go(t.house.Lost)
	if err := p.Sessions(*d.further, func(a comm.Address) (comm.Listener, error) { return t.Listen(inside, t.house.Comm, a) }); err != nil {
		return err
	}
	if d.reader != "" {
		l, err := t.readerDoor(inside, d.reader)
		if err != nil {
			return errors.Join(err, p.Close())
		}
		p.Door(serve.Reader, l)
	}
	door, err := t.door(inside, d.listen, t.Listen) // the last one, which customers are shown
	if err != nil {
		return errors.Join(err, p.Close())
	}
	p.Session(door)
	p.Announce(serve.Terminal, serve.SessionURL(door.Address())) // a second name of it, which scripts know: not that of the bank's API
	if err := t.till(ctx, p, d.software); err != nil {
		return errors.Join(err, p.Close())
	}
	return p.Run(ctx)
}

// settling finds out what cards were charged that nobody here has heard of, and credits what was
// paid into accounts, beside the serving: a provider that is away keeps nobody waiting. What it
// returns ends it.
func (t *terminal) settling(ctx context.Context) (end func()) {
	within, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.KeepSettling(within)
	}()
	return func() {
		cancel()
		<-done
	}
}

// listens opens a door for wallets; see vendor.Terminal.
type listens func(context.Context, *comm.Manager, comm.Address) (comm.Listener, error)

// door lets wallets in at an address, by default the configured one.
func (t *terminal) door(ctx context.Context, listen string, open listens) (comm.Listener, error) {
	listen, err := serve.Address(listen, "listen", t.settings.Listen)
	if err != nil {
		return nil, err
	}
	return open(ctx, t.house.Comm, comm.Address{Scheme: websocket.Scheme, Host: listen, Path: "/"})
}
