package exchange_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	bundle "github.com/swaperoo/swaperoo/plugins/taler"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestMisbehaviourIsReadStrictly(t *testing.T) {
	got, err := exchange.ParseMisbehaviour("late=0.2,500=1,drop=0,signature=.5,amount=0.1,451=0.1,expired=0.1")
	if err != nil || len(got) != 7 || got[exchange.Fails] != 1 || got[exchange.WrongSignature] != 0.5 {
		t.Errorf("read %v, %v", got, err)
	}
	for _, text := range []string{"late", "late=", "late=2", "late=-1", "late=NaN", "sleepy=0.2", "late=0.2;500=1"} {
		if _, err := exchange.ParseMisbehaviour(text); err == nil || reasonOf(err) != "misbehaviour-unknown" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What the exchange does wrong is what it is told to, and its books stay right.
func TestEachMisdeed(t *testing.T) {
	for name, look := range map[string]func(w *world, reserve crypto.EddsaPrivateKey, coins []coin) string{
		exchange.Fails: func(w *world, reserve crypto.EddsaPrivateKey, coins []coin) string {
			if a := w.withdraw(reserve, coins...); a.status != http.StatusInternalServerError {
				w.Errorf("%d: %s", a.status, a.body)
			}
			return "CHF:10"
		},
		exchange.WantsIdentity: func(w *world, reserve crypto.EddsaPrivateKey, coins []coin) string {
			a := w.withdraw(reserve, coins...)
			var e taler.ExchangeError
			a.into(w.T, &e)
			if a.status != http.StatusUnavailableForLegalReasons || e.Code != taler.CodeKYCRequired || e.RequirementRow == 0 {
				w.Errorf("%d: %s", a.status, a.body)
			}
			return "CHF:10"
		},
		exchange.ExpiredKey: func(w *world, reserve crypto.EddsaPrivateKey, coins []coin) string {
			a := w.withdraw(reserve, coins...)
			var e taler.ExchangeError
			a.into(w.T, &e)
			proof := crypto.DenominationExpired{At: e.Timestamp, Operation: e.Oper, Denom: coins[0].denom.hash}.Message()
			if a.status != http.StatusGone || !w.keys().ExchangePub.Verify(proof, e.ExchangeSig) {
				w.Errorf("%d: %s", a.status, a.body)
			}
			return "CHF:10"
		},
		exchange.WrongSignature: func(w *world, reserve crypto.EddsaPrivateKey, coins []coin) string {
			var out taler.BatchWithdrawResponse
			w.withdraw(reserve, coins...).into(w.T, &out)
			sig, err := crypto.Unblind(coins[0].pub, coins[0].secrets.Blinding, out.EvSigs[0].EvSig.BlindedRSASignature)
			if err == nil && coins[0].pub.Verify(coins[0].hash[:], sig) {
				w.Error("the signature is good")
			}
			return "CHF:8.99"
		},
		exchange.WrongAmount: func(w *world, reserve crypto.EddsaPrivateKey, _ []coin) string {
			if got := w.balance(reserve); got != "CHF:5" {
				w.Errorf("it says that there is %s", got)
			}
			return "CHF:10"
		},
		exchange.Drops: func(w *world, reserve crypto.EddsaPrivateKey, coins []coin) string {
			res, err := http.Post(w.server.URL+withdrawPath(reserve), "application/json", w.body(request(coins...)))
			if err == nil {
				_ = res.Body.Close()
				w.Errorf("it answered %d", res.StatusCode)
			}
			return "CHF:8.99"
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			reserve := w.fill("CHF:10")
			coins := plan(t, reserve, w.denom("CHF:1"))
			w.restart(exchange.Misbehaviour{name: 1}, nil)
			want := look(w, reserve, coins)
			w.restart(nil, nil)
			if got := w.balance(reserve); got != want {
				t.Errorf("the books say %s, want %s", got, want)
			}
			verify(t, w.withdraw(reserve, coins...), coins) // and nothing was forgotten
			if got := w.balance(reserve); got != "CHF:8.99" {
				t.Errorf("paid twice: %s", got)
			}
		})
	}
}

// customer is a person at a wallet who sends the money when they are asked to.
type customer struct {
	w    *world
	send string // another amount than the one that is asked for
	done bool
	last client.Event
}

func (c *customer) Show(e client.Event) {
	c.done, c.last = c.done || e.Event == "done", e
	if e.Event != "transfer" {
		return
	}
	pub, err := crypto.ParseEddsaPublicKey(e.Reserve)
	if err != nil {
		c.w.Error(err)
		return
	}
	sent := *e.Amount
	if c.send != "" {
		sent = amount(c.w.T, c.send)
	}
	_, _, err = c.w.e.AddIncoming(context.Background(), pub, sent, payer)
	if err != nil && err.Error() != http.StatusText(http.StatusConflict) { // shown again when it goes on
		c.w.Error(err)
	}
}

func (*customer) Agree(context.Context, client.Preview) (bool, error) { return true, nil }

func (w *world) wallet() *client.Wallet {
	t := w.T
	t.Helper()
	fetcher := https.New(https.Options{})
	t.Cleanup(fetcher.CloseIdle)
	b := bundle.Bundle()
	party := controllertest.New(t, inproc.NewNetwork(), controllertest.Options{
		Role: comm.Client, Policy: profile.UserPolicy(), Fetcher: fetcher, Clock: func() time.Time { return time.Unix(w.now.Load(), 0) },
		Bundles: []protocol.Bundle{{Name: b.Name, Classes: b.Classes(comm.Client), Protocols: b.Protocols(comm.Client)}},
	})
	wallet := client.New(party.Controller, party.Me(t), nil)
	wallet.Longest = time.Second // most of its time it would rest
	return wallet
}

// Of everything that can go wrong a fifth does. Each withdrawal ends with the coins
// that it would have got from an honest exchange, and each coin was paid once.
func TestWithdrawalsFromAnExchangeThatMisbehaves(t *testing.T) {
	for protocol, total := range map[int]int{exchange.Protocol: purchases * 6 / 10, exchange.Protocol26: purchases * 4 / 10} {
		t.Run(fmt.Sprint("protocol ", protocol), func(t *testing.T) {
			t.Parallel()
			w := worldOf(t, protocol)
			wallet := w.wallet()
			known, err := wallet.AddExchange(t.Context(), w.server.URL)
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			seeded := rand.New(rand.NewPCG(1, uint64(protocol)))
			wrong := exchange.Misbehaviour{}
			for _, name := range []string{exchange.Late, exchange.Fails, exchange.Drops, exchange.WrongSignature, exchange.WrongAmount, exchange.WantsIdentity, exchange.ExpiredKey} {
				wrong[name] = 0.2
			}
			w.restart(wrong, func() float64 {
				mu.Lock()
				defer mu.Unlock()
				return seeded.Float64()
			})
			var all sync.WaitGroup
			turns := make(chan struct{}, 100)
			for n := range total {
				turns <- struct{}{}
				all.Go(func() {
					defer func() { <-turns }()
					buy(w, wallet, known.URL, n)
				})
			}
			all.Wait()
			w.restart(nil, nil)
			w.settled(wallet, total)
		})
	}
}

// buy withdraws, and goes on as often as the person is needed.
func buy(w *world, wallet *client.Wallet, url string, n int) {
	c := &customer{w: w}
	want := client.Withdrawal{Exchange: url, Amount: amount(w.T, "CHF:3.27"), Key: fmt.Sprint("purchase ", n)}
	var err error
	for tries := 0; !c.done && tries < 100; tries++ {
		err = wallet.WithdrawByTransfer(w.Context(), want, c)
	}
	if !c.done {
		w.Errorf("withdrawal %d does not end: %v", n, err)
	}
}

// settled compares the wallet's books with the exchange's.
func (w *world) settled(wallet *client.Wallet, total int) {
	w.Helper()
	withdrawals, err := wallet.Withdrawals(w.Context())
	if err != nil || len(withdrawals) != total {
		w.Fatalf("%d withdrawals, %v", len(withdrawals), err)
	}
	coins := 0
	for _, x := range withdrawals {
		// 3.27 is 2, 1, 0.1, 0.1 and 0.01, with a fee of 0.01 each; 0.01 is left.
		if x.Status != taler.ReserveDone || x.Value != amount(w.T, "CHF:3.21") || x.Fees != amount(w.T, "CHF:0.05") || x.Coins != 5 {
			w.Errorf("a withdrawal is %s with %s in %d coins for %s", x.Status, x.Value, x.Coins, x.Fees)
		}
		var s taler.ReserveStatus
		w.get("/reserves/"+x.Reserve).into(w.T, &s)
		if s.Balance != amount(w.T, "CHF:0.01") {
			w.Errorf("the exchange has %s left of a reserve", s.Balance)
		}
		coins += x.Coins
	}
	held, err := wallet.Coins(w.Context())
	if err != nil || len(held) != coins {
		w.Errorf("%d coins are held of %d, %v", len(held), coins, err)
	}
	seen := map[crypto.EddsaPublicKey]bool{}
	for _, c := range held {
		if !c.Verified() || seen[c.CoinPub] {
			w.Error("a coin is not sound, or there twice")
		}
		seen[c.CoinPub] = true
	}
}
