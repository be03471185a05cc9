package taler_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault/faulttest"
	"github.com/swaperoo/swaperoo/comm/https"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
	"github.com/swaperoo/swaperoo/plugins/taler"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

var amount = instrumenttest.Sum

// wallet is a client with an exchange that it knows; all parts are real but the
// size of the exchange.
type wallet struct {
	*protocoltest.Node
	t        testing.TB
	mint     *mint
	exchange instrument.ID
}

// openWallet has an exchange whose keys were not read yet.
func openWallet(t testing.TB) *wallet {
	m := openMint(t)
	w := &wallet{Node: newNode(t, comm.Client), t: t, mint: m}
	state, _ := json.Marshal(map[string]string{"url": m.URL + "/"})
	w.exchange = w.Create(t, instrument.Instance{
		Class: "taler-exchange", Owner: "client", Status: wire.ExchangeNew, Keys: map[string]string{"url": m.URL + "/"}, State: state,
	})[0]
	return w
}

// readyWallet has read the exchange's keys.
func readyWallet(t testing.TB) *wallet {
	w := openWallet(t)
	if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

// another is a second exchange, whose keys were read as well.
func (w *wallet) another() instrument.ID {
	w.t.Helper()
	url := openMint(w.t).URL + "/"
	state, _ := json.Marshal(map[string]string{"url": url})
	id := w.Create(w.t, instrument.Instance{
		Class: "taler-exchange", Owner: "client", Status: wire.ExchangeNew, Keys: map[string]string{"url": url}, State: state,
	})[0]
	if _, err := w.do("taler.exchange", "REFRESH", id, nil); err != nil {
		w.t.Fatal(err)
	}
	return id
}

func newNode(t testing.TB, role comm.Role) *protocoltest.Node {
	fetcher := https.New(https.Options{})
	t.Cleanup(fetcher.CloseIdle)
	return protocoltest.NewNode(t, protocoltest.Options{Role: role, Bundles: bundles(role), Fetch: fetcher.Fetch})
}

func bundles(role comm.Role) []protocol.Bundle {
	b := taler.Bundle()
	return []protocol.Bundle{{Name: b.Name, Classes: b.Classes(role), Protocols: b.Protocols(role)}}
}

var classOf = map[string]instrument.ClassID{
	"taler.exchange": "taler-exchange", "taler.batch-withdraw": "taler-reserve", "taler.withdraw-26": "taler-reserve", "taler.withdraw": "taler-withdrawal",
}

// do runs an operation that a wallet has for itself.
func (w *wallet) do(protocolID, operation string, on instrument.ID, args any) (protocol.Result, error) {
	w.t.Helper()
	c := protocol.Call{Operation: operation, Class: classOf[protocolID]}
	if on != "" {
		c.Instruments = []instrument.ID{on}
	}
	if args != nil {
		text, err := json.Marshal(args)
		if err != nil {
			w.t.Fatal(err)
		}
		c.Args = text
	}
	return w.Protocols.Execute(context.Background(), protocol.Execution{Protocol: protocolID, Call: c})
}

func (w *wallet) batch(operation string, on instrument.ID, args any) (protocol.Result, error) {
	w.t.Helper()
	return w.do("taler.batch-withdraw", operation, on, args)
}

func (w *wallet) unified(operation string, on instrument.ID, args any) (protocol.Result, error) {
	w.t.Helper()
	return w.do("taler.withdraw-26", operation, on, args)
}

func valueOf[T any](t testing.TB, r protocol.Result, failure error) (out T) {
	t.Helper()
	if failure != nil {
		t.Fatal(failure)
	}
	if err := json.Unmarshal(r.Value, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// prepare makes a reserve for a withdrawal, credited at the exchange unless the
// credit is empty.
func (w *wallet) prepare(sum, credit string) wire.PrepareResult {
	w.t.Helper()
	result, err := w.batch("PREPARE", "", wire.PrepareArgs{Exchange: w.exchange, Amount: amount(sum), Account: exchangePayto})
	out := valueOf[wire.PrepareResult](w.t, result, err)
	if credit != "" {
		w.mint.with(func() { w.mint.balances[out.ReservePub] = amount(credit) })
	}
	return out
}

func (w *wallet) reserve(id instrument.ID) (status string, r wire.Reserve) {
	w.t.Helper()
	i := w.View(w.t, id)
	if err := i.Decode(&r); err != nil {
		w.t.Fatal(err)
	}
	return i.Status, r
}

func (w *wallet) coins() (out []wire.Coin) {
	w.t.Helper()
	list, err := w.Instruments.List(w.t.Context(), instrument.Filter{Class: "taler-coin"})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, i := range list {
		var c wire.Coin
		if err := i.Decode(&c); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func (w *wallet) state() (s wire.ExchangeState) {
	w.t.Helper()
	if err := w.View(w.t, w.exchange).Decode(&s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

var wantFault = faulttest.Want

func circumstances(liked []string) instrument.Circumstances {
	return instrument.Circumstances{Preferences: liked}
}
