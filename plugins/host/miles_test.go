//go:build linux

package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// flyer is a wallet with a member's card, and the airline.
type flyer struct {
	*protocoltest.Pair
	t    *testing.T
	card instrument.ID
}

// newFlyer runs a third party's program at both sides, as hosts do.
func newFlyer(t *testing.T) *flyer {
	b := load(t, newHost(t, nil), host.Source{Path: buildExample(t, "miles")})
	of := func(r comm.Role) []protocol.Bundle {
		return []protocol.Bundle{{Name: "miles", Classes: b.Classes(r), Protocols: b.Protocols(r)}}
	}
	f := &flyer{t: t, Pair: protocoltest.NewPair(t, of(comm.Client), of(comm.Vendor))}
	f.card = f.holds("FF-1", "secret")
	return f
}

func (f *flyer) holds(number, pin string) instrument.ID {
	state := json.RawMessage(fmt.Sprintf(`{"number":%q,"pin":%q,"balance":"MILES:0"}`, number, pin))
	return f.Initiator.Create(f.t, instrument.Instance{Class: "miles", Owner: "client", Status: "ready", State: state})[0]
}

func (f *flyer) do(operation string, args, price string) error {
	c := protocol.Call{Operation: operation, Class: "miles", Instruments: []instrument.ID{f.card}}
	if args != "" {
		c.Args = json.RawMessage(args)
	}
	if price != "" {
		a, err := instrument.ParseAmount(price)
		if err != nil {
			f.t.Fatal(err)
		}
		c.Offer = &instrument.OfferBody{ID: "o", Class: "miles", Terms: instrument.Terms{Price: a}}
	}
	_, err := f.Execute(f.t.Context(), "miles.fly", c)
	return err
}

// wants compares what the wallet shows and what the airline keeps.
func (f *flyer) wants(balance string) {
	f.t.Helper()
	var here, there struct{ Balance, Number string }
	card := f.Initiator.View(f.t, f.card)
	if err := card.Decode(&here); err != nil {
		f.t.Fatal(err)
	}
	account, err := f.Servicer.Instruments.Lookup(context.Background(), "miles", "number", here.Number)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := account.Decode(&there); err != nil {
		f.t.Fatal(err)
	}
	if card.Status != "ready" || here.Balance != balance || there.Balance != balance {
		f.t.Errorf("the card is %s with %s, the account has %s; wanted %s", card.Status, here.Balance, there.Balance, balance)
	}
}

func (f *flyer) refused(err error, kind fault.Kind, reason fault.Reason) {
	f.t.Helper()
	if fault.KindOf(err) != kind || fault.ReasonOf(err) != reason {
		f.t.Errorf("got %v (%s, %s), wanted %s, %s", err, fault.KindOf(err), fault.ReasonOf(err), kind, reason)
	}
}

func TestMilesAreEarnedAndRedeemed(t *testing.T) {
	f := newFlyer(t)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(f.do("BALANCE", "", ""))
	f.wants("MILES:1000")
	check(f.do("EARN", `{"pass":"ZRH-JFK-1"}`, ""))
	f.wants("MILES:1500")
	f.refused(f.do("EARN", `{"pass":"ZRH-JFK-1"}`, ""), fault.Conflict, "pass-taken")
	f.refused(f.do("EARN", `{}`, ""), fault.Invalid, "pass-missing")
	f.wants("MILES:1500")
	check(f.do("PAY", "", "MILES:1200"))
	f.wants("MILES:300")
	f.refused(f.do("PAY", "", "MILES:301"), fault.Declined, "miles-too-few")
	f.refused(f.do("PAY", "", "CHF:1"), fault.Declined, "miles-too-few")
	f.refused(f.do("PAY", "", "MILES:0"), fault.Declined, "miles-too-few")
	f.refused(f.do("FLY", "", ""), fault.Unsupported, "operation-unknown")
	f.wants("MILES:300")

	mine := f.card
	f.card = f.holds("FF-1", "guessed") // somebody else's wallet would be the same
	f.refused(f.do("PAY", "", "MILES:1"), fault.Denied, "pin-wrong")
	f.card = f.holds("", "")
	f.refused(f.do("BALANCE", "", ""), fault.Invalid, "card-malformed")
	f.card = mine
	f.wants("MILES:300")
}

// Two cards of one account redeem at once, over a line that loses and repeats:
// nothing is redeemed twice.
func TestMilesAreRedeemedOnce(t *testing.T) {
	f := newFlyer(t)
	var mu sync.Mutex
	n := 0
	f.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
		mu.Lock()
		defer mu.Unlock()
		n++
		return []protocoltest.Fate{protocoltest.Deliver, protocoltest.Twice, protocoltest.Deliver, protocoltest.Drop}[n%4]
	})
	if err := f.do("BALANCE", "", ""); err != nil {
		t.Fatal(err)
	}
	cards := []*flyer{f, {t: t, Pair: f.Pair, card: f.holds("FF-1", "secret")}}
	var wg sync.WaitGroup
	for _, one := range cards {
		wg.Go(func() {
			for range 3 {
				if err := one.do("PAY", "", "MILES:150"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, one := range cards {
		if err := one.do("BALANCE", "", ""); err != nil {
			t.Error(err)
		}
		one.wants("MILES:100")
	}
}
