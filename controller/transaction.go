package controller

import (
	"cmp"
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Transaction is one operation on behalf of a principal, or of the party itself.
type Transaction struct {
	ID          instrument.OperationID // empty: a new one
	Principal   profile.Principal
	Fresh       bool // Principal was read for this request, and need not be read again
	Protocol    string
	Operation   string
	Class       instrument.ClassID
	Instruments []instrument.ID
	Args        any
	Amount      instrument.Amount  // what it may move, for the principal's limits
	Invoice     instrument.Invoice // what is bought, as a vendor has signed it
	// Counts, if set, names something longer that this operation only begins, such as a
	// withdrawal. The amount counts against the limits of an account under this name, and
	// the function of CountsBy says what became of it.
	Counts    instrument.OperationID
	Within    time.Duration // how long a peer may take; 0: a minute
	Reference string        // what it is about, for the role that services it
	// Ended, if set, is called with the outcome, even if Execute has returned before.
	Ended func(error)
	// Leave, if a servicing role sets it in Prepare, is called when the operation has ended or
	// does not begin: the role gives up what it has claimed for it. It may be called twice,
	// and must not block.
	Leave func(outcome error)
}

// defaultWithin is how long a peer may take where a Transaction does not say it.
const defaultWithin = time.Minute

// Execute runs an operation that needs no peer: the paper's execute-Transaction
// without a session. It authorises the principal first.
func (c *Controller) Execute(ctx context.Context, t Transaction) (protocol.Result, error) {
	r, err := c.execution(ctx, t, protocol.Initiator)
	if err != nil {
		return protocol.Result{}, err
	}
	return c.perform(ctx, t, r)
}

// Answer runs the servicer's side of an operation for a request over REST, where there is no peer to
// talk to. from is the role of the caller.
func (c *Controller) Answer(ctx context.Context, from comm.Role, t Transaction) (protocol.Result, error) {
	r, err := c.execution(ctx, t, protocol.Servicer)
	if err != nil {
		return protocol.Result{}, err
	}
	r.Peer = comm.Peer{Role: from}
	return c.perform(ctx, t, r)
}

// perform runs an authorised execution within the limits of its principal.
func (c *Controller) perform(ctx context.Context, t Transaction, r protocol.Execution) (protocol.Result, error) {
	settled, err := c.reserve(ctx, t, &r)
	if err != nil {
		return protocol.Result{}, err
	}
	result, err := c.protocols.Execute(ctx, r)
	settled(err)
	return result, err
}

// execution authorises a transaction and turns it into an Execution for the Protocol
// Manager.
func (c *Controller) execution(ctx context.Context, t Transaction, side protocol.Side) (protocol.Execution, error) {
	args, err := encode(t.Args)
	if err != nil {
		return protocol.Execution{}, err
	}
	if err := c.authorise(ctx, t); err != nil {
		return protocol.Execution{}, err
	}
	return protocol.Execution{
		ID: t.ID, Side: side, Protocol: t.Protocol, Principal: t.Principal.ID, Ended: t.Ended,
		Call: protocol.Call{
			Operation: t.Operation, Class: t.Class, Instruments: t.Instruments, Args: args,
			Deadline: c.parts.Clock().Add(cmp.Or(t.Within, defaultWithin)),
		},
	}, nil
}

// authorise asks the Profile Manager before anything is done (§5.5).
func (c *Controller) authorise(ctx context.Context, t Transaction) error {
	return c.profiles.Authorise(ctx, c.action(t))
}

// action is a transaction as the Profile Manager sees it.
func (c *Controller) action(t Transaction) profile.Action {
	ids := t.Instruments // captured alone, so that not all of t escapes to the heap
	named := func(ctx context.Context) ([]instrument.Instance, error) {
		out := make([]instrument.Instance, len(ids))
		for n, id := range ids {
			var err error
			if out[n], err = c.instruments.View(ctx, id); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return profile.Action{
		Principal: t.Principal, Fresh: t.Fresh, Protocol: t.Protocol, Operation: t.Operation, Class: t.Class, Amount: t.Amount,
		Spends: t.Operation == protocol.Pay || t.Counts != "" && t.Amount != (instrument.Amount{}), ID: t.ID, Invoice: t.Invoice, Instruments: named,
	}
}
