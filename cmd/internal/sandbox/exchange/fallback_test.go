package exchange_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
)

// relay stands before an exchange and lets a test change what it says. change gets
// the last part of the path, what was sent, and a way to ask the exchange; an answer
// with status 0 is lost.
func (w *world) relay(change func(part string, sent []byte, ask func() answer) answer) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.Error(err)
		}
		a := change(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], body, func() answer {
			return w.do(r.Method, r.URL.RequestURI(), http.Header{"Content-Type": r.Header["Content-Type"]}, body)
		})
		if a.status == 0 {
			panic(http.ErrAbortHandler)
		}
		for _, name := range []string{"Content-Type", "Taler-Terms-Version"} {
			rw.Header().Set(name, a.header.Get(name))
		}
		rw.WriteHeader(a.status)
		_, _ = rw.Write(a.body)
	}))
	w.Cleanup(server.Close)
	return server
}

// boaster says of an exchange of protocol 23 that it is one of 26 that knows 23 as
// well: of the newer form it has nothing. The version is not signed, so everything
// else verifies.
func (w *world) boaster() (server *httptest.Server, asked func(path string) int) {
	count := map[string]int{}
	server = w.relay(func(part string, _ []byte, ask func() answer) answer {
		count[part]++
		a := ask()
		if part == "config" || part == "keys" {
			a.body = []byte(strings.Replace(string(a.body), `"version":"23:0:6"`, `"version":"26:0:9"`, 1))
		}
		return a
	})
	return server, func(path string) int { return count[path] }
}

// The newer form is asked for once, refused for good, and the older follows with
// planchets of its own.
func TestAnEndpointThatWasAnnouncedIsMissing(t *testing.T) {
	w := newWorld(t)
	server, asked := w.boaster()
	wallet := w.wallet()
	known, err := wallet.AddExchange(t.Context(), server.URL)
	if err != nil || known.Version != "26:0:9" {
		t.Fatal(known.Version, err)
	}
	c := &customer{w: w}
	err = wallet.WithdrawByTransfer(t.Context(), client.Withdrawal{Exchange: server.URL, Amount: amount(t, "CHF:3.27"), Key: "x"}, c)
	if err != nil || !c.done {
		t.Fatal(err)
	}
	if asked("withdraw") != 1 || asked("batch-withdraw") != 1 {
		t.Errorf("asked %d times in the newer form and %d times in the older", asked("withdraw"), asked("batch-withdraw"))
	}
	held, err := wallet.Coins(t.Context())
	if err != nil || len(held) != 5 {
		t.Fatalf("%d coins, %v", len(held), err)
	}
	for _, coin := range held {
		if !coin.Verified() || coin.Index < 5 {
			t.Errorf("coin %d is not sound, or was signed in both forms", coin.Index)
		}
	}
	all, err := wallet.Withdrawals(t.Context())
	if err != nil || len(all) != 1 || all[0].Status != taler.ReserveDone {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestFormsAreTakenInTurn: behind one address an old and a new server of the exchange
// may answer for a while, so that each lacks what the other has.
func TestFormsAreTakenInTurn(t *testing.T) {
	w := newWorld(t)
	var forms []string
	server := w.relay(func(part string, _ []byte, ask func() answer) answer {
		if part == "withdraw" || part == "batch-withdraw" {
			if forms = append(forms, part); len(forms) == 2 {
				return refusal(http.StatusNotFound, taler.CodeEndpointUnknown)
			}
		}
		a := ask()
		if part == "config" || part == "keys" {
			a.body = []byte(strings.Replace(string(a.body), `"version":"23:0:6"`, `"version":"26:0:9"`, 1))
		}
		return a
	})
	w.withdrawsBy(server.URL, &forms, "withdraw batch-withdraw withdraw batch-withdraw")
}

// TestAFormIsNotLeftWhoseCoinsWereMade: somebody on the way lets the exchange make the
// coins and says that it has not this form.
func TestAFormIsNotLeftWhoseCoinsWereMade(t *testing.T) {
	w := newWorld(t)
	var forms []string
	server := w.relay(func(part string, _ []byte, ask func() answer) answer {
		a := ask()
		switch part {
		case "config", "keys":
			a.body = []byte(strings.Replace(string(a.body), `"version":"23:0:6"`, `"version":"26:0:9"`, 1))
		case "withdraw", "batch-withdraw":
			if forms = append(forms, part); len(forms) == 2 {
				return refusal(http.StatusNotFound, taler.CodeEndpointUnknown)
			}
		}
		return a
	})
	w.withdrawsBy(server.URL, &forms, "withdraw batch-withdraw batch-withdraw")
}

// quitter is a customer who ends the command when it waits for the exchange's coins.
type quitter struct {
	customer
	leave func()
}

func (c *quitter) Show(e client.Event) {
	c.customer.Show(e)
	if strings.HasPrefix(e.Reason, "the exchange has not made the coins yet") {
		c.leave()
	}
}

// TestKeysAreReadAgainWhenNothingOfThemIsLeft, while the money is there and waits.
func TestKeysAreReadAgainWhenNothingOfThemIsLeft(t *testing.T) {
	w := newWorld(t)
	asked := 0
	server := w.relay(func(part string, _ []byte, ask func() answer) answer {
		switch {
		case part == "keys":
			asked++
		case len(part) == 52: // the reserve is asked for, and the last key of a group ends in a moment
			w.now.Store(int64(w.keys().Denominations[0].Denoms[0].StampExpireWithdraw) - 60)
		}
		return ask()
	})
	wallet := w.wallet()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	c := &quitter{customer{w: w}, leave}
	err := wallet.WithdrawByTransfer(ctx, client.Withdrawal{Exchange: server.URL, Amount: amount(t, "CHF:3.27"), Key: "x"}, c)
	if fault.ReasonOf(err) != "pending" || asked != 2 {
		t.Errorf("the keys were read %d times; %v", asked, err)
	}
}

// withdrawsBy has a new wallet withdraw, and looks by which forms it has asked.
func (w *world) withdrawsBy(url string, forms *[]string, want string) {
	w.Helper()
	wallet, c := w.wallet(), &customer{w: w}
	err := wallet.WithdrawByTransfer(w.Context(), client.Withdrawal{Exchange: url, Amount: amount(w.T, "CHF:3.27"), Key: "x"}, c)
	if err != nil || !c.done {
		w.Fatal(err)
	}
	w.settled(wallet, 1)
	if strings.Join(*forms, " ") != want {
		w.Errorf("asked by %v", *forms)
	}
}
