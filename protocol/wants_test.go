package protocol_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// What an operation wants of the instruments of its initiator is looked at before its
// code runs; the servicer's own are its role's.
func TestAnOperationGetsTheInstrumentsThatItWants(t *testing.T) {
	for _, c := range []struct {
		name   string
		wants  protocol.Wants
		given  int
		side   protocol.Side
		reason fault.Reason
	}{
		{"one, and has it", protocol.WantsMain, 1, protocol.Initiator, ""},
		{"one, and has none", protocol.WantsMain, 0, protocol.Initiator, "instrument-missing"},
		{"one, and has two", protocol.WantsMain, 2, protocol.Initiator, "instrument-unwanted"},
		{"none, and has none", protocol.WantsNone, 0, protocol.Initiator, ""},
		{"none, and has one", protocol.WantsNone, 1, protocol.Initiator, "instrument-unwanted"},
		{"unsaid, with one", protocol.WantsUnsaid, 1, protocol.Initiator, ""},
		{"unsaid, with two", protocol.WantsUnsaid, 2, protocol.Initiator, ""},
		{"unsaid, with none", protocol.WantsUnsaid, 0, protocol.Initiator, ""},
		{"one, at the servicer", protocol.WantsMain, 0, protocol.Servicer, ""},
		{"none, at the servicer", protocol.WantsNone, 1, protocol.Servicer, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ran := false
			f := func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
				ran = true
				return text("done"), nil
			}
			s := does(f)
			s.left["WANT"], s.ops = f, []protocol.Operation{{Name: "WANT", Instruments: c.wants}}
			n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(s)})
			var on []instrument.ID
			for range c.given {
				on = append(on, n.Create(t, instance("purse", state{}))...)
			}
			_, err := n.Protocols.Execute(t.Context(), protocol.Execution{Side: c.side, Protocol: "test", Call: call("WANT", on...)})
			if c.reason == "" {
				wants(t, err, 0, "")
			} else {
				wants(t, err, fault.Invalid, c.reason)
			}
			if ran != (c.reason == "") {
				t.Errorf("the code ran: %v", ran)
			}
			clean(t, n)
		})
	}
}
