package house

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/comm/stream"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/comm/websocket"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// Options say which party to open and for what.
type Options struct {
	Files
	Role       comm.Role
	Name       string         // as peers see it
	Device     string         // "terminal", "server", "desktop"
	Passphrase *crypto.Secret // a person's; nil: a key file
	User       string         // who opens a wallet, by name; empty: its owner
	KeyFile    string         // an agent's, at a wallet
	Policy     profile.Policy
	Log        *slog.Logger
	Trust      comm.Trust // about peers whose key nobody has named
	AllowHTTP  bool       // http also to other machines
	Remember   bool       // results of negotiations, as controller.Parts has it
	PNP        string     // how protocols are negotiated; empty: pnp.intersect
	Clear      []string   // lines that run in clear, as stream.Options has them
	// Pipe opens the pipes of stdio addresses, as stream.Options has it; nil: none.
	Pipe func(ctx context.Context, name string) (stream.Pipe, error)
	// Waits is told for which operations Resume waits, if that takes a while. It is
	// called on another goroutine; nil: nobody is told.
	Waits func([]protocol.Execution)
	// Looking opens the party to look and to administer: it runs read-only
	// operations at most.
	Looking bool
	// Ask asks the person in front of the party; nil: nobody is there.
	Ask protocol.Asker
	// Alone refuses a second process that says so, too: a server.
	Alone bool
	// At is called at the points of operations; for tests.
	At func(protocol.Point)
	// Parts may change what the controller is made of; for tests that take a protection
	// away and check that its absence is noticed.
	Parts func(*controller.Parts)
}

// House is an open party.
type House struct {
	*controller.Controller
	Store    *store.DB
	Engine   *crypto.Engine
	Identity *crypto.Identity
	Comm     *comm.Manager
	Host     *host.Host
	Catalog  *host.Catalog
	files    Files
	user     profile.Principal // who has opened it
	slot     crypto.Slot       // of the vault, by which it was opened
	ring     *crypto.Ring      // a wallet's

	absent     map[instrument.ClassID]error // classes of plugins that were left out, and why
	unfinished []string                     // owners whose instruments are not all under their newest key
	fetcher    *https.Fetcher
	guard      guard

	lost      *loss
	waits     func([]protocol.Execution)
	allowHTTP bool
	marked    bool         // it was restored, and not all of it is checked
	unlock    func() error // gives the lock back
	life      life
	unwatch   func()
	unshare   func() error // lets others change whose keys are in the vault
}

// User is who has opened the party: the person or agent, or the party itself.
func (h *House) User() profile.Principal { return h.user }

// Files are the paths of the party.
func (h *House) Files() Files { return h.files }

// Open puts a party together. No plugin is started.
func Open(ctx context.Context, o Options) (h *House, err error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	h = &House{files: o.Files, lost: newLoss(), guard: newGuard(), allowHTTP: o.AllowHTTP, waits: o.Waits, unlock: nothing, unshare: nothing, unwatch: func() {}}
	half := h
	defer func() {
		if err != nil {
			_ = half.Close(ctx)
			h = nil
		}
	}()
	if h.Store, err = store.Open(ctx, o.Store(), o.database(h.lost.end)); err != nil {
		return nil, err
	}
	if err := h.known(ctx, o.Files); err != nil {
		return nil, err
	}
	if err := h.login(ctx, o); err != nil {
		return nil, err
	}
	if err = h.enter(o); err != nil {
		return nil, err
	}
	h.Identity = crypto.DeriveIdentity(h.Engine, "node")
	bundles, err := h.load(o)
	if err != nil {
		return nil, err
	}
	if h.Comm, err = h.transports(o); err != nil {
		return nil, err
	}
	if err := h.heed(&o); err != nil {
		return nil, err
	}
	if h.Controller, err = controller.New(h.parts(o, bundles)); err != nil {
		return nil, err
	}
	return h, h.review(ctx)
}

// known refuses a database that does not know the party, although it has tables: init
// writes the party into it before there is a vault.
func (h *House) known(ctx context.Context, f Files) error {
	_, err := h.Store.Principal(ctx, Self)
	if errors.Is(err, fault.NotFound) {
		return f.withoutStore(err, "empty")
	}
	return err
}

// heed makes a restored wallet obey its mark.
func (h *House) heed(o *Options) error {
	m, err := o.Mark()
	if h.marked = m != nil; h.marked {
		o.Policy = append(slices.Clone(o.Policy), o.checked)
	}
	return err
}

// database are the options of the store, which tells stopped when it has stopped.
func (o Options) database(stopped func(error)) store.Options {
	d := store.Options{Stopped: func(err error) { // answers alone would not tell the operator
		o.Log.Error("the database accepts no changes any more", "error", err.Error(), "next", "see to the disk, then start the program again")
		stopped(err)
	}, Full: func(err error) {
		if err == nil {
			o.Log.Warn("the disk has room again, and changes are stored")
			return
		}
		o.Log.Error("the disk is full: changes are refused until it has room", "error", err.Error())
	}}
	if o.At != nil {
		d.BeforeCommit = func(int) error { o.At(protocol.PointBeforeCommit); return nil }
	}
	return d
}

// enter takes the process's place in the directory.
func (h *House) enter(o Options) (err error) {
	if o.Alone {
		if h.unlock, err = o.takeAlone(); err != nil {
			return err
		}
	}
	h.life, err = newLife(o.Files)
	return err
}

func (h *House) parts(o Options, bundles []protocol.Bundle) controller.Parts {
	p := controller.Parts{
		Name: o.Name, Role: o.Role, Store: h.Store, Engine: h.Engine, Ring: h.ring, Identity: h.Identity, Bundles: bundles, PNP: cmp.Or(o.PNP, pnp.IntersectID),
		Comm: h.Comm, Policy: o.Policy, Self: Self, Runner: h.life.name, Looking: o.Looking, At: o.At, Gone: o.gone, Device: o.Device, Clock: time.Now, Random: rand.Reader, Log: o.Log,
		Remember: o.Remember, Ask: o.Ask, Absent: h.absent,
	}
	if o.Role == comm.Client {
		p.Towards = h.towards
	}
	if h.marked {
		p.Held = o.holds
	}
	if o.Parts != nil {
		o.Parts(&p)
	}
	return p
}

// towards gives a wallet one identity per vendor, so that vendors cannot find
// out together that they know the same customer.
func (h *House) towards(peerKey string) *crypto.Identity {
	return crypto.DeriveIdentity(h.Engine, "vendor "+peerKey)
}

// KnownAs is the key by which a peer knows this party.
func (h *House) KnownAs(peerKey string) string { return h.towards(peerKey).KeyText() }

// transports are the ways in which this party reaches others.
func (h *House) transports(o Options) (*comm.Manager, error) {
	server, err := crypto.ServerConfig(h.Identity, nil)
	if err != nil {
		return nil, err
	}
	client := func(peerKey string) (*tls.Config, error) {
		if o.Role == comm.Client {
			return crypto.ClientConfig(h.towards(peerKey), nil)
		}
		return crypto.ClientConfig(h.Identity, nil)
	}
	shake := comm.Handshake{Key: h.Identity.KeyText(), Server: server, Client: client, KeyOf: crypto.PeerKeyText, Trust: o.Trust}
	sessions := websocket.New(websocket.Options{TLS: shake})
	lines := stream.New(stream.Options{TLS: shake, Clear: o.Clear, Pipe: o.Pipe})
	h.fetcher = https.New(https.Options{AllowHTTP: o.AllowHTTP})
	banks := &http.Client{Transport: h.guard.anywhere}
	if o.Role == comm.Client { // its banks are named by QR codes
		banks.Transport = h.guard
	}
	return comm.NewManager(h.fetcher, sessions, lines, &taler.Transport{HTTP: banks, AllowHTTP: o.AllowHTTP}), nil
}

// Close ends the party: operations first, then plugins, then the store. It also closes a
// party that was only partly opened.
func (h *House) Close(ctx context.Context) error {
	var errs []error
	h.unwatch()
	if h.Controller != nil {
		err := h.Controller.Close(ctx)
		if errors.Is(err, fault.Timeout) { // the next life goes on with them
			h.Log().Warn("operations were still running at the end", "error", err)
			err = nil
		}
		errs = append(errs, err)
	}
	if h.Host != nil {
		errs = append(errs, h.Host.Close(ctx))
	}
	if h.fetcher != nil {
		h.fetcher.CloseIdle()
	}
	h.guard.closeIdle()
	if h.Store != nil {
		errs = append(errs, h.Store.Close())
	}
	if h.life.end != nil { // last: from now on others take over what was left
		errs = append(errs, h.life.end())
	}
	return errors.Join(append(errs, h.unlock(), h.unshare())...)
}

func nothing() error { return nil }
