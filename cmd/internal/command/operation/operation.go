// Package operation is the part of the command line that every party has for the
// operations that were interrupted or stopped.
package operation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Open opens the party for the time of one command.
type Open func(ctx context.Context, use func(context.Context, *protocol.Manager) error) error

// Resume is `operation resume`: the party goes on with all that was interrupted
// as soon as it is opened to work; this waits for one, and lets one that was
// stopped try again.
func Resume(e *cli.Env, working Open) *cobra.Command {
	return &cobra.Command{
		Use: "resume OPERATION", Short: "Go on with an operation that was interrupted or stopped", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return working(c.Context(), func(ctx context.Context, m *protocol.Manager) error { return Wait(ctx, e, m, args[0]) })
		},
	}
}

// waitFor is how long a command waits for an operation that goes on.
const waitFor = time.Minute

// Wait goes on with the operation of that name and says how it has ended.
func Wait(ctx context.Context, e *cli.Env, m *protocol.Manager, name string) error {
	id, err := m.Named(ctx, name)
	if err != nil {
		return err
	}
	if err := m.Retry(ctx, id); err != nil && fault.ReasonOf(err) != "not-stuck" {
		return err
	}
	if found, err := m.Look(ctx, protocol.Filter{Prefix: string(id), Limit: 1}); err == nil && len(found) == 1 && found[0].State != protocol.Ended {
		e.Say("%s", waitsFor(found[0]))
	}
	within, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	_, err = m.Await(within, id)
	return ended(e, id, err)
}

// waitsFor says for whom a command waits. A peer that has begun an operation comes back to
// it by itself, and only where it is served: this command serves nobody.
func waitsFor(r protocol.Record) string {
	if r.Side == protocol.Servicer {
		return fmt.Sprintf("Operation %s was begun by a peer. What that has still to say it says where it is served, as by `terminal serve`; waiting for %s at most.", protocol.Short(r.ID), waitFor)
	}
	return fmt.Sprintf("Waiting for operation %s, for %s at most.", protocol.Short(r.ID), waitFor)
}

// left is an instrument that an abandoned operation has used.
type left struct {
	ID     instrument.ID      `json:"id"`
	Class  instrument.ClassID `json:"class"`
	Name   string             `json:"name,omitempty"`
	Status string             `json:"status"`
}

// Abandon is `operation abandon`.
func Abandon(e *cli.Env, beside Open) *cobra.Command {
	return &cobra.Command{
		Use: "abandon OPERATION", Short: "Give up an operation and free its instruments; refused while something of value may be outside", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return beside(c.Context(), func(ctx context.Context, m *protocol.Manager) error { return GiveUp(ctx, e, m, args[0]) })
		},
	}
}

// GiveUp abandons the operation of that name and says what it had.
func GiveUp(ctx context.Context, e *cli.Env, m *protocol.Manager, name string) error {
	id, err := m.Named(ctx, name)
	if err != nil {
		return err
	}
	freed, err := m.Abandon(ctx, id)
	if err != nil {
		return err
	}
	return e.Print(map[string]any{"operation": protocol.Short(id), "state": protocol.Ended, "freed": lefts(freed)},
		"Operation %s is given up; it has freed %s. Nothing was deleted: what may still come back is kept with them.\n", protocol.Short(id), fault.Count(len(freed), "instrument"))
}

func lefts(freed []instrument.Instance) []left {
	shown := []left{}
	for _, i := range freed {
		shown = append(shown, left{i.ID, i.Class, i.Name, i.Status})
	}
	return shown
}

// forgoFor is how long one waits for the end of an operation that is given up: its
// peer is asked several times first.
const forgoFor = 10 * time.Second

// Forgo ends an operation whose peer does not answer any more, or that was stopped, by
// the word of its owner, and says what may be lost. It is let try once more first.
func Forgo(ctx context.Context, e *cli.Env, c *controller.Controller, name string) error {
	id, err := c.Protocols().Named(ctx, name)
	if err != nil {
		return err
	}
	if found, err := c.Protocols().Look(ctx, protocol.Filter{Prefix: string(id), Limit: 1}); err == nil && len(found) > 0 {
		switch found[0].State {
		case protocol.Stuck:
			e.Say("Letting operation %s go on once more, for %s at most.", protocol.Short(id), forgoFor)
			if err := c.Protocols().Retry(ctx, id); err != nil && fault.ReasonOf(err) != "not-stuck" {
				return err
			}
		case protocol.Running:
			if found[0].Side == protocol.Servicer {
				e.Say("Letting operation %s go on, for %s at most.", protocol.Short(id), forgoFor)
				break
			}
			e.Say("Asking the peer of operation %s once more, for %s at most.", protocol.Short(id), forgoFor)
		}
	}
	within, cancel := context.WithTimeout(ctx, forgoFor)
	defer cancel()
	_, err = c.Protocols().Await(within, id)
	if errors.Is(err, fault.Stuck) && ctx.Err() == nil {
		return forgoStopped(ctx, e, c.Protocols(), id, err)
	}
	if fault.ReasonOf(err) != protocol.ReasonPending || ctx.Err() != nil {
		return ended(e, id, err)
	}
	held, err := c.Instruments().List(ctx, instrument.Filter{Lease: id})
	if err != nil {
		return err
	}
	if err := c.Protocols().Forgo(ctx, id); err != nil {
		return err
	}
	if _, err := c.Protocols().Await(ctx, id); fault.ReasonOf(err) != protocol.ReasonForgone {
		return ended(e, id, err)
	}
	for n, i := range held {
		if held[n], err = c.Instruments().View(ctx, i.ID); err != nil {
			return err
		}
	}
	return e.Print(map[string]any{"operation": protocol.Short(id), "state": protocol.Ended, "freed": lefts(held)},
		"Operation %s is given up; it has freed %s. Its peer may have taken what was sent: whatever it has done or still does, nobody here hears of it. Nothing was deleted.\n",
		protocol.Short(id), fault.Count(len(held), "instrument"))
}

// forgoStopped ends what was stopped again. An operation that has ended with a peer's
// word of that kind has an end.
func forgoStopped(ctx context.Context, e *cli.Env, m *protocol.Manager, id instrument.OperationID, stopped error) error {
	freed, err := m.ForgoStopped(ctx, id)
	if fault.ReasonOf(err) == "not-stuck" {
		return stopped
	}
	if err != nil {
		return err
	}
	return e.Print(map[string]any{"operation": protocol.Short(id), "state": protocol.Ended, "freed": lefts(freed)},
		"Operation %s is given up; it has freed %s. What it may have done is not known, and it does not find out any more. Nothing was deleted.\n",
		protocol.Short(id), fault.Count(len(freed), "instrument"))
}

// ended says how an operation has ended that somebody waited for.
func ended(e *cli.Env, id instrument.OperationID, err error) error {
	if err != nil {
		return err
	}
	return e.Print(map[string]any{"operation": protocol.Short(id), "state": protocol.Ended}, "Operation %s has ended well.\n", protocol.Short(id))
}
