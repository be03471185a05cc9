package sdk_test

import (
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// voucher is a class whose payments come back: at the shop a number is taken, and
// free again after the refund.
var voucher = sdk.Class{About: instrument.Info{ID: "voucher", Title: "Voucher", Keys: []string{"number"}, Moves: []instrument.Move{
	{To: "ready"},
	{From: "ready", To: "shown"},
	{From: "shown", To: "shown"},
	{From: "shown", To: "ready"},
	{From: "shown", To: "used"},
	{From: "used", To: "ready"},
	{From: "ready", To: "ready"},
	{To: "taken"},
	{From: "taken", To: "free"},
	{From: "free", To: "free"},
}}}

var francs = instrument.Amount{Currency: "CHF", Value: 3}

var spend = sdk.Simple{
	Name: "voucher.spend", Class: "voucher", Operation: protocol.Pay, Accepted: "used", Returned: "ready",
	Present: func(_ protocol.Session, _ protocol.Call, i *instrument.Instance) (protocol.Result, error) {
		i.Status = "shown"
		return protocol.Result{Value: i.State, Amount: francs}, nil
	},
	Accept: func(_ protocol.Session, _ protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
		_, err := tx.Create(instrument.Instance{Class: "voucher", Status: "taken", Keys: map[string]string{"number": string(message)}, State: message})
		return protocol.Result{Value: json.RawMessage(`"thanks"`), Amount: francs}, err
	},
	GiveBack: func(tx instrument.Tx, message json.RawMessage, _ instrument.Amount) (json.RawMessage, error) {
		id, err := tx.Find("voucher", "number", string(message))
		if err != nil {
			return nil, err
		}
		i, err := tx.Get(id)
		i.Status = "free"
		return json.RawMessage(`"sorry"`), errors.Join(err, tx.Put(i))
	},
}

// counter is a wallet with a voucher and a shop that takes them.
type counter struct {
	*protocoltest.Pair
	t  *testing.T
	id instrument.ID
}

func openCounter(t *testing.T) *counter {
	bundle := func(r comm.Role) []protocol.Bundle {
		return []protocol.Bundle{{Name: "voucher", Classes: sdk.Refundable(r, voucher), Protocols: []protocol.Protocol{sdk.Several{spend}}}}
	}
	c := &counter{t: t, Pair: protocoltest.NewPair(t, bundle(comm.Client), bundle(comm.Vendor))}
	c.id = c.Initiator.Create(t, instrument.Instance{Class: "voucher", Owner: "client", Status: "ready", State: json.RawMessage(`"7"`)})[0]
	return c
}

const paying, refunding = instrument.OperationID("00000000000000000000000000000001"), instrument.OperationID("00000000000000000000000000000002")

func (c *counter) pay() {
	c.t.Helper()
	_, err := c.ExecuteAs(c.t.Context(), paying, spend.Name, protocol.Call{
		Operation: protocol.Pay, Class: "voucher", Instruments: []instrument.ID{c.id},
		Offer: &instrument.OfferBody{Class: "voucher", Terms: instrument.Terms{Price: francs}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *counter) refund(op instrument.OperationID, args string) (protocol.Result, error) {
	return c.ExecuteAs(c.t.Context(), op, spend.Name, protocol.Call{
		Operation: protocol.Refund, Class: "voucher", Instruments: []instrument.ID{c.id}, Args: json.RawMessage(args),
	})
}

func (c *counter) status(n *protocoltest.Node, class instrument.ClassID) string {
	c.t.Helper()
	all, err := n.Instruments.List(c.t.Context(), instrument.Filter{Class: class})
	if err != nil || len(all) != 1 {
		c.t.Fatal(all, err)
	}
	return all[0].Status
}

func TestAPaymentComesBackOnce(t *testing.T) {
	c := openCounter(t)
	c.pay()
	if is := c.status(c.Servicer, "voucher-payment"); is != "paid" {
		t.Fatalf("the payment is %s", is)
	}
	args := `{"payment":"` + string(paying) + `"}`
	for _, op := range []instrument.OperationID{refunding, refunding, ""} { // again, and as another operation
		got, err := c.refund(op, args)
		if err != nil || got.Amount != francs {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if a, b, p := c.status(c.Initiator, "voucher"), c.status(c.Servicer, "voucher"), c.status(c.Servicer, "voucher-payment"); a != "ready" || b != "free" || p != "refunded" {
		t.Errorf("the voucher is %s here and %s there, the payment %s", a, b, p)
	}
}

func TestRefundsThatAreRefused(t *testing.T) {
	c := openCounter(t)
	c.pay()
	for _, row := range []struct {
		name, args string
		reason     fault.Reason
	}{
		{"of nothing that was paid", `{"payment":"` + string(refunding) + `"}`, "payment-unknown"},
		{"of more than was paid", `{"payment":"` + string(paying) + `","amount":"CHF:4"}`, "refund-too-large"},
		{"of a part", `{"payment":"` + string(paying) + `","amount":"CHF:1"}`, "refund-too-large"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := c.refund("", row.args); fault.ReasonOf(err) != row.reason {
				t.Errorf("error = %v", err)
			}
		})
	}
	if a, p := c.status(c.Initiator, "voucher"), c.status(c.Servicer, "voucher-payment"); a != "used" || p != "paid" {
		t.Errorf("the voucher is %s, the payment %s", a, p)
	}
}

// A servicer that answers of another refund than was asked for has said nothing of this one.
func TestAnAnswerToAnotherRefund(t *testing.T) {
	c := openCounter(t)
	c.pay()
	c.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
		if f.Executed != nil {
			f.Executed.Result = []byte(`{"payment":"` + string(refunding) + `","refunded":"CHF:3","answer":"sorry"}`)
		}
		return protocoltest.Deliver
	})
	if got, err := c.refund("", `{"payment":"`+string(paying)+`"}`); !errors.Is(err, fault.Unknown) {
		t.Errorf("it is believed: %+v, %v", got, err)
	}
	if is := c.status(c.Initiator, "voucher"); is != "used" {
		t.Errorf("the voucher is %s", is)
	}
}

// Whatever a protocol writes, the class of the payments lets no refund through that
// is more than the payment, and none twice.
func TestTheClassKeepsRefundsBelowThePayment(t *testing.T) {
	class := sdk.Refundable(comm.Vendor, voucher)[1]
	at := func(status, state string) *instrument.Instance {
		return &instrument.Instance{Class: "voucher-payment", Status: status, Keys: map[string]string{"payment": "p"}, State: json.RawMessage(state)}
	}
	paid := at("paid", `{"operation":"p","amount":"CHF:3","refunded":"CHF:0"}`)
	for _, row := range []struct {
		name          string
		before, after *instrument.Instance
		reason        fault.Reason
	}{
		{"a payment", nil, paid, ""},
		{"its refund", paid, at("refunded", `{"operation":"p","amount":"CHF:3","refunded":"CHF:3","refunds":[{"operation":"r","amount":"CHF:3"}]}`), ""},
		{"more than it", paid, at("refunded", `{"operation":"p","amount":"CHF:3","refunded":"CHF:3","refunds":[{"operation":"r","amount":"CHF:4"}]}`), "refund-too-large"},
		{"more than it, in two", paid, at("refunded", `{"operation":"p","amount":"CHF:3","refunded":"CHF:3","refunds":[{"operation":"r","amount":"CHF:2"},{"operation":"s","amount":"CHF:2"}]}`), "refund-too-large"},
		{"twice by one", paid, at("refunded", `{"operation":"p","amount":"CHF:3","refunded":"CHF:3","refunds":[{"operation":"r","amount":"CHF:1"},{"operation":"r","amount":"CHF:2"}]}`), "refund-repeated"},
		{"a sum that says so, and no refund", paid, at("refunded", `{"operation":"p","amount":"CHF:3","refunded":"CHF:3"}`), "refund-too-large"},
		{"a larger payment", paid, at("paid", `{"operation":"p","amount":"CHF:9","refunded":"CHF:0"}`), "payment-changed"},
		{"one that begins with a refund", nil, at("refunded", `{"operation":"p","amount":"CHF:3","refunded":"CHF:3","refunds":[{"operation":"r","amount":"CHF:3"}]}`), "payment-malformed"},
		{"of nothing", nil, at("paid", `{"operation":"p","amount":"CHF:0","refunded":"CHF:0"}`), "payment-malformed"},
		{"no state", nil, at("paid", `7`), "payment-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := class.Check(row.before, row.after); fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
				t.Errorf("error = %v", err)
			}
		})
	}
	if class.Info().Allows("refunded", "refunded") || class.Info().Allows("refunded", "paid") {
		t.Error("a refund is not final")
	}
}

// TestWhatIsNotWorthThePriceIsNotShown: a number that was shown can be taken, and
// the host looks at the amount after the answer only.
func TestWhatIsNotWorthThePriceIsNotShown(t *testing.T) {
	c := openCounter(t)
	var left atomic.Int64
	c.Wire.OnFrame(func(protocoltest.Frame) protocoltest.Fate {
		left.Add(1)
		return protocoltest.Deliver
	})
	_, err := c.ExecuteAs(t.Context(), paying, spend.Name, protocol.Call{
		Operation: protocol.Pay, Class: "voucher", Instruments: []instrument.ID{c.id},
		Offer: &instrument.OfferBody{Class: "voucher", Terms: instrument.Terms{Price: instrument.Amount{Currency: "CHF", Value: 1}}},
	})
	if fault.ReasonOf(err) != "worth-differs" || fault.KindOf(err) != fault.Declined {
		t.Errorf("error = %v", err)
	}
	if is := c.status(c.Initiator, "voucher"); is != "ready" || left.Load() != 0 {
		t.Errorf("the voucher is %s, and %d frames have left the wallet", is, left.Load())
	}
}
