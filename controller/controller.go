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
	// Who it is.
	Name   string
	Role   comm.Role
	Self   instrument.PrincipalID // the party itself; made at its initialisation
	Device string                 // for Circumstances
	Policy profile.Policy

	// Its parts.
	Store    Store
	Engine   *crypto.Engine
	Ring     *crypto.Ring     // of the keys of owners; nil: everything is sealed by Engine
	Identity *crypto.Identity // by which peers know us
	// Towards is the identity that a peer of that key sees, for a wallet that
	// shows each vendor one of its own; nil: Identity, to all.
	Towards func(peerKey string) *crypto.Identity
	Bundles []protocol.Bundle            // of this role
	Absent  map[instrument.ClassID]error // see instrument.Parts; nil: whatever it has is installed
	PNP     string
	Comm    *comm.Manager
	Ask     protocol.Asker // asks the person in front of it; nil: nobody is there
	Clock   func() time.Time
	Random  io.Reader // safe for concurrent use
	Log     *slog.Logger
	At      func(protocol.Point) // for tests

	// This life of it, and others.
	Runner  string                   // names this life of this node
	Looking bool                     // this process was opened to look and to administer
	Gone    func(runner string) bool // whether another life of it has ended; nil: all have
	// Held reports whether an operation that another life has left waits for a
	// person; nil: none does.
	Held func(instrument.OperationID) bool

	// How it deals with peers.

	// Hello is how long an accepted connection may last without a session; 0: 10 s.
	Hello time.Duration
	// Patience is how long a peer may take to answer one step of a session; to be
	// connected to again it may take twice as long. 0: 20 s.
	Patience time.Duration
	// Remember keeps the results of negotiations with a peer for the next sessions
	// with it, as long as this party lives and the peer's version is the same.
	Remember bool
}

// Controller is the Wallet Controller of one party: its managers, made and
// joined in one place. The managers are the same for every role.
type Controller struct {
	parts        Parts
	instruments  *instrument.Manager
	protocols    *protocol.Manager
	profiles     *profile.Manager
	interceptors []Interceptor
	remembered   *remembered // results of negotiations; nil: none are kept
	genuine      genuine     // offers of ours that were verified
	logins       atomic.Pointer[func(comm.Peer) Login]
	counts       func(context.Context, instrument.OperationID) (profile.Fate, error) // see CountsBy
	turns        turns                                                               // one at a time of the operations with the same Counts
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
	im, err := instrument.NewManager(instrument.Parts{Store: p.Store, Sealer: p.sealer(), Clock: p.Clock, Random: p.Random, Classes: classes, Absent: p.Absent})
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

// Book is the party's list of peers.
func (c *Controller) Book() comm.Book { return c.parts.Store }

// Now is the party's clock.
func (c *Controller) Now() time.Time { return c.parts.Clock() }

// Passes notes that the work of a role has reached a point, for tests (Parts.At).
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

// Own is the principal of the party itself, on whose behalf it does its own work.
func (c *Controller) Own(ctx context.Context) (profile.Principal, error) {
	return c.profiles.Principal(ctx, c.parts.Self)
}
