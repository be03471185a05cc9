package client_test

import (
	"context"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	talerbundle "github.com/swaperoo/swaperoo/plugins/taler"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// awaits is taler.batch-withdraw with an exchange that says what a test wants.
type awaits struct {
	says taler.AwaitResult
	err  error
}

func (*awaits) Info() protocol.Info { return protocol.Info{ID: "taler.batch-withdraw"} }

func (*awaits) CompatibleWith(class instrument.ClassID) bool { return class == client.ClassReserve }

func (*awaits) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: "AWAIT", ReadOnly: true}}
}

func (a *awaits) DoOperation(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
	if a.err != nil {
		return protocol.Result{}, a.err
	}
	return protocol.ResultOf(a.says)
}

func TestTheExchangeSaysWhetherAReserveIsWhole(t *testing.T) {
	exchange := &awaits{}
	classes := talerbundle.Bundle().Classes(comm.Client)
	party := controllertest.New(t, inproc.NewNetwork(), controllertest.Options{Role: comm.Client, Policy: profile.UserPolicy(), Bundles: []protocol.Bundle{
		controllertest.Tickets(), {Name: "taler", Classes: classes, Protocols: []protocol.Protocol{exchange}},
	}})
	w := &wallet{party: party, Wallet: client.New(party.Controller, party.Me(t), nil)}
	b := newBank(t)
	begun := func(r *taler.Reserve) { r.NextCoin = 3 }
	for n, row := range []struct {
		name   string
		change func(*taler.Reserve)
		says   taler.AwaitResult
		err    error
		why    string
		failed fault.Reason
	}{
		{name: "the money has not come", says: taler.AwaitResult{}},
		{name: "all of it is there", says: taler.AwaitResult{Exists: true, Balance: amount(t, "CHF:20")}},
		{name: "more than that", says: taler.AwaitResult{Exists: true, Balance: amount(t, "CHF:25")}},
		{name: "some was taken", says: taler.AwaitResult{Exists: true, Balance: amount(t, "CHF:4")}, why: "has CHF:4 of CHF:20"},
		{name: "all was taken", says: taler.AwaitResult{Exists: true, Balance: amount(t, "CHF:0")}, why: "not in this wallet; once it is accepted, going on with its withdrawal asks for the same ones again"},
		{name: "coins were asked for", change: begun, says: taler.AwaitResult{Exists: true, Balance: amount(t, "CHF:20")}, why: "does not say"},
		{name: "nobody answers", err: fault.New(fault.Unavailable, "no").Because("server-unreachable"), failed: "server-unreachable"},
	} {
		t.Run(row.name, func(t *testing.T) {
			exchange.says, exchange.err = row.says, row.err
			id, _ := w.reserve(t, taler.ReserveSelected, b.uri(t, byte(n+1)), byte(n+1), row.change)
			why, err := w.Checks(t.Context(), w.party.View(t, id))
			if fault.ReasonOf(err) != row.failed || (why == "") != (row.why == "") || !strings.Contains(why, row.why) {
				t.Errorf("it says %q, %v", why, err)
			}
		})
	}
	if why, err := w.Checks(t.Context(), w.party.View(t, w.ticket(t, "t1"))); err != nil || why == "" {
		t.Errorf("of a class without an issuer to ask: %q, %v", why, err)
	}
}
