package operation

import (
	"context"
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
			served, err = leave(ctx, e, m, args[0])
			return err
		})
		if err != nil || served {
			return err
		}
		return alone(c, args)
	}
	return c
}

// takenWithin is how long a process that serves may take to find what was left to it: it looks
// every two seconds.
const takenWithin = 5 * time.Second

// leave lets a stopped operation of a peer go on in the process that serves, and waits for it;
// served: there is one.
func leave(ctx context.Context, e *cli.Env, m *protocol.Manager, name string) (served bool, err error) {
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
		e.Say("Operation %s goes on where it is served; waiting for %s at most.", protocol.Short(id), waitFor)
		within, cancel := context.WithTimeout(ctx, waitFor)
		defer cancel()
		_, err = m.Await(within, id)
	}
	return true, ended(e, id, err)
}
