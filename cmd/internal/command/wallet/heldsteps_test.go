package wallet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/crypto"
	talerkeys "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// inside opens a user's wallet for what commands do not do, and returns how it is closed.
func inside(t *testing.T, u *user) (h *house.House, leave func()) {
	t.Helper()
	word := crypto.NewSecret([]byte("a passphrase"))
	h, err := house.Open(t.Context(), house.Options{
		Files: house.Files{Dir: u.dir, LockBy: crypto.QuickPassphrase}, Role: comm.Client, Name: "wallet", Passphrase: &word, Policy: profile.UserPolicy(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, func() {
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// paying leaves a payment of several instruments in a wallet, whose only part an earlier life was
// about to pay with an instrument. It is named as people name it.
func paying(t *testing.T, u *user, with string) (name string) {
	t.Helper()
	h, leave := inside(t, u)
	defer leave()
	whole, err := h.OperationID("whole")
	if err != nil {
		t.Fatal(err)
	}
	part, err := h.OperationID(fmt.Sprintf("pay %s 1.1", whole))
	if err != nil {
		t.Fatal(err)
	}
	err = h.Instruments().Update(t.Context(), func(tx *instrument.Draft) error {
		_, err := tx.Create(instrument.Instance{
			Class: controller.ClassPayment, Owner: house.Self, Name: "shop", Status: client.PaymentOpen, Keys: map[string]string{"operation": string(whole)},
			State: fmt.Appendf(nil, `{"operation":%[1]q,"peer":{"key":%[2]q,"addresses":["wss://127.0.0.1:9/#%[2]s"]},"total":"CHF:3","begun":"2026-11-20T12:00:00Z",
				"parts":[{"instrument":%[3]q,"class":"prepaid","amount":"CHF:3","price":"CHF:3","state":"paying","choice":0,"tries":1,"operation":%[4]q}]}`, whole, keyA, with, part),
		})
		return err
	})
	if err == nil {
		err = h.Store.UpdateOperations(t.Context(), func(w protocol.Writer) error {
			return w.BeginOperation(protocol.Row{
				ID: part, Side: protocol.Initiator, State: protocol.Running, Protocol: "prepaid.signed", Operation: protocol.Pay, Class: "prepaid",
				Principal: house.Self, Runner: "an earlier life", Sealed: []byte("of that one"),
			})
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return protocol.Short(whole)
}

// Whoever goes on with a restored payment goes on with its steps, too: by itself none of them would
// ever end, and the payment would wait for it.
func TestWhoGoesOnWithAPaymentGoesOnWithItsSteps(t *testing.T) {
	for _, again := range [][]string{
		{"operation", "resume"}, // and its name
		{"pay", nowhere + "#" + keyA, "--amount", "CHF:3", "--instrument", "card=CHF:3", "--key", "whole", "--yes"},
	} {
		t.Run(again[0], func(t *testing.T) {
			u := newOwner(t)
			var one held
			u.does(&one, "instrument", "add", "payment-card", "--file", u.file(card("card-1", "1234")), "--name", "card")
			name := paying(t, u, one.ID)
			file := filepath.Join(t.TempDir(), "backup.age")
			u.does(nil, "backup", file)
			restored := newUser(t)
			restored.does(nil, "restore", file)
			if got := restored.says("operation", "list"); !strings.Contains(got.out, "(part of "+name+") (held)") {
				t.Fatalf("nothing waits: %s", got.out)
			}
			if again[0] == "operation" {
				again = append(again, name)
			}
			restored.says(again...) // its step was not written by this wallet, and is stopped
			if got := restored.says("operation", "list"); strings.Contains(got.out, "(held)") || !strings.Contains(got.out, fault.Stuck.String()) {
				t.Errorf("afterwards there is %s%s", got.out, got.err)
			}
		})
	}
}

// mute is a vendor that has got a request and never answers it: its payer leaves.
type mute struct{ leave func() }

func (m mute) Execute(ctx context.Context, _ comm.Execute) (comm.Executed, error) {
	m.leave()
	<-ctx.Done()
	return comm.Executed{}, ctx.Err()
}

func (mute) Say(context.Context, comm.Said) error { return nil }

// Whoever repeats a restored payment under its key goes on with it: to ask again was all the advice.
func TestWhoRepeatsARestoredPaymentGoesOnWithIt(t *testing.T) {
	u := newOwner(t)
	var one held
	u.does(&one, "instrument", "add", "payment-card", "--file", u.file(card("card-1", "1234")))
	h, leave := inside(t, u)
	ctx, away := context.WithCancel(t.Context())
	defer away()
	id, err := h.OperationID("whole")
	if err != nil {
		t.Fatal(err)
	}
	price := instrument.Amount{Currency: "CHF", Value: 3}
	_, err = h.Protocols().Execute(ctx, protocol.Execution{
		ID: id, Protocol: "card.pay", Side: protocol.Initiator, Principal: house.Self, Peer: comm.Peer{Role: comm.Vendor, Key: keyA, Addresses: []string{nowhere + "#" + keyA}}, Link: mute{away},
		Call: protocol.Call{Operation: protocol.Pay, Class: "payment-card", Instruments: []instrument.ID{instrument.ID(one.ID)}, Offer: &instrument.OfferBody{
			ID: "offer", Class: "payment-card", Terms: instrument.Terms{Price: price}, Payer: h.KnownAs(keyA),
			Invoice: instrument.Invoice{"reference": "R", "merchant": "Kiosk", "charge": "once", "amount": "CHF:3"},
		}},
	})
	if fault.ReasonOf(err) != protocol.ReasonPending {
		t.Fatal(err)
	}
	leave()
	file := filepath.Join(t.TempDir(), "backup.age")
	u.does(nil, "backup", file)
	again := newUser(t)
	again.does(nil, "restore", file)
	if got := again.says("operation", "list"); !strings.Contains(got.out, "(held)") {
		t.Fatalf("nothing waits: %s", got.out)
	}
	again.refuses(6, "pending", "pay", nowhere+"#"+keyA, "--amount", "CHF:3", "--class", "payment-card", "--key", "whole", "--yes")
	if got := again.says("operation", "list"); strings.Contains(got.out, "(held)") {
		t.Errorf("it still waits: %s", got.out)
	}
}

// An agent uses what its person has, and gives up only what it has begun itself.
func TestAnAgentGivesUpNoOperationOfOthers(t *testing.T) {
	u := newOwner(t)
	paying(t, u, "x")
	var list struct {
		Operations            []struct{ Operation string }
		Payments, Withdrawals []any
	}
	if err := json.Unmarshal([]byte(u.says("operation", "list", "--json").out), &list); err != nil || len(list.Operations) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	file := filepath.Join(t.TempDir(), "bot.key")
	u.does(nil, "profile", "add", "agent", "bot", "--new-key-file", file)
	bot := &user{t: t, dir: u.dir}
	for _, more := range [][]string{nil, {"--forgo"}} {
		bot.refuses(5, "not-owner", append([]string{"operation", "abandon", list.Operations[0].Operation, "--user", "bot", "--key-file", file}, more...)...)
	}
}

// aborting leaves a withdrawal in a wallet that an earlier life was about to give up: the bank has not
// answered. From now on the bank knows of none.
func aborting(t *testing.T, u *user) taler.WithdrawURI {
	t.Helper()
	h, leave := inside(t, u)
	defer leave()
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	var silent atomic.Bool
	silent.Store(true)
	bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/config"):
			_, _ = io.WriteString(w, `{"name":"taler-bank-integration","version":"5:0:5","currency":"CHF"}`)
			return
		case silent.Load() && strings.HasSuffix(r.URL.Path, "/abort"):
			cut()
			<-r.Context().Done()
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(bank.Close)
	seed := bytes.Repeat([]byte{1}, 32)
	uri, err := taler.NewWithdrawURI(bank.URL, taler.WOPID(seed).ID())
	if err != nil {
		t.Fatal(err)
	}
	private, err := talerkeys.NewEddsaPrivateKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	sum := instrument.Amount{Currency: "CHF", Value: 20}
	i := instrument.Instance{Class: client.ClassReserve, Owner: house.Self, Status: taler.ReserveCreated, Keys: map[string]string{
		"reserve_pub": private.Public().String(), "withdrawal": uri.BaseURL() + uri.ID.Text(),
	}}
	err = i.Encode(taler.Reserve{
		ExchangeURL: "https://exchange.example/", BankURL: uri.BaseURL(), WOPID: uri.ID, Amount: sum, Remainder: sum,
		ReservePub: private.Public(), ReservePriv: taler.StoredSecret(seed), Seed: taler.StoredSecret(seed), Created: 1,
	})
	if err == nil {
		err = h.Instruments().Update(t.Context(), func(tx *instrument.Draft) error { i.ID, err = tx.Create(i); return err })
	}
	if err == nil {
		err = h.Instruments().Update(t.Context(), func(tx *instrument.Draft) error {
			now, err := tx.Get(i.ID)
			if now.Status = taler.ReserveSelected; err != nil {
				return err
			}
			return tx.Put(now)
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.InitiateSession(ctx, comm.Peer{Role: comm.Bank, Addresses: []string{"taler+" + uri.BaseURL()}}, controller.Login{})
	if err == nil {
		_, err = s.Negotiate(ctx, client.ClassWithdrawal, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Execute(ctx, controller.Transaction{
		Principal: h.User(), Operation: taler.OperationAbort, Class: client.ClassWithdrawal, Args: taler.AbortArgs{WOPID: uri.ID, Reason: "they went away"},
	}, nil)
	if fault.ReasonOf(err) != protocol.ReasonPending {
		t.Fatalf("the bank has answered: %v", err)
	}
	silent.Store(false)
	return uri
}

// So does whoever goes on with a restored withdrawal by its code.
func TestWhoComesWithACodeAgainGoesOnWithItsSteps(t *testing.T) {
	u := newOwner(t)
	uri := aborting(t, u)
	file := filepath.Join(t.TempDir(), "backup.age")
	u.does(nil, "backup", file)
	again := newUser(t)
	again.does(nil, "restore", file)
	if got := again.says("operation", "list"); !strings.Contains(got.out, ") (held)") {
		t.Fatalf("nothing waits: %s", got.out)
	}
	uri.External = true // as the terminal shows it
	said := again.says("withdraw", uri.Text())
	if got := again.says("operation", "list"); strings.Contains(got.out, "(held)") {
		t.Errorf("afterwards there is %s%s", got.out, said.err)
	}
}
