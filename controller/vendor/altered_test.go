package vendor_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestAPaymentThatWasMadeAnothers: whoever writes into the vendor's database that a payment
// is theirs does not have it back from a vendor that gives back what its payer asks for.
func TestAPaymentThatWasMadeAnothers(t *testing.T) {
	s := openStall(t, func(vendor.Payment) error { return nil })
	check(t, s.pay(s.amy, "", "a", "CHF:1"))
	paid, err := s.till.Store.OperationRow(t.Context(), s.operation["a"])
	check(t, err)
	runs, theirs := paid, paid
	runs.State = protocol.Running
	theirs.Peer = s.bob.Identity.KeyText()
	for _, alter := range []func(protocol.Writer) error{
		func(w protocol.Writer) error { return w.TakeOver(runs, paid) },
		func(w protocol.Writer) error { return w.EndOperation(theirs) },
	} {
		check(t, s.till.Store.UpdateOperations(t.Context(), alter))
	}
	if now, err := s.till.Store.OperationRow(t.Context(), s.operation["a"]); err != nil || now.Peer != theirs.Peer || now.State != paid.State {
		t.Fatalf("it was not altered: %+v, %v", now, err)
	}
	if err := s.refund(s.bob, "a"); fault.ReasonOf(err) != "seal-broken" {
		t.Errorf("they are answered: %v", err)
	}
}
