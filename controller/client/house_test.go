package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/crypto"
	talerkeys "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/plugins/card"
	talerbundle "github.com/swaperoo/swaperoo/plugins/taler"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

const exchangeURL = "https://exchange.example.com/"

// wallet is a client on a store in memory, with tickets, Taler's bundle and cards.
type wallet struct {
	*client.Wallet
	party *controllertest.Party
}

func newWallet(t *testing.T, net *inproc.Network) *wallet { return newWalletOf(t, net, nil) }

// newWalletOf reaches foreign servers.
func newWalletOf(t *testing.T, net *inproc.Network, f comm.Fetcher) *wallet {
	t.Helper()
	return newWalletBy(t, net, controllertest.Options{Fetcher: f})
}

// newWalletBy is a wallet with further options, such as one that is another process of another one.
func newWalletBy(t *testing.T, net *inproc.Network, o controllertest.Options) *wallet {
	t.Helper()
	b, cards := talerbundle.Bundle(), card.Bundle()
	o.Role, o.Policy = comm.Client, profile.UserPolicy()
	o.Ways = func(*crypto.Identity) []comm.Transport { return []comm.Transport{&taler.Transport{}} }
	o.Bundles = []protocol.Bundle{
		controllertest.Tickets(),
		{Name: b.Name, Classes: b.Classes(comm.Client), Protocols: b.Protocols(comm.Client)},
		{Name: cards.Name, Classes: cards.Classes(comm.Client), Protocols: cards.Protocols(comm.Client)},
	}
	party := controllertest.New(t, net, o)
	return &wallet{party: party, Wallet: client.New(party.Controller, party.Me(t), func(base string) (*taler.Client, error) {
		return taler.NewClient(base, nil, taler.Anonymous())
	})}
}

func (w *wallet) ticket(t *testing.T, number string) instrument.ID {
	t.Helper()
	return w.party.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": number}})
}

// reserve stores a reserve as a withdrawal that has come so far leaves it.
func (w *wallet) reserve(t *testing.T, status string, uri taler.WithdrawURI, n byte, change func(*taler.Reserve)) (instrument.ID, taler.EddsaPublicKey) {
	t.Helper()
	seed := bytes.Repeat([]byte{n}, 32)
	priv, err := talerkeys.NewEddsaPrivateKey(seed)
	check(t, err)
	r := taler.Reserve{
		ExchangeURL: exchangeURL, BankURL: uri.BaseURL(), WOPID: uri.ID, Amount: amount(t, "CHF:20"), Remainder: amount(t, "CHF:20"),
		ReservePub: priv.Public(), ReservePriv: taler.StoredSecret(seed), Seed: taler.StoredSecret(seed), Created: int64(n),
	}
	if change != nil {
		change(&r)
	}
	i := instrument.Instance{Class: client.ClassReserve, Owner: "self", Status: taler.ReserveCreated, Keys: map[string]string{
		"reserve_pub": r.ReservePub.String(), "withdrawal": uri.BaseURL() + uri.ID.Text(),
	}}
	check(t, i.Encode(r))
	id := w.party.Create(t, i)
	for _, next := range map[string][]string{
		taler.ReserveSelected: {taler.ReserveSelected},
		taler.ReserveSent:     {taler.ReserveSelected, taler.ReserveSent},
		taler.ReserveDone:     {taler.ReserveSelected, taler.ReserveSent, taler.ReserveDone},
		taler.ReserveAborted:  {taler.ReserveAborted},
	}[status] {
		check(t, w.Instruments().Update(t.Context(), func(tx *instrument.Draft) error {
			now, err := tx.Get(id)
			if err != nil {
				return err
			}
			now.Status = next
			return tx.Put(now)
		}))
	}
	return id, priv.Public()
}

// bank is somebody who speaks the integration API and says what a test wants.
type bank struct {
	*httptest.Server

	mu     sync.Mutex
	status taler.BankWithdrawalOperationStatus
	asked  []string // methods
	sent   string   // the last body
	aborts bool     // on request
	refuse string   // what a selection is answered with, as 409; empty: nothing of use
	mute   bool     // a selection is taken, and answered with an empty document
	held   func()   // told that a long poll waits, which then is not answered
	early  int      // so many long polls are answered at once, as if nothing had happened
}

func newBank(t *testing.T) *bank {
	t.Helper()
	b := &bank{status: taler.BankWithdrawalOperationStatus{
		Status: taler.StatePending, Currency: "CHF", Amount: amount(t, "CHF:20"), CardFees: amount(t, "CHF:0.5"), SuggestedExchange: exchangeURL, WireTypes: []string{"iban"},
	}}
	b.Server = httptest.NewServer(b)
	t.Cleanup(b.Close)
	return b
}

func (b *bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	held := b.held
	b.mu.Unlock()
	if held != nil && r.URL.Query().Get("old_state") != "" {
		held()
		<-r.Context().Done()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, r.Method)
	if body, _ := io.ReadAll(r.Body); len(body) > 0 {
		b.sent = string(body)
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(r.URL.Path, "/config"):
		_ = json.NewEncoder(w).Encode(map[string]string{"name": "taler-bank-integration", "version": "2:0:2", "currency": "CHF"})
	case r.Method == http.MethodGet && r.URL.Query().Get("old_state") != "" && b.early > 0:
		b.early--
		same := b.status
		same.Status = taler.StateSelected
		_ = json.NewEncoder(w).Encode(same)
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(b.status)
	case strings.HasSuffix(r.URL.Path, "/abort") && b.aborts:
		b.status.Status = taler.StateAborted
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost && b.mute:
		var r taler.BankWithdrawalOperationPostRequest
		_ = json.Unmarshal([]byte(b.sent), &r)
		b.status.Status, b.status.SelectedReservePub = taler.StateSelected, r.ReservePub
		_, _ = io.WriteString(w, "{}")
	case r.Method == http.MethodPost && b.refuse != "":
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(b.refuse))
	default:
		http.Error(w, "no", http.StatusTeapot)
	}
}

func (b *bank) says(change func(*taler.BankWithdrawalOperationStatus)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.status)
}

func (b *bank) times(method string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.asked {
		if m == method {
			n++
		}
	}
	return n
}

func (b *bank) uri(t *testing.T, n byte) taler.WithdrawURI {
	t.Helper()
	uri, err := taler.NewWithdrawURI(b.URL, taler.WOPID(bytes.Repeat([]byte{n}, 32)).ID())
	check(t, err)
	return uri
}

// person notes what they are shown, and agrees.
type person struct{ events []client.Event }

func (p *person) Show(e client.Event) { p.events = append(p.events, e) }

func (p *person) Agree(context.Context, client.Preview) (bool, error) { return true, nil }

func (p *person) last() client.Event {
	if len(p.events) == 0 {
		return client.Event{}
	}
	return p.events[len(p.events)-1]
}

var amount = instrumenttest.Amount

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
