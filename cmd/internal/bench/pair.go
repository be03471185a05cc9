package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/websocket"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// Options say what is measured.
type Options struct {
	InProcess bool                            // protocols run in the parties themselves, not as plugins
	Accounts  int                             // prepaid accounts that the wallet holds at the vendor
	between   func(comm.Handler) comm.Handler // for tests; nil: nothing is between wallet and vendor
	fetch     comm.Fetcher                    // how plugins get out; nil: over the network
}

// Pair is a wallet and a vendor in this process, with one session between them.
type Pair struct {
	wallet, vendor *house.House
	door           comm.Listener
	peer           comm.Peer
	user           profile.Principal
	session        *controller.Session
	accounts       []instrument.ID
}

// The price of each payment, and what each account is filled with.
const (
	price  = "CHF:0.01"
	filled = "CHF:10000"
)

// Open makes the two in dir and fills the accounts. The caller closes them.
func Open(ctx context.Context, dir string, o Options) (p *Pair, err error) {
	p = &Pair{}
	half := p
	defer func() {
		if err != nil {
			_ = half.Close()
		}
	}()
	if p.vendor, err = o.open(ctx, filepath.Join(dir, "vendor"), comm.Vendor, vendor.Policy()); err != nil {
		return nil, err
	}
	if p.door, err = o.listen(ctx, p.vendor); err != nil {
		return nil, err
	}
	p.peer = peerAt(p.door.Address().String())
	if p.wallet, err = o.open(ctx, filepath.Join(dir, "wallet"), comm.Client, profile.UserPolicy()); err != nil {
		return nil, err
	}
	if p.user, err = p.wallet.Own(ctx); err != nil {
		return nil, err
	}
	if p.session, err = p.negotiated(ctx); err != nil {
		return nil, err
	}
	return p, p.fill(ctx, o.Accounts)
}

func (o Options) open(ctx context.Context, dir string, role comm.Role, policy profile.Policy) (*house.House, error) {
	f := house.Files{Dir: dir}
	if err := house.Init(ctx, f, string(role), nil); err != nil {
		return nil, err
	}
	return o.reopen(ctx, dir, role, policy)
}

func (o Options) reopen(ctx context.Context, dir string, role comm.Role, policy profile.Policy) (*house.House, error) {
	opened := house.Options{
		Files: house.Files{Dir: dir}, Role: role, Name: string(role), Policy: policy, Log: slog.New(slog.DiscardHandler),
	}
	opened.Parts = func(p *controller.Parts) {
		if o.InProcess {
			p.Bundles = inProcess(role)
		}
		if o.fetch != nil {
			p.Comm = comm.NewManager(o.fetch)
		}
	}
	return house.Open(ctx, opened)
}

// inProcess are the bundles without a door in between.
func inProcess(role comm.Role) []protocol.Bundle {
	return append(bundled.InProcess(role), protocol.Bundle{Name: "pnp", Protocols: []protocol.Protocol{pnp.Intersect{}}})
}

// listen opens the vendor's door.
func (o Options) listen(ctx context.Context, h *house.House) (comm.Listener, error) {
	shop := vendor.New(h.Controller, nil, vendor.Config{Merchant: "bench"})
	accept := h.Accept(shop.Servicing())
	if o.between != nil {
		plain := accept
		accept = func(c comm.Conn) (comm.Handler, error) {
			handler, err := plain(c)
			return o.between(handler), err
		}
	}
	return h.Comm.Listen(ctx, comm.Address{Scheme: websocket.Scheme, Host: "127.0.0.1:0", Path: "/"}, accept)
}

func peerAt(text string) comm.Peer {
	p := comm.Peer{Name: "vendor", Role: comm.Vendor, Addresses: []string{text}}
	if a, err := comm.ParseAddress(text); err == nil {
		p.Key = a.Key
	}
	return p
}

// negotiated is a session in which all is agreed on but what is paid with.
func (p *Pair) negotiated(ctx context.Context) (*controller.Session, error) {
	s, err := p.wallet.InitiateSession(ctx, p.peer, controller.Login{})
	if err != nil {
		return nil, err
	}
	return s, negotiate(ctx, s)
}

func negotiate(ctx context.Context, s *controller.Session) error {
	_, err := s.Negotiate(ctx, client.ClassPrepaid, instrument.Invoice{controller.InvoiceAmount: price})
	return err
}

// fill opens accounts at the vendor, which credits them without having been
// paid, and lets the wallet know.
func (p *Pair) fill(ctx context.Context, accounts int) error {
	do := func(operation string, args any, on ...instrument.ID) error {
		_, err := p.session.Execute(ctx, controller.Transaction{
			Principal: p.user, Operation: operation, Class: client.ClassPrepaid, Args: args, Instruments: on,
		}, nil)
		return err
	}
	for range accounts {
		if err := do("OPEN", map[string]string{"currency": "CHF"}); err != nil {
			return err
		}
	}
	self, err := p.vendor.Own(ctx)
	if err != nil {
		return err
	}
	held, err := p.wallet.Instruments().List(ctx, instrument.Filter{Class: client.ClassPrepaid})
	if err != nil {
		return err
	}
	for n, i := range held {
		_, err := p.vendor.Execute(ctx, controller.Transaction{
			Principal: self, Protocol: vendor.ProtocolPrepaid, Operation: vendor.OperationCredit, Class: vendor.ClassPrepaid,
			Args: map[string]string{"account": i.Keys["account"], "amount": filled, "source": fmt.Sprint("bench ", n)},
		})
		if err != nil {
			return err
		}
		if err := do(client.OperationBalance, nil, i.ID); err != nil {
			return err
		}
		p.accounts = append(p.accounts, i.ID)
	}
	return nil
}

// Close ends session, door and both parties.
func (p *Pair) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var errs []error
	if p.session != nil {
		errs = append(errs, p.session.Close(ctx))
	}
	if p.door != nil {
		errs = append(errs, p.door.Close())
	}
	for _, h := range []*house.House{p.wallet, p.vendor} {
		if h != nil {
			errs = append(errs, h.Close(ctx))
		}
	}
	return errors.Join(errs...)
}
