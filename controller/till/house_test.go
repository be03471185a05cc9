package till_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/controller/till"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/crypto"
	talerkeys "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

const token = "a token of the terminal"

// patience bounds what only a defect would let hang.
const patience = 5 * time.Minute

// house is a terminal with till software in front of it, and everybody it talks to.
type house struct {
	t      *testing.T
	bank   *banktest.House
	cards  *banktest.Cards
	db     *store.DB
	net    *inproc.Network
	secret crypto.Secret
	native bool                             // the bank is reached by a session
	login  atomic.Pointer[controller.Login] // as the terminal's owner keeps it
	looks  time.Duration
	begins time.Duration
	pauses time.Duration
	begun  chan struct{} // the till runs once it is closed; nil: at once
	terms  chan struct{} // the exchange shows its terms once it is closed; nil: always

	api  *till.API
	shop *vendor.Terminal
	comm *comm.Manager
	url  string
	end  func() // of this life
	keys int
}

func open(t *testing.T, native bool) *house {
	t.Helper()
	h := &house{t: t, net: inproc.NewNetwork(), native: native}
	h.bank = banktest.Open(t, banktest.Options{
		Bundles: bundled.InProcess(comm.Bank), Fees: amount(t, "CHF:0.5"), Net: h.net,
		Decide: func(c *bank.Config) { c.MaxAmount = amount(t, "CHF:100") },
	})
	h.cards = banktest.NewCards(h.bank.Provider)
	h.login.Store(new(controller.Login(h.bank.Terminal)))
	var err error
	h.secret, err = crypto.RandomSecret(rand.Reader, crypto.KeySize)
	check(t, err)
	h.db, err = store.OpenMemory(t.Context(), store.Options{})
	check(t, err)
	t.Cleanup(func() { check(t, h.db.Close()) })
	check(t, h.db.PutPrincipal(t.Context(), profile.Principal{ID: "self", Kind: profile.Node, Name: "shop"}))
	h.start()
	t.Cleanup(func() { h.end() })
	return h
}

// start begins a life of the terminal.
func (h *house) start() {
	h.t.Helper()
	engine := crypto.NewEngine(h.secret, rand.Reader)
	identity := crypto.DeriveIdentity(engine, "node")
	manager := comm.NewManager(out{https.New(https.Options{}), h.terms}, h.net.Transport(inproc.Options{Key: identity.KeyText()}), &taler.Transport{})
	own := []protocol.Bundle{vendor.Payments(), till.Records(), {Name: "pnp", Protocols: []protocol.Protocol{pnp.Intersect{}}}}
	party, err := controller.New(controller.Parts{
		Name: "shop", Role: comm.Vendor, Store: h.db, Engine: engine, Identity: identity, PNP: pnp.IntersectID, Comm: manager, Policy: vendor.Policy(),
		Bundles: append(own, bundled.InProcess(comm.Vendor)...), Self: "self", Runner: "test", Device: "terminal",
		Clock: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	check(h.t, err)
	peer := comm.Peer{Name: "bank", Role: comm.Bank, Addresses: []string{"taler+" + h.bank.URL}}
	if h.native {
		peer = h.bank.Peer
	}
	terminal := vendor.New(party, h.bank.Till(h.bank.Terminal), vendor.Config{
		Bank: peer, Login: *h.login.Load(), Renew: func() (controller.Login, error) { return *h.login.Load(), nil }, Merchant: "Corner shop",
		Integration: h.bank.URL + "taler-integration/",
	})
	h.shop, h.comm = terminal, manager
	if _, err := terminal.Provider(h.t.Context()); errors.Is(err, fault.NotFound) {
		cards := httptest.NewServer(h.cards)
		h.t.Cleanup(cards.Close)
		check(h.t, terminal.AddProvider(h.t.Context(), vendor.CardProvider{Name: "cards", Kind: "simulator", URL: cards.URL}))
	}
	sells := till.New(terminal)
	if h.looks > 0 {
		sells.Looks(h.looks)
	}
	if h.begins > 0 {
		sells.Begins(h.begins)
	}
	if h.pauses > 0 {
		sells.Pauses(h.pauses)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() {
		if h.begun != nil {
			<-h.begun
		}
		ran <- sells.Run(ctx)
	}()
	h.api = till.NewAPI(sells, till.Options{Token: token, Draw: drawing, Host: func(host string) bool { return host == "127.0.0.1" }})
	api, server := h.api, httptest.NewServer(h.api)
	h.url = server.URL
	h.end = sync.OnceFunc(func() {
		api.EndWaits()
		server.Close()
		cancel()
		if err := <-ran; err != nil {
			h.t.Errorf("the till: %v", err)
		}
		within, done := context.WithTimeout(context.Background(), patience)
		defer done()
		check(h.t, terminal.Close(within))
	})
}

func (h *house) restart() {
	h.t.Helper()
	h.end()
	h.start()
}

var drawing = till.Drawing{
	Text: func(s string) (string, error) { return "text of " + s + "\n", nil },
	SVG:  func(s string) ([]byte, error) { return []byte("<svg>" + s + "</svg>"), nil },
	PNG:  func(s string) ([]byte, error) { return []byte("PNG" + s), nil },
}

// out lets plugins out to this machine, and answers for the exchange.
type out struct {
	local *https.Fetcher
	terms <-chan struct{}
}

func (o out) Fetch(ctx context.Context, r comm.Fetch) (comm.Fetched, error) {
	if strings.HasPrefix(r.URL, banktest.ExchangeURL) {
		if o.terms != nil {
			<-o.terms
		}
		return comm.Fetched{Status: http.StatusOK, Header: map[string]string{"Etag": "terms-1", "Content-Type": "text/plain"}, Body: []byte("Be kind.")}, nil
	}
	return o.local.Fetch(ctx, r)
}

// said is an answer of the API.
type said struct {
	status int
	header http.Header
	body   string
}

// ask sends one request of till software.
func (h *house) ask(method, path, body string, headers ...string) said {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	check(h.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Host":
			r.Host = value
		case "Idempotency-Key": // may come twice
			r.Header.Add(name, value)
		default:
			r.Header.Set(name, value)
		}
	}
	answer, err := http.DefaultClient.Do(r)
	check(h.t, err)
	defer func() { _ = answer.Body.Close() }()
	var text bytes.Buffer
	_, err = text.ReadFrom(answer.Body)
	check(h.t, err)
	return said{answer.StatusCode, answer.Header, text.String()}
}

// do sends a request that must work.
func (h *house) do(method, path, body string) (v till.View) {
	h.t.Helper()
	r := h.ask(method, path, body)
	if r.status != http.StatusOK {
		h.t.Fatalf("%s %s: %d %s", method, path, r.status, r.body)
	}
	check(h.t, json.Unmarshal([]byte(r.body), &v))
	return v
}

// refuses sends a request that must not work.
func (h *house) refuses(status int, reason, method, path, body string, headers ...string) {
	h.t.Helper()
	r := h.ask(method, path, body, headers...)
	var told struct {
		Error struct{ Reason, Message string }
	}
	_ = json.Unmarshal([]byte(r.body), &told)
	if r.status != status || told.Error.Reason != reason || told.Error.Message == "" {
		h.t.Errorf("%s %s: %d %s, want %d and %s", method, path, r.status, r.body, status, reason)
	}
}

// begin begins a withdrawal of CHF 20 under a key of its own.
func (h *house) begin(members string) till.View {
	h.t.Helper()
	h.keys++
	return h.do(http.MethodPost, "/withdrawals", fmt.Sprintf(`{"amount":"CHF:20","key":"key %d"%s}`, h.keys, members))
}

// selects is the customer's wallet that takes the QR code.
func (h *house) selects(v till.View) {
	h.t.Helper()
	priv, err := talerkeys.NewEddsaPrivateKey(bytes.Repeat([]byte{byte(h.keys)}, 32))
	check(h.t, err)
	_, err = h.bank.Wallet().Select(h.t.Context(), v.WOPID, taler.BankWithdrawalOperationPostRequest{
		ReservePub: priv.Public(), SelectedExchange: banktest.ExchangeAccount,
	})
	check(h.t, err)
}

// waits waits until a withdrawal is as it should be.
func (h *house) waits(v till.View, is func(till.View) bool) till.View {
	h.t.Helper()
	var now till.View
	defer func() {
		if h.t.Failed() {
			h.t.Logf("it is %+v, with the problem %v", now, now.Problem)
		}
	}()
	h.until(func() bool {
		now = h.do(http.MethodGet, "/withdrawals/"+v.WOPID.Text(), "")
		return is(now)
	})
	return now
}

func needs(what string) func(till.View) bool {
	return func(v till.View) bool { return v.Needs == what }
}

func is(status string) func(till.View) bool {
	return func(v till.View) bool { return v.Status == status }
}

func (h *house) until(done func() bool) {
	h.t.Helper()
	end := time.Now().Add(patience)
	for pause := time.Millisecond; !done(); pause = min(2*pause, 100*time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatal("it does not come")
		}
		time.Sleep(pause)
	}
}

// events reads the stream of a withdrawal behind a cursor, up to its end.
func (h *house) events(path string) (names []string, last instrument.Seq) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+path, nil)
	check(h.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	check(h.t, err)
	defer func() { _ = answer.Body.Close() }()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var n struct {
			Cursor       instrument.Seq
			Event, WOPID string
		}
		check(h.t, json.Unmarshal(lines.Bytes(), &n))
		if n.Cursor <= last || n.WOPID == "" {
			h.t.Errorf("event %d of %q comes behind %d", n.Cursor, n.WOPID, last)
		}
		names, last = append(names, n.Event), n.Cursor
		if n.Event == vendor.EventConfirmed || n.Event == vendor.EventAborted {
			break
		}
	}
	return names, last
}

func (h *house) wantEvents(v till.View, want ...string) {
	h.t.Helper()
	if got, _ := h.events("/withdrawals/" + v.WOPID.Text() + "/events"); !slices.Equal(got, want) {
		h.t.Errorf("the events are %v, want %v", got, want)
	}
}

var amount = instrumenttest.Amount

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
