package banktest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/comm/taler/load"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// What every house's bank is.
const (
	Currency        = "CHF"
	ExchangeURL     = "https://exchange.example.com/"
	ExchangeAccount = taler.Payto("payto://iban/CH9300762011623852957?receiver-name=Exchange")
	ProviderName    = "cards"
	GatewayName     = "exchange"
	self            = instrument.PrincipalID("bank")
)

// Options of a house; only Bundles is required.
type Options struct {
	Bundles []protocol.Bundle // of the bank's role; a PNP is added
	Dir     string            // t.TempDir() if empty
	Asking  bank.Asking
	Fees    taler.Amount       // withdrawal fees
	Decide  func(*bank.Config) // what else the operator has decided
	Rest    rest.Options       // Clock is time.Now if nil
	Limits  rest.Limits
	Around  func(http.Handler) http.Handler // sees every request and answer; nothing if nil
	Clock   func() time.Time                // of the party; time.Now if nil
	Log     *slog.Logger
	Store   store.Options
	Over    func(controller.Store) controller.Store // what the party is given for its database; that if nil
	Net     *inproc.Network                         // where it listens for native sessions; none if nil
	Fetch   comm.Fetcher                            // how plugins get out; HTTP if nil
	// Spent tells, for benchmarks, the time on processors that this process and
	// its plugins have taken; nobody if nil.
	Spent func() (own, begun time.Duration)
}

// Login are a terminal's credentials.
type Login = load.Login

// House is a bank that serves.
type House struct {
	Bank     *bank.Bank
	API      *rest.API
	DB       *store.DB
	Provider *Provider
	URL      string // of the Terminal API; the others are below it
	Terminal Login
	Gateway  bank.Gateway
	Peer     comm.Peer // for native sessions

	tb     testing.TB
	o      Options
	pay    *httptest.Server
	server *rest.Server
	door   comm.Listener
	dead   atomic.Bool
	closed bool

	mu   sync.Mutex
	held int
	bell chan struct{} // closed and made anew whenever held changes
}

// Open makes a bank with one provider, one terminal and one exchange, and serves
// it on a loopback port until the test ends.
func Open(tb testing.TB, o Options) *House {
	tb.Helper()
	if o.Dir == "" {
		o.Dir = tb.TempDir()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Rest.Clock == nil {
		o.Rest.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Fetch == nil {
		o.Fetch = https.New(https.Options{})
	}
	h := &House{tb: tb, o: o, Provider: NewProvider(), bell: make(chan struct{})}
	h.o.Rest.Held = h.holds
	h.pay = httptest.NewServer(h.Provider)
	tb.Cleanup(h.pay.Close)
	h.start()
	tb.Cleanup(h.Close)
	h.furnish()
	return h
}

// furnish makes the accounts of a new house.
func (h *House) furnish() {
	h.tb.Helper()
	ctx := context.Background()
	if err := h.Bank.AddProvider(ctx, bank.Provider{Name: ProviderName, Kind: "simulator", URL: h.pay.URL}); err != nil {
		h.tb.Fatalf("add the provider: %v", err)
	}
	h.Terminal = h.AddTerminal("till")
	var err error
	if h.Gateway, err = h.Bank.AddGateway(ctx, GatewayName); err != nil {
		h.tb.Fatalf("add the gateway: %v", err)
	}
}

// AddTerminal makes a further terminal.
func (h *House) AddTerminal(name string) Login {
	h.tb.Helper()
	login, token, err := h.Bank.AddTerminal(context.Background(), name, ProviderName)
	if err != nil {
		h.tb.Fatalf("add the terminal %s: %v", name, err)
	}
	return Login{Name: login, Token: token}
}

// AddExchange makes a further exchange known.
func (h *House) AddExchange(x bank.Exchange) bank.Gateway {
	h.tb.Helper()
	g, err := h.Bank.AddExchange(context.Background(), x)
	if err != nil {
		h.tb.Fatalf("add the exchange %s: %v", x.Name, err)
	}
	return g
}

// AddProvider makes a further provider known.
func (h *House) AddProvider(name string, p *Provider) error {
	at := httptest.NewServer(p)
	h.tb.Cleanup(at.Close)
	return h.Bank.AddProvider(context.Background(), bank.Provider{Name: name, Kind: "simulator", URL: at.URL})
}

// start opens the database and everything above it.
func (h *House) start() {
	h.tb.Helper()
	ctx := context.Background()
	c, cm := h.controller()
	var err error
	h.Bank, err = bank.New(ctx, c, h.config())
	if err != nil {
		h.tb.Fatalf("make the bank: %v", err)
	}
	if h.o.Net != nil {
		h.listen(cm)
	}
	h.serve()
}

func (h *House) config() bank.Config {
	cfg := bank.Config{
		Currency: Currency, ExchangeURL: ExchangeURL, ExchangeAccount: ExchangeAccount, WithdrawalFees: h.o.Fees, Asking: h.o.Asking,
	}
	if h.o.Decide != nil {
		h.o.Decide(&cfg)
	}
	return cfg
}

// controller opens the database and what is below the bank.
func (h *House) controller() (*controller.Controller, *comm.Manager) {
	h.tb.Helper()
	ctx := context.Background()
	h.dead.Store(false)
	opening := h.o.Store
	opening.BeforeCommit = func(n int) error {
		if h.dead.Load() {
			return errors.New("the power is gone")
		}
		if h.o.Store.BeforeCommit != nil {
			return h.o.Store.BeforeCommit(n)
		}
		return nil
	}
	var err error
	if h.DB, err = store.Open(ctx, filepath.Join(h.o.Dir, "bank.db"), opening); err != nil {
		h.tb.Fatalf("open the database: %v", err)
	}
	identity := crypto.NewIdentity(crypto.NewSecret(bytes.Repeat([]byte{2}, crypto.KeySize)))
	var db controller.Store = h.DB
	if h.o.Over != nil {
		db = h.o.Over(db)
	}
	var transports []comm.Transport
	if h.o.Net != nil {
		transports = append(transports, h.o.Net.Transport(inproc.Options{Key: identity.KeyText()}))
	}
	cm := comm.NewManager(h.o.Fetch, transports...)
	c, err := controller.New(controller.Parts{
		Name: "bank", Role: comm.Bank, Store: db,
		Engine:   engine(),
		Identity: identity,
		Bundles:  append([]protocol.Bundle{{Name: "pnp", Protocols: []protocol.Protocol{pnp.Intersect{}}}}, h.o.Bundles...),
		PNP:      pnp.IntersectID, Comm: cm, Policy: bank.Policy(),
		Self: self, Runner: "house", Device: "server", Clock: h.o.Clock, Random: rand.Reader, Log: h.o.Log,
	})
	if err != nil {
		h.tb.Fatalf("make the controller: %v", err)
	}
	h.principal(ctx, c)
	return c, cm
}

// principal makes the bank's own, under which it asks providers; a database that was
// copied has it.
func (h *House) principal(ctx context.Context, c *controller.Controller) {
	h.tb.Helper()
	_, err := c.Profiles().Principal(ctx, self)
	if errors.Is(err, fault.NotFound) {
		_, err = c.Profiles().Add(ctx, profile.Principal{ID: self, Kind: profile.Node, Name: c.Self().Name})
	}
	if err != nil {
		h.tb.Fatalf("initialise: %v", err)
	}
}

// listen services native sessions.
func (h *House) listen(cm *comm.Manager) {
	h.tb.Helper()
	door, err := cm.Listen(context.Background(), comm.Address{Scheme: inproc.Scheme, Path: "bank"}, h.Bank.Accept(h.Bank.Servicing()))
	if err != nil {
		h.tb.Fatalf("listen for sessions: %v", err)
	}
	h.door = door
	h.Peer = comm.Peer{Name: "bank", Role: comm.Bank, Key: h.Bank.Self().Key, Addresses: []string{door.Address().String()}}
}

func (h *House) serve() {
	h.API = rest.New(h.Bank, h.o.Rest)
	server := rest.NewServer(h.API, h.o.Limits) // the next life has another one, perhaps before this one has begun to serve
	if h.o.Around != nil {
		server.Handler = h.o.Around(server.Handler)
	}
	h.server = server
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.tb.Fatalf("listen: %v", err)
	}
	h.URL = "http://" + l.Addr().String() + "/"
	go func() { _ = server.Serve(l) }()
	h.closed = false
}

func engine() *crypto.Engine {
	return crypto.NewEngine(crypto.NewSecret(bytes.Repeat([]byte{1}, crypto.KeySize)), nil)
}
