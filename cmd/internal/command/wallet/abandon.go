package wallet

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/operation"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// operationAbandon gives a payment up, or an operation, beside a process that runs
// them; or a withdrawal, for which the bank or the exchange is asked, or with --forgo
// what somebody owes who does not answer any more.
func operationAbandon(e *cli.Env) *cobra.Command {
	forgo := false
	c := &cobra.Command{
		Use: "abandon OPERATION", Short: "Give up an operation, payment or withdrawal; refused while something of value may be outside", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name, err := e.Name(args[0])
			if err != nil {
				return err
			}
			if forgo {
				return unlocked(c.Context(), e, working, func(ctx context.Context, w *wallet) error { return w.forgo(ctx, name) })
			}
			return entered(c.Context(), e, func(u user) error {
				withdrawal := false
				err := u.open(c.Context(), looking, func(ctx context.Context, w *wallet) error {
					_, unknown := w.FindWithdrawal(ctx, name)
					if withdrawal = unknown == nil; withdrawal {
						return nil
					}
					return w.abandon(ctx, name)
				})
				if err != nil || !withdrawal {
					return err
				}
				return u.open(c.Context(), working, func(ctx context.Context, w *wallet) error { return w.abort(ctx, name) })
			})
		},
	}
	c.Flags().BoolVar(&forgo, "forgo", false, "ask once more, and give up what does not come: of a payment that is to come back, of an operation whose peer is gone, or of a withdrawal whose bank is, or whose exchange has lost an answer and has nothing left")
	return c
}

// forgo gives up what does not come back of a payment, or what an operation waits for
// that its peer never says.
func (w *wallet) forgo(ctx context.Context, name string) error {
	open, found, err := w.payment(ctx, name)
	if err != nil {
		return err
	}
	if x, unknown := w.FindWithdrawal(ctx, name); !found && unknown == nil {
		return w.forgoWithdrawal(ctx, x)
	}
	if !found {
		if err := w.notHeld(ctx, name); err != nil {
			return err
		}
		if err := w.mayGiveUp(ctx, name); err != nil {
			return err
		}
		return operation.Forgo(ctx, w.env, w.house.Controller, name)
	}
	if open.Status == client.PaymentRefunding {
		w.env.Say("Asking %s once more for what was paid, for a few seconds.", open.Peer)
	}
	p, err := w.ForgoPayment(ctx, name)
	if err != nil {
		return err
	}
	var lost, again []string
	for _, q := range p.Parts {
		if q.State == client.PartForgone {
			lost = append(lost, q.Amount.String()+" with "+string(q.Class))
			again = append(again, "`wallet refund "+string(q.Operation)+"`")
		}
	}
	text := "Payment " + string(p.Operation) + " is given up: "
	switch {
	case open.Status == client.PaymentOpen:
		text += "whether " + open.Peer + " has all of it is not known, and is not asked any more; what certainly was paid has come back"
	case len(lost) > 0:
		text += strings.Join(lost, " and ") + " stays with " + p.Peer + ". Nothing was deleted: should they ever give it back, " + strings.Join(again, " and ") + " asks for it"
	default:
		text += "all that was paid has come back"
	}
	return w.env.Print(map[string]any{"operation": p.Operation, "state": protocol.Ended, "status": p.Status, "parts": p.Parts}, "%s.\n", text)
}

// notHeld refuses to give up what came out of a backup and waits for a person: to ask once
// more would be to go on with it.
func (w *wallet) notHeld(ctx context.Context, name string) error {
	m, err := w.mark()
	if err != nil {
		return err
	}
	id, err := w.Protocols().Named(ctx, name)
	if err == nil && m.Holds(instrument.OperationID(protocol.Short(id))) {
		err = fault.New(fault.Conflict, "operation %s came out of a backup and waits for you", protocol.Short(id)).Because("operation-held").
			WithHint("let it go on with `operation resume`")
	}
	return err
}

// mayGiveUp refuses to an agent what it has not begun itself: no limit counts what is given up.
func (w *wallet) mayGiveUp(ctx context.Context, name string) error {
	u := w.User()
	if u.Kind != profile.Agent {
		return nil
	}
	id, err := w.Protocols().Named(ctx, name)
	if err != nil {
		return err
	}
	found, err := w.Protocols().Look(ctx, protocol.Filter{Prefix: string(id), Limit: 1})
	if err != nil || len(found) == 0 || found[0].Principal == u.ID {
		return err
	}
	return fault.New(fault.Denied, "the agent has not begun operation %s, and does not give it up", protocol.Short(id)).Because("not-owner").
		WithHint("whoever has begun it does that")
}

func (w *wallet) abandon(ctx context.Context, name string) error {
	_, found, err := w.payment(ctx, name)
	if err != nil {
		return err
	}
	if !found {
		if err := w.mayGiveUp(ctx, name); err != nil {
			return err
		}
		err := operation.GiveUp(ctx, w.env, w.Protocols(), name)
		if f := fault.From(err); f != nil && f.Reason == "value-outside" {
			return f.WithHint("%s; if its peer is gone for good, --forgo gives up what it may have done", f.Hint)
		}
		return err
	}
	p, err := w.AbandonPayment(ctx, name)
	if err != nil {
		return err
	}
	return w.env.Print(map[string]any{"operation": p.Operation, "state": protocol.Ended}, "Payment %s is given up. Nothing was paid.\n", p.Operation)
}
