package sdk_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// stub is one of a cinema's tickets, of which each number is taken once.
type stub struct {
	Number string            `json:"number"`
	Worth  instrument.Amount `json:"worth"`
}

// stubs is a wallet that says of each stub that it is worth the price, and a cinema
// that looks.
func stubs(t *testing.T) *protocoltest.Pair {
	once := sdk.Once{Class: "stub", Key: "number"}
	show := sdk.Simple{
		Name: "stub.show", Class: "stub", Operation: protocol.Pay, Accepted: "used", Returned: "ready", GiveBack: once.GiveBack,
		Present: func(_ protocol.Session, c protocol.Call, i *instrument.Instance) (protocol.Result, error) {
			i.Status = "shown"
			return protocol.Result{Value: i.State, Amount: c.Offer.Terms.Price}, nil
		},
		Accept: func(_ protocol.Session, _ protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
			var s stub
			err := once.Take(tx, message, &s)
			return protocol.Result{Value: json.RawMessage(`"in"`), Amount: s.Worth}, err
		},
	}
	class := sdk.Class{About: instrument.Info{ID: "stub", Title: "Stub", Keys: []string{"number"}, Moves: sdk.Moves(
		"> ready > shown > shown > ready", "shown > used > ready > ready", "> taken > returned > taken",
	)}}
	bundle := func(r comm.Role) []protocol.Bundle {
		return []protocol.Bundle{{Name: "stub", Classes: sdk.Refundable(r, class), Protocols: []protocol.Protocol{sdk.Several{show}}}}
	}
	return protocoltest.NewPair(t, bundle(comm.Client), bundle(comm.Vendor))
}

// show pays with a new stub of that state; its operation and the error come back.
func show(t *testing.T, p *protocoltest.Pair, op instrument.OperationID, state string) (instrument.ID, error) {
	t.Helper()
	id := p.Initiator.Create(t, instrument.Instance{Class: "stub", Owner: "client", Status: "ready", State: json.RawMessage(state)})[0]
	_, err := p.ExecuteAs(t.Context(), op, "stub.show", protocol.Call{
		Operation: protocol.Pay, Class: "stub", Instruments: []instrument.ID{id},
		Offer: &instrument.OfferBody{Class: "stub", Terms: instrument.Terms{Price: francs}},
	})
	return id, err
}

func list(t *testing.T, n *protocoltest.Node, class instrument.ClassID) (all []instrument.Instance) {
	t.Helper()
	all, err := n.Instruments.List(t.Context(), instrument.Filter{Class: class})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestANumberIsTakenOnce(t *testing.T) {
	p := stubs(t)
	const state = `{"number":"7","worth":"CHF:3"}`
	first, err := show(t, p, paying, state)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := show(t, p, "", state); fault.KindOf(err) != fault.Conflict || fault.ReasonOf(err) != "number-taken" {
		t.Errorf("a copy: %v (%s)", err, fault.ReasonOf(err))
	}
	back := protocol.Call{Operation: protocol.Refund, Class: "stub", Instruments: []instrument.ID{first}, Args: json.RawMessage(`{"payment":"` + string(paying) + `"}`)}
	if _, err := p.ExecuteAs(t.Context(), refunding, "stub.show", back); err != nil {
		t.Fatal(err)
	}
	if taken := list(t, p.Servicer, "stub"); len(taken) != 1 || taken[0].Status != sdk.StatusReturned {
		t.Fatalf("after the refund: %+v", taken)
	}
	if _, err := p.ExecuteAs(t.Context(), "", "stub.show", back); err != nil {
		t.Fatalf("asked for again: %v", err)
	}
	second, err := show(t, p, "", state)
	if err != nil {
		t.Fatalf("after it was given back: %v", err)
	}
	// The first payment comes back once: to ask again does not free the second, here or there.
	back.Instruments[0] = second
	if _, err := p.ExecuteAs(t.Context(), "", "stub.show", back); fault.ReasonOf(err) != "taken-again" {
		t.Errorf("asked for again after the second payment: %v", err)
	}
	if is := p.Initiator.View(t, second).Status; is != "used" {
		t.Errorf("the stub is %s in the wallet", is)
	}
	if taken := list(t, p.Servicer, "stub"); len(taken) != 1 || taken[0].Status != sdk.StatusTaken {
		t.Errorf("in the end: %+v", taken)
	}
}

// TestWhatDoesNotSuitIsNotTaken: a wallet may say of its instrument what it likes.
func TestWhatDoesNotSuitIsNotTaken(t *testing.T) {
	for _, row := range []struct {
		name, state string
		kind        fault.Kind
		reason      fault.Reason
	}{
		{"worth less than the price", `{"number":"7","worth":"CHF:1"}`, fault.Declined, "worth-differs"},
		{"worth nothing", `{"number":"7"}`, fault.Declined, "worth-differs"},
		{"without a number", `{"worth":"CHF:3"}`, fault.Invalid, "message-malformed"},
		{"with an empty number", `{"number":"","worth":"CHF:3"}`, fault.Invalid, "message-malformed"},
		{"with a number that is no text", `{"number":7,"worth":"CHF:3"}`, fault.Invalid, "message-malformed"},
		{"with a second number", `{"number":"8","Number":"7","worth":"CHF:3"}`, fault.Invalid, "message-malformed"},
		{"with a number in capitals", `{"NUMBER":"7","worth":"CHF:3"}`, fault.Invalid, "message-malformed"},
		{"with no amount", `{"number":"7","worth":3}`, fault.Invalid, "message-malformed"},
		{"no object", `["7"]`, fault.Invalid, "message-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := stubs(t)
			_, err := show(t, p, paying, row.state)
			if fault.KindOf(err) != row.kind || fault.ReasonOf(err) != row.reason {
				t.Errorf("error = %v", err)
			}
			mine, taken, paid := list(t, p.Initiator, "stub"), list(t, p.Servicer, "stub"), list(t, p.Servicer, "stub-payment")
			if mine[0].Status != "ready" || len(taken)+len(paid) != 0 {
				t.Errorf("the stub is %s; there: %v and %v", mine[0].Status, taken, paid)
			}
		})
	}
}

func TestMovesAreThoseOfThePaths(t *testing.T) {
	got := sdk.Moves("> ready > shown>shown > ready", "shown > used", "ready > shown", "alone")
	want := []instrument.Move{
		{To: "ready"},
		{From: "ready", To: "shown"},
		{From: "shown", To: "shown"},
		{From: "shown", To: "ready"},
		{From: "shown", To: "used"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// FuzzOnce: what tells an instrument from all others is what is read of it, however it is written:
// else one would be taken as often as it has spellings.
func FuzzOnce(f *testing.F) {
	for _, seed := range []string{
		`{"number":"7","worth":"CHF:3"}`, `{"number":"7","Number":"8"}`, `{"number":"7","number":null}`, `{"number":"7","number":"8"}`, `{"\u006eumber":"7"}`, `{"numbeR":"7"}`, "{\"number\":\"\xff\"}", `{"number":"\ud800"}`, `null`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		var s stub
		var tx notes
		err := sdk.Once{Class: "stub", Key: "number"}.Take(&tx, message, &s)
		if err != nil && fault.ReasonOf(err) != "message-malformed" {
			t.Errorf("%q: %v", message, err)
		}
		if (err == nil) != (len(tx.made) == 1) || err == nil && (s.Number == "" || tx.made[0].Keys["number"] != s.Number) {
			t.Errorf("%q is read as %+v, and kept as %v, %v", message, s, tx.made, err)
		}
	})
}

// notes is where nothing is yet: it keeps what is made.
type notes struct {
	instrument.Tx

	made []instrument.Instance
}

func (*notes) Find(instrument.ClassID, string, string) (instrument.ID, error) {
	return "", fault.New(fault.NotFound, "none")
}

func (n *notes) Create(i instrument.Instance) (instrument.ID, error) {
	n.made = append(n.made, i)
	return "", nil
}
