package protocoltest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// Options may be left zero.
type Options struct {
	Role    comm.Role // Client
	Name    string    // the role's word
	Bundles []protocol.Bundle
	// Fetch answers requests to foreign servers; without it every server is down.
	Fetch func(context.Context, comm.Fetch) (comm.Fetched, error)
	Clock func() time.Time // the system's
	Owner instrument.PrincipalID
	// PNP is pnp.intersect, which is always installed.
	PNP string
	// Runner names this life of the node; a new one each time.
	Runner string
	// Looking is a node that was opened to look and to administer.
	Looking bool
	// Gone says which other lives of the node have ended; all have.
	Gone func(runner string) bool
	// Held says which operations of other lives wait for a person; none.
	Held func(instrument.OperationID) bool
	// Reach is how operations of an earlier life find their peers.
	Reach func() protocol.Link
	// Ask answers what code asks the person in front of the node; nobody is there.
	Ask protocol.Asker
	// Before is an earlier life of the same node: its database and its key are
	// taken over.
	Before *Node
	// Sealer is what seals instruments; the node's engine.
	Sealer func(*crypto.Engine) instrument.Sealer
	// Store shapes the database in memory; BeforeCommit lets commits fail.
	Store store.Options
	// File keeps the database in this file instead of in memory.
	File string
	// Database stands between the Protocol Manager and the database.
	Database func(protocol.Store) protocol.Store
	Log      *slog.Logger // silent
	// Unchecked runs each Update closure once, as in real life.
	Unchecked bool
}

// Node is one party.
type Node struct {
	Self        comm.Peer // as others see it
	Store       *store.DB
	Engine      *crypto.Engine
	Instruments *instrument.Manager
	Protocols   *protocol.Manager
}

// NewNode makes a party. It is closed when the test ends; a protocol that does
// not return then fails the test.
func NewNode(t testing.TB, o Options) *Node {
	t.Helper()
	o = o.withDefaults()
	n := &Node{Self: comm.Peer{Name: o.Name, Role: o.Role, Key: rand.Text(), PNP: o.PNP}}
	if o.Before != nil {
		n.Self, n.Store, n.Engine = o.Before.Self, o.Before.Store, o.Before.Engine
	} else {
		n.Store, n.Engine = openStore(t, o), newEngine(t)
	}
	var classes []instrument.Class
	for _, b := range o.Bundles {
		classes = append(classes, b.Classes...)
	}
	var err error
	n.Instruments, err = instrument.NewManager(instrument.Parts{
		Store: n.Store, Sealer: o.sealer(n.Engine), Clock: o.Clock, Random: rand.Reader, Classes: classes,
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Protocols, err = protocol.NewManager(protocol.Parts{
		Store: o.Database(n.Store), Instruments: n.Instruments, Sealer: n.Engine, Fetch: o.Fetch, Clock: o.Clock, Random: rand.Reader,
		Log: o.Log, Runner: o.Runner, Looking: o.Looking, Gone: o.Gone, Held: o.Held, Ask: o.Ask, Reach: o.reach, Owner: o.Owner, Bundles: o.installed(t), PNP: o.PNP,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := Within(context.Background(), t)
		defer cancel()
		if err := n.Protocols.Close(ctx); err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
	})
	return n
}

func (o Options) sealer(e *crypto.Engine) instrument.Sealer {
	if o.Sealer == nil {
		return e
	}
	return o.Sealer(e)
}

func (o Options) reach(protocol.Execution) protocol.Link {
	if o.Reach == nil {
		return nil
	}
	return o.Reach()
}

// Within bounds what a test waits for that must happen: not by a time of its own, which a busy
// machine may need for anything, but by that of the whole run (`go test -timeout`). A tenth is left
// for the test that has waited in vain to say so.
func Within(ctx context.Context, t testing.TB) (context.Context, context.CancelFunc) {
	if run, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if until, bounded := run.Deadline(); bounded {
			return context.WithDeadline(ctx, until.Add(-time.Until(until)/10))
		}
	}
	return context.WithCancel(ctx)
}

func (o Options) withDefaults() Options {
	word := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	if o.Role == "" {
		o.Role = comm.Client
	}
	word(&o.Name, string(o.Role))
	word(&o.Runner, rand.Text())
	word(&o.PNP, pnp.IntersectID)
	if o.Owner == "" {
		o.Owner = instrument.PrincipalID(o.Name)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Database == nil {
		o.Database = func(s protocol.Store) protocol.Store { return s }
	}
	if o.Fetch == nil {
		o.Fetch = func(context.Context, comm.Fetch) (comm.Fetched, error) {
			return comm.Fetched{}, fault.New(fault.Unavailable, "no server answers")
		}
	}
	return o
}

// installed is the bundles with every protocol checked, and the default PNP.
func (o Options) installed(t testing.TB) []protocol.Bundle {
	out := []protocol.Bundle{{Name: "pnp", Protocols: []protocol.Protocol{pnp.Intersect{}}}}
	for _, b := range o.Bundles {
		protocols := make([]protocol.Protocol, len(b.Protocols))
		for i, p := range b.Protocols {
			if protocols[i] = p; !o.Unchecked {
				protocols[i] = Checked(t, p)
			}
		}
		b.Protocols = protocols
		out = append(out, b)
	}
	return out
}

func openStore(t testing.TB, o Options) *store.DB {
	t.Helper()
	open := func() (*store.DB, error) { return store.OpenMemory(t.Context(), o.Store) }
	if o.File != "" {
		open = func() (*store.DB, error) { return store.Open(t.Context(), o.File, o.Store) }
	}
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return db
}

func newEngine(t testing.TB) *crypto.Engine {
	t.Helper()
	key, err := crypto.RandomSecret(rand.Reader, crypto.KeySize)
	if err != nil {
		t.Fatal(err)
	}
	return crypto.NewEngine(key, nil)
}

// Create stores instruments as they are given and returns their ids.
func (n *Node) Create(t testing.TB, instances ...instrument.Instance) []instrument.ID {
	t.Helper()
	var ids []instrument.ID
	err := n.Instruments.Update(t.Context(), func(d *instrument.Draft) error {
		ids = nil
		for _, i := range instances {
			id, err := d.Create(i)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// View reads an instrument that must be there.
func (n *Node) View(t testing.TB, id instrument.ID) instrument.Instance {
	t.Helper()
	i, err := n.Instruments.View(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// Operations are the rows of all operations, newest first.
func (n *Node) Operations(t testing.TB) []protocol.Row {
	t.Helper()
	rows, err := n.Store.OperationRows(context.Background(), protocol.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Commits counts the commits that f costs.
func (n *Node) Commits(f func()) uint64 {
	before := n.Store.Stats().Commits
	f()
	return n.Store.Stats().Commits - before
}
