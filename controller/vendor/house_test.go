package vendor_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/stream"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/crypto"
	talerkeys "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// cast is a terminal with everybody it talks to: a bank that serves, a card
// provider, and an in-process network for wallets.
type cast struct {
	*vendor.Terminal
	bank  *banktest.House
	cards *banktest.Cards
	net   *inproc.Network
	comm  *comm.Manager
	key   string
	db    *store.DB
	later atomic.Int64 // by how much the terminal's clock is ahead
	away  atomic.Bool  // the card provider cannot be connected to
}

func (c *cast) clock() time.Time { return time.Now().Add(time.Duration(c.later.Load())) }

func newCast(t *testing.T) *cast {
	t.Helper()
	return newCastAt(t, func(h *banktest.House) string { return h.URL })
}

// newCastAt has the terminal ask the bank at another address.
func newCastAt(t *testing.T, address func(*banktest.House) string, over ...remake) *cast {
	t.Helper()
	return newCastFor(t, amount(t, "CHF:0.5"), address, over...)
}

// newCastFor has the bank take other fees; the zero Amount: none.
func newCastFor(t *testing.T, fees instrument.Amount, address func(*banktest.House) string, over ...remake) *cast {
	t.Helper()
	c := &cast{net: inproc.NewNetwork()}
	c.bank = banktest.Open(t, banktest.Options{Bundles: bundles(comm.Bank), Fees: fees, Net: c.net})
	c.cards = banktest.NewCards(c.bank.Provider)
	at := httptest.NewServer(c.cards)
	t.Cleanup(at.Close)
	party := newParty(t, c.net, comm.Vendor, vendor.Policy(), c.clock, &c.away, over...)
	c.comm, c.db, c.key = party.Comm(), party.Store, party.Identity.KeyText()
	url := address(c.bank)
	till, err := taler.NewClient(url, nil, taler.Basic(c.bank.Terminal.Name, c.bank.Terminal.Token))
	check(t, err)
	c.Terminal = vendor.New(party.Controller, till, vendor.Config{
		Bank:  comm.Peer{Name: "bank", Role: comm.Bank, Addresses: []string{"taler+" + url}},
		Login: controller.Login{Name: c.bank.Terminal.Name, Token: c.bank.Terminal.Token}, Merchant: "Corner shop",
		Integration: c.bank.URL + "taler-integration/",
	})
	if err := c.AddProvider(t.Context(), vendor.CardProvider{Name: "cards", Kind: "simulator", URL: at.URL}); err != nil {
		t.Fatal(err)
	}
	return c
}

// newParty has the first-party bundles in this process.
func newParty(t *testing.T, net *inproc.Network, role comm.Role, policy profile.Policy, clock func() time.Time, away *atomic.Bool, over ...remake) *controllertest.Party {
	t.Helper()
	all := bundles(role)
	for _, change := range over {
		change(all)
	}
	return controllertest.New(t, net, controllertest.Options{
		Role: role, Policy: policy, Clock: clock, Device: "terminal", Bundles: all, Fetcher: out{https.New(https.Options{}), away},
		Ways: func(i *crypto.Identity) []comm.Transport { return []comm.Transport{lines(t, i), &taler.Transport{}} },
	})
}

// remake changes what a party is made of.
type remake func([]protocol.Bundle)

// lines are a party's ways over sockets and serial lines.
func lines(t *testing.T, i *crypto.Identity) comm.Transport {
	t.Helper()
	server, err := crypto.ServerConfig(i, nil)
	check(t, err)
	return stream.New(stream.Options{TLS: comm.Handshake{
		Key: i.KeyText(), Server: server, KeyOf: crypto.PeerKeyText,
		Client: func(string) (*tls.Config, error) { return crypto.ClientConfig(i, nil) },
	}})
}

func bundles(role comm.Role) []protocol.Bundle {
	own := map[comm.Role]protocol.Bundle{comm.Client: client.Payments(), comm.Vendor: vendor.Payments()}
	return append(bundled.InProcess(role), own[role])
}

// out lets plugins out to this machine, and answers for the exchange.
type out struct {
	local *https.Fetcher
	away  *atomic.Bool // nothing but the exchange can be connected to
}

func (o out) Fetch(ctx context.Context, r comm.Fetch) (comm.Fetched, error) {
	if strings.HasPrefix(r.URL, banktest.ExchangeURL) {
		return comm.Fetched{Status: http.StatusOK, Header: map[string]string{"Etag": "terms-1", "Content-Type": "text/plain"}, Body: []byte("Be kind.")}, nil
	}
	if o.away.Load() {
		return comm.Fetched{}, fault.New(fault.Unavailable, "%s cannot be connected to", r.URL).Because("server-unreachable")
	}
	return o.local.Fetch(ctx, r)
}

// customer is the screen, and the person in front of it.
type customer struct {
	refuses bool // fees and terms
	other   bool // their wallet shows other groups
	trusts  bool // their wallet, where the bank does not say which one it is
	on      func(vendor.Event)

	events []string
	last   vendor.Event
	quote  vendor.Quote
}

func (c *customer) Show(e vendor.Event) {
	c.events, c.last = append(c.events, e.Event), e
	if c.on != nil {
		c.on(e)
	}
}

func (c *customer) Accept(_ context.Context, q vendor.Quote) (bool, error) {
	c.quote = q
	return !c.refuses, nil
}

func (c *customer) SameWallet(_ context.Context, groups string) (bool, error) {
	return !c.other && (groups == "") == c.trusts, nil
}

// purse is a wallet's reserve key.
type purse struct{ priv talerkeys.EddsaPrivateKey }

func newPurse(t *testing.T, n byte) purse {
	t.Helper()
	priv, err := talerkeys.NewEddsaPrivateKey(bytes.Repeat([]byte{n}, 32))
	check(t, err)
	return purse{priv}
}

// selects has the wallet take the withdrawal as soon as its code is shown.
func (c *cast) selects(t *testing.T, p purse) func(vendor.Event) {
	return func(e vendor.Event) {
		if e.Event != vendor.EventSetup {
			return
		}
		uri, err := taler.ParseWithdrawURI(e.URI)
		check(t, err)
		_, err = c.bank.Wallet().Select(t.Context(), uri.ID, taler.BankWithdrawalOperationPostRequest{
			ReservePub: p.priv.Public(), SelectedExchange: banktest.ExchangeAccount,
		})
		if err != nil && !errors.Is(err, fault.Conflict) {
			t.Error(err)
		}
	}
}

var amount = instrumenttest.Amount

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
