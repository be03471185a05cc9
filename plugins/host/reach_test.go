package host_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// reach makes or looks for an instrument of a class that its bundle does not bring.
func reach(ctx context.Context, s protocol.Session, operation string) error {
	return s.Update(ctx, func(tx instrument.Tx) (err error) {
		if operation == "FORGE" {
			_, err = tx.Create(instrument.Instance{Class: "payment-card", Status: "new"})
		} else {
			_, err = tx.Find("payment-card", "serial", "x")
		}
		return err
	})
}

// Code that reaches for a class of others is refused, as in process. Its plugin goes on:
// the SDK does not carry to the host what the host ends a plugin for.
func TestCodeThatReachesTooFarIsRefused(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "thing"))
	for _, operation := range []string{"FORGE", "SEEK"} {
		var o outcome
		err := stepperOf(t, b).RunSteps(t.Context(), begin(t, operation), &o)
		if err != nil || fault.KindOf(o.last.Fault) != fault.Denied || fault.ReasonOf(o.last.Fault) != "class-not-granted" {
			t.Errorf("%s: %v, and the operation ends with %+v", operation, err, o.last.Fault)
		}
	}
	perform(t, b, "PLAIN", nil)
}
