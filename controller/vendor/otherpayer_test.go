package vendor_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// An operation that has paid something of another payer pays no part, under whosever record
// its id was brought.
func TestAnothersOperationPaysNoPart(t *testing.T) {
	s := openStall(t, nil)
	check(t, s.pay(s.bob, "", "his own", "CHF:1"))
	stamp := s.amy.Create(t, instrument.Instance{Class: "stamp", Status: "ready", State: []byte(`"x"`)})
	session, err := s.amy.InitiateSession(t.Context(), s.peer, controller.Login{})
	check(t, err)
	_, err = session.Negotiate(t.Context(), "stamp", instrument.Invoice{"payment": "p", "part": "a", "total": "CHF:3", "amount": "CHF:3"})
	check(t, err)
	_, err = session.Execute(t.Context(), controller.Transaction{
		ID: s.operation["his own"], Principal: s.amy.Me(t), Operation: protocol.Pay, Class: "stamp", Instruments: []instrument.ID{stamp},
	}, nil)
	if err == nil {
		t.Error("an id that is another's was taken")
	}
	check(t, session.Close(t.Context()))
	if got := s.status(s.amy, "p"); got != vendor.PaymentOpen {
		t.Errorf("it is %s", got)
	}
	check(t, s.pay(s.amy, "p", "a", "CHF:3"))
	if got := s.status(s.amy, "p"); got != vendor.PaymentPaid {
		t.Errorf("it is %s when it is paid", got)
	}
}
