package taler_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// counter is a bank with a terminal and a wallet, each a whole node. The bank's
// controller is played by Prepare: it looks the withdrawal up by its WOPID.
type counter struct {
	t        testing.TB
	bank     *protocoltest.Node
	terminal *protocoltest.Pair // terminal and bank
	wallet   *protocoltest.Pair // wallet and bank
	most     wire.Amount        // that the bank pays out
}

func openCounter(t testing.TB) *counter {
	c := &counter{t: t, bank: newNode(t, comm.Bank), most: amount("CHF:1000")}
	c.terminal = protocoltest.Connect(newNode(t, comm.Vendor), c.bank)
	c.wallet = protocoltest.Connect(newNode(t, comm.Client), c.bank)
	c.terminal.Prepare(c.serve)
	c.wallet.Prepare(c.serve)
	return c
}

func (c *counter) serve(r protocol.Execution) protocol.Execution {
	if r.Call.Operation == "SETUP" {
		var request wire.TerminalWithdrawalSetup
		_ = json.Unmarshal(r.Call.Args, &request)
		r.Call.Args, _ = json.Marshal(wire.SetupArgs{
			Request: request, Terminal: "terminal-1", Provider: "sim", Currency: "CHF", WithdrawalFees: amount("CHF:0.5"),
			ExchangeURL: "https://exchange.example/", ExchangeAccount: exchangePayto, MaxAmount: c.most,
		})
		return r
	}
	var args struct {
		WOPID wire.WOPID `json:"wopid"`
	}
	_ = json.Unmarshal(r.Call.Args, &args)
	if i, err := c.bank.Instruments.Lookup(context.Background(), "taler-withdrawal", "wopid", args.WOPID.Text()); err == nil {
		r.Call.Instruments = []instrument.ID{i.ID}
	}
	return r
}

func (c *counter) do(p *protocoltest.Pair, operation string, args any, on ...instrument.ID) (protocol.Result, error) {
	text, err := json.Marshal(args)
	if err != nil {
		c.t.Fatal(err)
	}
	return p.Execute(context.Background(), "taler.withdraw", protocol.Call{
		Operation: operation, Class: "taler-withdrawal", Instruments: on, Args: text,
	})
}

func (c *counter) setUp(uid, sum string) wire.WOPID {
	c.t.Helper()
	result, err := c.do(c.terminal, "SETUP", wire.TerminalWithdrawalSetup{RequestUID: uid, Amount: amount(sum)})
	return valueOf[wire.TerminalWithdrawalSetupResponse](c.t, result, err).WithdrawalID
}

// reserve stores a reserve as PREPARE would.
func (c *counter) reserve(key byte, id wire.WOPID) (instrument.ID, wire.SelectArgs) {
	c.t.Helper()
	r := wire.Reserve{WOPID: id.ID(), Amount: amount("CHF:20"), Remainder: amount("CHF:20"), ReservePub: wire.EddsaPublicKey{key}}
	i := instrument.Instance{Class: "taler-reserve", Owner: "client", Status: wire.ReserveCreated}
	if err := i.Encode(r); err != nil {
		c.t.Fatal(err)
	}
	return c.wallet.Initiator.Create(c.t, i)[0], wire.SelectArgs{WOPID: id.ID(), ReservePub: r.ReservePub, SelectedExchange: exchangePayto}
}

// at is the bank's withdrawal.
func (c *counter) at(id wire.WOPID) (w wire.Withdrawal) {
	c.t.Helper()
	i, err := c.bank.Instruments.Lookup(context.Background(), "taler-withdrawal", "wopid", id.Text())
	if err != nil {
		c.t.Fatal(err)
	}
	if err := i.Decode(&w); err != nil {
		c.t.Fatal(err)
	}
	if i.Status != string(w.State) {
		c.t.Errorf("the status is %s and the state says %s", i.Status, w.State)
	}
	return w
}

// own is the terminal's withdrawal.
func (c *counter) own(uid string) (instrument.Instance, wire.TerminalWithdrawal) {
	c.t.Helper()
	i, err := c.terminal.Initiator.Instruments.Lookup(context.Background(), "taler-withdrawal", "request_uid", uid)
	if err != nil {
		c.t.Fatal(err)
	}
	var w wire.TerminalWithdrawal
	if err := i.Decode(&w); err != nil {
		c.t.Fatal(err)
	}
	return i, w
}

// move sets the terminal's status as its controller does.
func (c *counter) move(uid string, path ...string) instrument.ID {
	c.t.Helper()
	i, _ := c.own(uid)
	for _, status := range path {
		err := c.terminal.Initiator.Instruments.Update(context.Background(), func(d *instrument.Draft) error {
			now, err := d.Get(i.ID)
			if err != nil {
				return err
			}
			now.Status = status
			return d.Put(now)
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
	return i.ID
}
