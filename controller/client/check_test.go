package client_test

import (
	"context"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
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

// statement is prepaid.signed with a vendor that says what a test wants.
type statement struct {
	high uint64
	err  error
}

func (*statement) Info() protocol.Info { return protocol.Info{ID: client.ProtocolSigned, Replay: 1} }

func (*statement) CompatibleWith(class instrument.ClassID) bool { return class == client.ClassPrepaid }

func (*statement) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: client.OperationBalance, Messages: true, Instruments: protocol.WantsMain}}
}

// DoOperation is both sides: the vendor says what it has, and the wallet keeps nothing of it.
func (a *statement) DoOperation(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
	type said struct {
		Statement struct {
			High uint64 `json:"high"`
		} `json:"statement"`
	}
	var what said
	if s.Side() == protocol.Servicer {
		if a.err != nil {
			return protocol.Result{}, a.err
		}
		what.Statement.High = a.high
		return protocol.Result{}, s.Send(ctx, what)
	}
	if err := s.Recv(ctx, &what); err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(what)
}

// ledger is somebody at whom accounts are.
type ledger struct{ controllertest.Inspector }

func (ledger) Offers(_ context.Context, _ controller.Caller, inv instrument.Invoice, _ instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	return instrument.Terms{}, inv, nil
}

// An account out of a backup is as its vendor says, if the vendor can be asked; else a person
// reads what keeps it from being sure, and what they can do.
func TestTheVendorSaysWhetherAnAccountIsAsItWas(t *testing.T) {
	for _, row := range []struct {
		name    string
		vendor  statement
		inClear bool // it was opened over a line where nobody has a key
		known   bool // the vendor is in the book
		gone    bool
		why     string
		failed  fault.Reason
	}{
		{name: "as it was", vendor: statement{high: 7}, known: true},
		{name: "with fewer payments than here", vendor: statement{high: 6}, known: true},
		{name: "with a payment of another life", vendor: statement{high: 8}, known: true, why: "has taken payments that this wallet does not know of"},
		{name: "at a vendor of whom nobody knows", vendor: statement{high: 7}, why: "`wallet peer add` makes it one"},
		{name: "opened in clear", inClear: true, known: true, why: "opened over a line in clear"},
		{name: "at a vendor that refuses", vendor: statement{err: fault.New(fault.Denied, "no").Because("holder-differs")}, known: true, failed: "holder-differs"},
		{name: "at a vendor that is gone", known: true, gone: true, failed: "peer-unreachable"},
	} {
		t.Run(row.name, func(t *testing.T) {
			net := inproc.NewNetwork()
			bundle := func() protocol.Bundle {
				return protocol.Bundle{Name: "prepaid", Classes: []instrument.Class{sdk.Class{About: instrument.Info{
					ID: client.ClassPrepaid, Title: "Account", Moves: []instrument.Move{{To: "open"}},
				}}}, Protocols: []protocol.Protocol{&row.vendor}}
			}
			vendor := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{bundle()}})
			party := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Policy: profile.UserPolicy(), Bundles: []protocol.Bundle{bundle()}})
			w := &wallet{party: party, Wallet: client.New(party.Controller, party.Me(t), nil)}
			peer := vendor.Listen(t, ledger{})
			if row.gone {
				peer.Addresses = []string{"inproc:nowhere#" + peer.Key}
			}
			if row.known {
				check(t, w.Book().PutPeer(t.Context(), peer))
			}
			i := instrument.Instance{Class: client.ClassPrepaid, Status: "open"}
			key := peer.Key
			if row.inClear {
				key = ""
			}
			check(t, i.Encode(map[string]any{"vendor_key": key, "counter": 7}))
			why, err := w.Checks(t.Context(), party.View(t, party.Create(t, i)))
			if fault.ReasonOf(err) != row.failed || (why == "") != (row.why == "") || !strings.Contains(why, row.why) {
				t.Errorf("it says %q, %v", why, err)
			}
		})
	}
}
