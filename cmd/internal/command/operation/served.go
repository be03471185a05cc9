package operation

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

// ResumeServed is Resume for a party that another process may be serving. What a peer has begun
// and was stopped is left to that one: only there the peer can go on with it.
func ResumeServed(e *cli.Env, beside, working Open) *cobra.Command {
	c := Resume(e, working)
	alone := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		served := false
		err := beside(c.Context(), func(ctx context.Context, m *protocol.Manager) (err error) {
			served, err = leave(ctx, e, m, args[0], waitFor)
			return err
		})
		if err != nil || served {
			return err
		}
		return alone(c, args)
	}
	return c
}

// ForgoServed is Forgo for a party that another process may be serving: what a peer has begun and
// was stopped is let go on there, where the peer is, and given up if it is stopped again. One
// that goes on is not given up. working opens the party for Forgo where nobody serves it.
func ForgoServed(ctx context.Context, e *cli.Env, name string, beside Open, working func(context.Context) error) error {
	served := false
	err := beside(ctx, func(ctx context.Context, m *protocol.Manager) (err error) {
		served, err = forgoServed(ctx, e, m, name)
		return err
	})
	if err != nil || served {
		return err
	}
	return working(ctx)
}

func forgoServed(ctx context.Context, e *cli.Env, m *protocol.Manager, name string) (served bool, err error) {
	served, err = leave(ctx, e, m, name, forgoFor)
	id, unnamed := m.Named(ctx, name)
	switch {
	case !served || unnamed != nil || ctx.Err() != nil:
		return served, err
	case errors.Is(err, fault.Stuck):
		return true, forgoStopped(ctx, e, m, id, err)
	case fault.ReasonOf(err) == protocol.ReasonPending && fault.From(err).Hint == "":
		return true, fault.Wrap(err, fault.Unknown, "operation %s goes on where it is served, and is not given up", protocol.Short(id)).Because(protocol.ReasonPending).
			WithHint("its peer, which has begun it, ends it; if it is stopped again, repeat this")
	}
	return true, err
}

// takenWithin is how long a process that serves may take to find what was left to it: it looks
// every two seconds.
const takenWithin = 5 * time.Second

// leave lets a stopped operation of a peer go on in the process that serves, and waits for it;
// served: there is one.
func leave(ctx context.Context, e *cli.Env, m *protocol.Manager, name string, wait time.Duration) (served bool, err error) {
	id, err := m.Named(ctx, name)
	if err != nil {
		return false, err
	}
	found, err := m.Look(ctx, protocol.Filter{Prefix: string(id), Limit: 1})
	if err != nil || len(found) == 0 || found[0].Side != protocol.Servicer || found[0].State != protocol.Stuck {
		return false, err
	}
	if err := m.Retry(ctx, id); err != nil && fault.ReasonOf(err) != "not-stuck" {
		return false, err
	}
	soon, cancel := context.WithTimeout(ctx, takenWithin)
	defer cancel()
	_, err = m.Await(soon, id)
	switch reason := fault.ReasonOf(err); {
	case reason == protocol.ReasonNotServed:
		return false, nil
	case ctx.Err() != nil: // nobody waits any more, and it is not known whether it is served
	case reason == protocol.ReasonPending && soon.Err() != nil: // else it goes on nowhere
		e.Say("Operation %s goes on where it is served; waiting for %s at most.", protocol.Short(id), wait)
		within, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		_, err = m.Await(within, id)
	}
	return true, ended(e, id, err)
}
