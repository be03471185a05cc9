package vendor_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

func partOf(payment, part, total, amount string) instrument.Invoice {
	return instrument.Invoice{
		controller.InvoicePayment: payment, controller.InvoicePart: part, controller.InvoiceTotal: total, controller.InvoiceAmount: amount,
	}
}

// with pays with an instrument under a key, and returns the operation.
func (v *visit) with(class instrument.ClassID, on instrument.ID, key string, inv instrument.Invoice) (instrument.OperationID, error) {
	v.t.Helper()
	if _, err := v.session.Negotiate(v.t.Context(), class, inv); err != nil {
		return "", err
	}
	return v.again(class, on, key)
}

// again pays under the offer that the session has.
func (v *visit) again(class instrument.ClassID, on instrument.ID, key string) (instrument.OperationID, error) {
	v.t.Helper()
	id, err := v.OperationID(key)
	check(v.t, err)
	_, err = v.session.Execute(v.t.Context(), controller.Transaction{ID: id, Principal: v.me, Operation: protocol.Pay, Class: class, Instruments: []instrument.ID{on}}, nil)
	return id, err
}

// Names are the payer's, and have colons if they like: "q" with "w:e" is not "q:w"
// with "e". Each is charged.
func TestNamesWithColonsAreTwoCharges(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	first, err := v.with(vendor.ClassCard, v.card, "free1", partOf("q", "w:e", "CHF:6", "CHF:6"))
	check(t, err)
	second, err := v.with(vendor.ClassCard, v.card, "free2", partOf("q:w", "e", "CHF:60", "CHF:6"))
	check(t, err)
	if n := c.cards.Times(); n != 2 {
		t.Errorf("charged %d times for two parts", n)
	}
	for _, op := range []instrument.OperationID{first, second} {
		back, err := c.Refund(t.Context(), string(op))
		if err != nil || !back.Done || back.Amount != amount(t, "CHF:6") {
			t.Errorf("%+v, %v", back, err)
		}
	}
	if n := c.cards.Refunds(); n != 2 {
		t.Errorf("%d refunds of two payments", n)
	}
}

// A part that is paid is not taken again, by whatever it is: nothing is before the
// second operation is refused.
func TestAPartThatIsPaidIsNotTakenAgain(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	check(t, v.payIn(v.number, "first", "CHF:20"))
	check(t, checkBalance(v, "CHF:20"))
	for class, on := range map[instrument.ClassID]instrument.ID{vendor.ClassPrepaid: v.account, vendor.ClassCard: v.card} {
		inv := partOf("dbl "+string(class), "1", "CHF:0.9", "CHF:0.1")
		_, err := v.with(class, on, "d1"+string(class), inv)
		check(t, err)
		for _, key := range []string{"d2", "d3"} {
			if _, err := v.with(class, on, key+string(class), inv); fault.ReasonOf(err) != "part-paid" || fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s: %v", class, err)
			}
			if _, err := v.again(class, on, key+"again"+string(class)); fault.ReasonOf(err) != "part-paid" {
				t.Errorf("%s: %v", class, err)
			}
		}
		_, err = v.with(class, on, "d1"+string(class), inv) // the same operation again
		if err != nil && fault.ReasonOf(err) != "key-reused" {
			t.Errorf("%s: %v", class, err)
		}
	}
	check(t, checkBalance(v, "CHF:19.9"))
	if n := c.cards.Times(); n != 2 {
		t.Errorf("%d charges", n)
	}
}

// What was paid alone has a record that no name of a payer reaches, so none that is
// open says that it may come back.
func TestNoNameReachesWhatWasPaidAlone(t *testing.T) {
	s := openStall(t, nil)
	check(t, s.pay(s.amy, "", "a", "CHF:1"))
	alone := s.operation["a"]
	check(t, s.pay(s.amy, "alone "+string(alone), "1", "CHF:1"))
	if s.status(s.amy, "alone "+string(alone)) != vendor.PaymentOpen {
		t.Fatal("there is no such record, so this shows nothing")
	}
	if err := s.refund(s.amy, "a"); fault.ReasonOf(err) != "refund-not-granted" {
		t.Errorf("error = %v", err)
	}
	_, err := s.Refund(t.Context(), string(alone))
	check(t, err)
	check(t, s.refund(s.amy, "a"))
	if s.status(s.amy, "alone "+string(alone)) != vendor.PaymentOpen {
		t.Error("the grant went to the payment of that name")
	}
	all, err := s.AllPayments(t.Context())
	if err != nil || len(all) != 2 || !strings.HasPrefix(all[1].Name, "alone ") || all[1].Status != vendor.PaymentRefunded {
		t.Errorf("%+v, %v", all, err)
	}
}

// Who only begins payments leaves no more than a bounded number of records in a day.
// What was paid in part does not count, and nobody else suffers.
func TestWhoPaysNothingBeginsABoundedNumber(t *testing.T) {
	var refuses atomic.Bool
	var later atomic.Int64
	clock := func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	net := inproc.NewNetwork()
	till := controllertest.New(t, net, controllertest.Options{
		Role: comm.Vendor, Policy: profile.CustomerPolicy(), Clock: clock,
		Bundles: []protocol.Bundle{vendor.Payments(), stamps(comm.Vendor, func() error {
			if refuses.Load() {
				return fault.New(fault.Declined, "no stamps today").Because("not-today")
			}
			return nil
		})},
	})
	party := func() *controllertest.Party {
		return controllertest.New(t, net, controllertest.Options{Role: comm.Client, Clock: clock, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	}
	s := &stall{t: t, amy: party(), bob: party(), operation: map[string]instrument.OperationID{}, Terminal: vendor.New(till.Controller, nil, vendor.Config{Merchant: "Corner shop"})}
	s.peer = till.Listen(t, s.Servicing())
	pay := func(who *controllertest.Party, name string, want fault.Reason) {
		t.Helper()
		if err := s.pay(who, name, "1", "CHF:1"); fault.ReasonOf(err) != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	for n := range 3 {
		pay(s.amy, fmt.Sprint("paid ", n), "")
	}
	refuses.Store(true)
	for n := range 32 {
		pay(s.amy, fmt.Sprint("unpaid ", n), "not-today")
	}
	pay(s.amy, "one more", "payments-unpaid")
	refuses.Store(false)
	pay(s.amy, "yet another", "payments-unpaid")
	pay(s.bob, "one more", "")
	pay(s.amy, "", "") // alone
	pay(s.amy, "unpaid 7", "")
	pay(s.amy, "one more", "")
	refuses.Store(true)
	pay(s.amy, "once more", "not-today")
	pay(s.amy, "still more", "payments-unpaid")
	later.Store(int64(24 * time.Hour))
	pay(s.amy, "the next day", "not-today")
}

// What a process that was killed had let pay counts, too: nobody takes its claims off the
// record, and whoever looks finds that nothing came of them. What has paid by now does
// not, though the record does not say so yet.
func TestWhatAKilledProcessLetPayCountsAsUnpaid(t *testing.T) {
	net := inproc.NewNetwork()
	till := controllertest.New(t, net, controllertest.Options{
		Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{vendor.Payments(), stamps(comm.Vendor)},
		Gone: func(string) bool { return true },
	})
	amy := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	s := &stall{t: t, till: till, amy: amy, operation: map[string]instrument.OperationID{}, Terminal: vendor.New(till.Controller, nil, vendor.Config{Merchant: "Corner shop"})}
	s.peer = till.Listen(t, s.Servicing())
	payer := amy.Identity.KeyText()
	begun := func(name string, op instrument.OperationID) {
		t.Helper()
		state := fmt.Sprintf(`{"payer":%q,"name":%q,"total":"CHF:3","begun":%q,"parts":[{"name":"1","class":"stamp","amount":"CHF:1","operations":[%q],"taker":%[4]q,"life":"killed"}]}`,
			payer, name, time.Now().UTC().Format(time.RFC3339), op)
		till.CreateFor(t, instrument.PrincipalID("customer:"+payer), instrument.Instance{
			Class: controller.ClassPayment, Name: name, Status: vendor.PaymentOpen,
			Keys: map[string]string{"payment": payer + "/" + name}, State: []byte(state),
		})
	}
	check(t, s.pay(amy, "", "", "CHF:1"))
	begun("has paid", s.operation[""])
	for n := range 31 {
		op, err := amy.OperationID(fmt.Sprint("killed ", n))
		check(t, err)
		begun(fmt.Sprint("unpaid ", n), op)
	}
	check(t, s.pay(amy, "the last", "1", "CHF:1"))
	op, err := amy.OperationID("killed 31")
	check(t, err)
	begun("unpaid 31", op)
	if err := s.pay(amy, "one more", "1", "CHF:1"); fault.ReasonOf(err) != "payments-unpaid" || s.status(amy, "one more") != "" {
		t.Errorf("%v; it is on record as %q", err, s.status(amy, "one more"))
	}
}
