// Package controllertest runs parties with real managers, stores and engines
// over an in-process network, for tests of what the three roles share.
package controllertest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// Party is one party of a test: a controller on a store in memory.
type Party struct {
	*controller.Controller
	Role     comm.Role
	Identity *crypto.Identity
	Store    *store.DB
	comm     *comm.Manager
	engine   *crypto.Engine
	doors    atomic.Int32
}

// Options say what a party is.
type Options struct {
	Role    comm.Role
	Bundles []protocol.Bundle
	Policy  profile.Policy
	PNP     string
	Clock   func() time.Time
	Device  string         // see controller.Parts
	Limits  profile.Limits // of the party itself
	// Ways are the party's transports beside the network.
	Ways func(*crypto.Identity) []comm.Transport
	// Fetcher reaches foreign servers; nil: every server is down.
	Fetcher  comm.Fetcher
	Remember bool // see controller.Parts
	// Patience and Hello are those of controller.Parts.
	Patience, Hello time.Duration
	// At is called at the points of operations and of records.
	At func(protocol.Point)
	// Beside makes the party another process of the same node as that one, on the
	// same store, under the name Runner; Gone is that of controller.Parts.
	Beside *Party
	Runner string
	Gone   func(runner string) bool
	Log    *slog.Logger // nil: nobody reads it
}

// New makes a party in a network and closes it when the test ends.
func New(t testing.TB, net *inproc.Network, o Options) *Party {
	t.Helper()
	if o.PNP == "" {
		o.PNP = pnp.IntersectID
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Runner == "" {
		o.Runner = "test"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := o.place(t)
	ways := []comm.Transport{net.Transport(inproc.Options{Key: p.Identity.KeyText()})}
	if o.Ways != nil {
		ways = append(ways, o.Ways(p.Identity)...)
	}
	p.comm = comm.NewManager(o.Fetcher, ways...)
	negotiator := protocol.Bundle{Name: "pnp", Protocols: []protocol.Protocol{pnp.Intersect{}}}
	var err error
	p.Controller, err = controller.New(controller.Parts{
		Name: string(o.Role), Role: o.Role, Store: p.Store, Engine: p.engine, Identity: p.Identity, PNP: o.PNP, Comm: p.comm, Policy: o.Policy,
		Bundles: append([]protocol.Bundle{negotiator}, o.Bundles...),
		Self:    "self", Runner: o.Runner, Device: o.Device, Gone: o.Gone, Clock: o.Clock, Random: rand.Reader, Log: o.Log, At: o.At, Patience: o.Patience, Hello: o.Hello, Remember: o.Remember,
	})
	check(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		check(t, p.Close(ctx))
		if o.Beside == nil {
			check(t, p.Store.Close())
		}
	})
	return p
}

// place is a party without its managers: its identity and its store.
func (o Options) place(t testing.TB) *Party {
	t.Helper()
	if b := o.Beside; b != nil {
		return &Party{Role: o.Role, Identity: b.Identity, Store: b.Store, engine: b.engine}
	}
	key, err := crypto.RandomSecret(rand.Reader, 32)
	check(t, err)
	engine := crypto.NewEngine(key, rand.Reader)
	db, err := store.OpenMemory(t.Context(), store.Options{})
	check(t, err)
	check(t, db.PutPrincipal(t.Context(), profile.Principal{ID: "self", Kind: profile.Node, Name: string(o.Role), Limits: o.Limits}))
	return &Party{Role: o.Role, Identity: crypto.DeriveIdentity(engine, "node"), Store: db, engine: engine}
}

// Listen lets the party service sessions; it returns itself as a peer.
func (p *Party) Listen(t testing.TB, s controller.Servicing) comm.Peer {
	t.Helper()
	return p.ListenWith(t, func(h comm.Handler) comm.Handler { return h }, s)
}

// ListenWith is Listen with something between the connections and the party.
func (p *Party) ListenWith(t testing.TB, between func(comm.Handler) comm.Handler, s controller.Servicing) comm.Peer {
	t.Helper()
	return p.ListenAt(t, comm.Address{Scheme: inproc.Scheme, Path: fmt.Sprintf("door-%s-%s-%d", p.Identity.Fingerprint(), p.Protocols().Runner(), p.doors.Add(1))}, between, s)
}

// ListenAt is ListenWith at an address of one of the party's ways.
func (p *Party) ListenAt(t testing.TB, a comm.Address, between func(comm.Handler) comm.Handler, s controller.Servicing) comm.Peer {
	t.Helper()
	door, err := p.comm.Listen(t.Context(), a, func(comm.Conn) (comm.Handler, error) { return between(p.Serve(s)), nil })
	check(t, err)
	t.Cleanup(func() { _ = door.Close() })
	return comm.Peer{Name: string(p.Role), Role: p.Role, Key: door.Address().Key, Addresses: []string{door.Address().String()}}
}

// Comm is the party's Communication Manager, for those who open doors of their own.
func (p *Party) Comm() *comm.Manager { return p.comm }

// Dial opens a bare connection, for tests of peers that do not keep the rules.
func (p *Party) Dial(t testing.TB, to comm.Peer) comm.Conn {
	t.Helper()
	conn, err := p.comm.Dial(t.Context(), to, deaf{})
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Me is the party's own principal.
func (p *Party) Me(t testing.TB) profile.Principal {
	t.Helper()
	me, err := p.Own(t.Context())
	check(t, err)
	return me
}

// Create stores an instance of the party's own and returns its id.
func (p *Party) Create(t testing.TB, i instrument.Instance) instrument.ID {
	t.Helper()
	return p.CreateFor(t, "self", i)
}

// CreateFor stores an instance of somebody's and returns its id.
func (p *Party) CreateFor(t testing.TB, owner instrument.PrincipalID, i instrument.Instance) instrument.ID {
	t.Helper()
	i.Owner = owner
	if i.State == nil {
		i.State = json.RawMessage(`{}`)
	}
	var id instrument.ID
	check(t, p.Instruments().Update(t.Context(), func(tx *instrument.Draft) (err error) {
		id, err = tx.Create(i)
		return err
	}))
	return id
}

// View reads an instance.
func (p *Party) View(t testing.TB, id instrument.ID) instrument.Instance {
	t.Helper()
	i, err := p.Instruments().View(t.Context(), id)
	check(t, err)
	return i
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// deaf handles nothing.
type deaf struct{}

func (deaf) Request(context.Context, comm.Conn, string, json.RawMessage) (any, error) {
	return nil, nil
}
func (deaf) Notification(context.Context, comm.Conn, string, json.RawMessage) {}
func (deaf) Closed(comm.Conn)                                                 {}
