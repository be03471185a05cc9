package vendor_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// An application in a module of its own: lockers, each opened for a payment once that is
// committed. The wallet that pays is put together like the vendor, from the same parts.
func Example() {
	ctx := context.Background()
	lines := inproc.NewNetwork()

	shop, end := party(ctx, comm.Vendor, vendor.Policy(), lines, vendor.Payments())
	defer end()
	till := vendor.New(shop.Controller, nil, vendor.Config{Merchant: "Lockers"}) // no bank: it sells no cash
	shop.Intercept(func(_ context.Context, i controller.Intercepted) error {
		e, begins := i.Asked.(comm.Execute)
		if !begins || e.Call.Offer == nil {
			return nil
		}
		body, err := controller.OfferBody(*e.Call.Offer)
		if err == nil && body.Invoice[vendor.InvoiceProduct] == "" {
			err = fault.New(fault.Invalid, "which locker?").Because("product-missing").WithHint("say --item product=NAME")
		}
		return err
	})
	must(shop.Resume(ctx, nil)) // what an earlier life has begun, before the door opens
	door := must(till.Listen(ctx, shop.reach, comm.Address{Scheme: inproc.Scheme, Path: "lockers"}))
	defer door.Close()

	wallet, end := party(ctx, comm.Client, profile.UserPolicy(), lines, client.Payments())
	defer end()
	succeed(wallet.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		_, err := tx.Create(instrument.Instance{
			Class: "token", Owner: self, Status: "ready", State: json.RawMessage(`{"code":"4711","worth":"CHF:2"}`),
		})
		return err
	}))
	buy := func(item instrument.Invoice) {
		payment := client.Payment{
			Peer:   comm.Peer{Name: "lockers", Role: comm.Vendor, Addresses: []string{door.Address().String()}},
			Amount: must(instrument.ParseAmount("CHF:2")), Invoice: item, Class: "token",
		}
		user := must(wallet.Own(ctx))
		paid, err := client.New(wallet.Controller, user, nil).Pay(ctx, payment, func(context.Context, client.Bill) (bool, error) { return true, nil })
		if err != nil {
			fmt.Println("not paid:", err)
			return
		}
		fmt.Println("paid", paid.Price, "with a", paid.Class)
	}
	buy(nil)
	buy(instrument.Invoice{vendor.InvoiceProduct: "12"})

	// A real application keeps the cursor with what it has done, and observes while it serves.
	cursor := instrument.Seq(0)
	observing, enough := context.WithCancel(ctx)
	succeed(shop.Observe(observing, cursor, func(_ context.Context, e controller.Event) error {
		if e.Name == protocol.Pay && e.Fault == nil {
			fmt.Println("locker", e.Invoice[vendor.InvoiceProduct], "opens for", e.Amount)
		}
		enough()
		return nil
	}))
	// Output:
	// not paid: which locker?
	// paid CHF:2 with a token
	// locker 12 opens for CHF:2
}

const self instrument.PrincipalID = "self" // the party itself, or a wallet's owner

// opened is a party and how it reaches others.
type opened struct {
	*controller.Controller
	reach *comm.Manager
}

// party opens a party, which it makes. What stays beyond this process is the database, the
// vault, and the key file, which opens the vault.
func party(ctx context.Context, role comm.Role, policy profile.Policy, lines *inproc.Network, own protocol.Bundle) (p opened, end func()) {
	dir := must(os.MkdirTemp("", string(role)))
	db := must(store.Open(ctx, filepath.Join(dir, "swaperoo.db"), store.Options{}))
	succeed(db.PutPrincipal(ctx, profile.Principal{ID: self, Kind: profile.Node, Name: string(role), Created: time.Now()}))
	succeed(crypto.CreateKeyFile(filepath.Join(dir, "key"), rand.Reader))
	slot := crypto.Slot{Name: "node", Lock: crypto.KeyFile(filepath.Join(dir, "key"))}
	engine := crypto.NewEngine(must(crypto.CreateVault(filepath.Join(dir, "vault"), rand.Reader, slot)), nil) // later: OpenVault
	identity := crypto.DeriveIdentity(engine, "node")

	// websocket.New and stream.New make lines to other processes. Bundles of others come from
	// host.New and its Load, each pinned by a host.Catalog.
	p.reach = comm.NewManager(nil, lines.Transport(inproc.Options{Key: identity.KeyText()}))
	negotiators := protocol.Bundle{Name: "pnp", Protocols: []protocol.Protocol{pnp.Intersect{}}}
	tokens := protocol.Bundle{Name: "token", Classes: []instrument.Class{token}, Protocols: []protocol.Protocol{insert}}
	p.Controller = must(controller.New(controller.Parts{
		Name: string(role), Role: role, Self: self, Device: "locker", Policy: policy,
		Store: db, Engine: engine, Identity: identity, Comm: p.reach,
		Bundles: []protocol.Bundle{negotiators, own, tokens}, PNP: pnp.IntersectID,
		Clock: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Runner: rand.Text(), // of this process; one process at a time is in a directory
	}))
	return p, func() {
		succeed(p.Close(ctx))
		succeed(db.Close())
		succeed(os.RemoveAll(dir))
	}
}

// token and insert are a class and its protocol, as a plugin brings them.
var token, once = sdk.Class{About: instrument.Info{
	ID: "token", Title: "Token", Keys: []string{"code"},
	Moves: sdk.Moves("> ready > shown > spent", "shown > ready", "> taken"),
}}, sdk.Once{Class: "token", Key: "code"}

type worth struct {
	Worth instrument.Amount `json:"worth"`
}

var insert = sdk.Simple{
	Name: "token.insert", Title: "Insert a token", Class: "token", Operation: protocol.Pay, Replay: 1,
	Present: func(_ protocol.Session, _ protocol.Call, i *instrument.Instance) (protocol.Result, error) {
		var is worth
		err := i.Decode(&is)
		i.Status = "shown"
		return protocol.Result{Value: i.State, Amount: is.Worth}, err
	},
	Accepted: "spent",
	Accept: func(_ protocol.Session, _ protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
		var is worth
		err := once.Take(tx, message, &is)
		return protocol.Result{Value: json.RawMessage(`{}`), Amount: is.Worth}, err
	},
}

func must[T any](v T, err error) T {
	succeed(err)
	return v
}

func succeed(err error) {
	if err != nil {
		panic(err)
	}
}
