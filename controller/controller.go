package controller

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Store is one database behind all managers.
type Store interface {
	instrument.Store
	protocol.Store
	profile.Store
	comm.Book
}

// Parts are what every party is made of, whatever its role.
type Parts struct {
	Name     string
	Role     comm.Role
	Store    Store
	Engine   *crypto.Engine
	Ring     *crypto.Ring     // of the keys of owners; nil: all is under the engine's
	Identity *crypto.Identity // by which peers know us
	// Towards is the identity that a peer of that key sees, for a wallet that
	// shows each vendor one of its own; nil: Identity, to all.
	Towards func(peerKey string) *crypto.Identity
	Bundles []protocol.Bundle // of this role
	PNP     string
	Comm    *comm.Manager
	Policy  profile.Policy
	Self    instrument.PrincipalID   // the party itself; made at its initialisation
	Runner  string                   // this life of this node
	At      func(protocol.Point)     // for tests
	Ask     protocol.Asker           // the person in front of it; nil: nobody is
	Looking bool                     // opened to look and to administer
	Gone    func(runner string) bool // whether another life of it has ended; nil: all have
	Device  string                   // for Circumstances
	Clock   func() time.Time
	Random  io.Reader // safe for concurrent use
	Log     *slog.Logger
	// Held reports whether an operation that another life has left waits for a
	// person; nil: none does.
	Held func(instrument.OperationID) bool
	// Patience is how long a peer may take for the answer to one step of a session;
	// it may take twice that to be connected to again. 0: 20 s.
	Patience time.Duration
	// Remember keeps the results of negotiations with a peer for the next sessions
	// with it, for as long as this party lives and the peer's version is the same.
	Remember bool
	// Hello is how long an accepted connection may last without a session; 0: 10 s.
	Hello time.Duration
}

// Controller is the Wallet Controller of one party: its managers, made and
// joined in one place. The managers are the same for every role.
type Controller struct {
	parts        Parts
	instruments  *instrument.Manager
	protocols    *protocol.Manager
	profiles     *profile.Manager
	interceptors []Interceptor
	remembered   *remembered // nil: nothing is
	genuine      genuine     // of our offers
	logins       atomic.Pointer[func(comm.Peer) Login]
	counts       func(context.Context, instrument.OperationID) (profile.Fate, error) // see CountsBy
	turns        turns                                                               // of what counts by it
	met          whereabouts
}

// New makes a controller of parts: the paper's initialisation (§5.1).
func New(p Parts) (*Controller, error) {
	p.Patience = cmp.Or(p.Patience, defaultPatience)
	p.Hello = cmp.Or(p.Hello, defaultHello)
	var classes []instrument.Class
	for _, b := range p.Bundles {
		classes = append(classes, b.Classes...)
	}
	im, err := instrument.NewManager(instrument.Parts{Store: p.Store, Sealer: p.sealer(), Clock: p.Clock, Random: p.Random, Classes: classes})
	if err != nil {
		return nil, err
	}
	c := &Controller{parts: p, instruments: im}
	if p.Remember {
		c.remembered = &remembered{}
	}
	c.profiles = profile.NewManager(profile.Parts{
		Store: p.Store, Hash: p.Engine.Blind, Clock: p.Clock, Random: p.Random, Policy: p.Policy, Runner: p.Runner, Fate: c.fate, Gone: p.Gone,
	})
	c.protocols, err = protocol.NewManager(protocol.Parts{
		Store: p.Store, Instruments: im, Sealer: p.Engine, Fetch: p.Comm.Fetch, Clock: p.Clock, Random: p.Random,
		Log: p.Log, Runner: p.Runner, Looking: p.Looking, Ask: p.Ask, At: p.At, Gone: p.Gone, Held: p.Held, Reach: c.reach, Owner: p.Self, Bundles: p.Bundles, PNP: p.PNP,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Close ends the party's operations (§5.6). What was answered is on disk.
func (c *Controller) Close(ctx context.Context) error { return c.protocols.Close(ctx) }

// Instruments is the Instrument Manager.
func (c *Controller) Instruments() *instrument.Manager { return c.instruments }

// Protocols is the Protocol Manager.
func (c *Controller) Protocols() *protocol.Manager { return c.protocols }

// Profiles is the Profile Manager.
func (c *Controller) Profiles() *profile.Manager { return c.profiles }

// Book is where peers are remembered.
func (c *Controller) Book() comm.Book { return c.parts.Store }

// Now is the party's clock.
func (c *Controller) Now() time.Time { return c.parts.Clock() }

// Passes is a point in the work of a role, as protocol.Point; for tests.
func (c *Controller) Passes(p protocol.Point) {
	if c.parts.At != nil {
		c.parts.At(p)
	}
}

// Log is the party's log.
func (c *Controller) Log() *slog.Logger { return c.parts.Log }

// Self is the party as its peers see it.
func (c *Controller) Self() comm.Peer {
	return comm.Peer{Name: c.parts.Name, Role: c.parts.Role, Key: c.parts.Identity.KeyText(), PNP: c.parts.PNP}
}

// towards is our identity as a peer sees it.
func (c *Controller) towards(peerKey string) *crypto.Identity {
	if c.parts.Towards == nil {
		return c.parts.Identity
	}
	return c.parts.Towards(peerKey)
}

// Own is the principal of the party itself, which its own work is done as.
func (c *Controller) Own(ctx context.Context) (profile.Principal, error) {
	return c.profiles.Principal(ctx, c.parts.Self)
}

// Transaction is one operation that a principal asks for without a peer, or
// that the party does on its own.
type Transaction struct {
	ID          instrument.OperationID // empty: a new one
	Principal   profile.Principal
	Fresh       bool // the principal was read for this very request, as one that logs in for each is
	Protocol    string
	Operation   string
	Class       instrument.ClassID
	Instruments []instrument.ID
	Args        any
	Amount      instrument.Amount  // what it may move, for the principal's limits
	Invoice     instrument.Invoice // what is bought, as a vendor has signed it
	// Counts, if set, is the name under which the amount counts against the limits of
	// an account: of something that this operation only begins, such as a withdrawal.
	// What became of that says CountsBy.
	Counts    instrument.OperationID
	Within    time.Duration // how long a peer may take; 0: a minute
	Reference string        // what it is about, for the role that services it
	// Ended, if set, is told how it ended, also when the caller was let go before.
	Ended func(error)
	// Leave, if the role that services it sets it, is told that it has ended, or does
	// not begin, so that what was claimed for it can be let go. It may be told twice,
	// and must not block.
	Leave func(outcome error)
}

// defaultWithin is how long a peer may take for an operation that does not say it.
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

// Answer runs the servicer's side of an operation that was asked for over REST,
// where there is no peer to talk to.
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

// execution authorises a transaction and makes of it what the Protocol Manager
// takes.
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
	ids := t.Instruments // not all of t goes to the heap for them
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
