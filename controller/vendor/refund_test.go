package vendor_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// stamps are a class that comes back: each number is taken once. What is given is
// asked before one is.
func stamps(role comm.Role, before ...func() error) protocol.Bundle {
	class := sdk.Class{About: instrument.Info{ID: "stamp", Title: "Stamp", Keys: []string{"number"}, Moves: []instrument.Move{
		{To: "ready"}, {From: "ready", To: "shown"}, {From: "shown", To: "shown"}, {From: "shown", To: "ready"}, {From: "shown", To: "used"}, {From: "used", To: "ready"}, {To: "taken"},
	}}}
	return protocol.Bundle{Name: "stamps", Classes: sdk.Refundable(role, class), Protocols: []protocol.Protocol{sdk.Simple{
		Name: "stamp.stick", Class: "stamp", Operation: protocol.Pay, Accepted: "used", Returned: "ready",
		Present: func(_ protocol.Session, c protocol.Call, i *instrument.Instance) (protocol.Result, error) {
			i.Status = "shown"
			return protocol.Result{Value: i.State, Amount: c.Offer.Terms.Price}, nil
		},
		Accept: func(_ protocol.Session, c protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
			for _, f := range before {
				if err := f(); err != nil {
					return protocol.Result{}, err
				}
			}
			_, err := tx.Create(instrument.Instance{Class: "stamp", Status: "taken", Keys: map[string]string{"number": string(message)}, State: message})
			return protocol.Result{Value: json.RawMessage(`{}`), Amount: c.Offer.Terms.Price}, err
		},
		GiveBack: func(instrument.Tx, json.RawMessage, instrument.Amount) (json.RawMessage, error) {
			return json.RawMessage(`{}`), nil
		},
	}}}
}

// stall is a shop that takes stamps, and two customers.
type stall struct {
	*vendor.Terminal
	t         *testing.T
	peer      comm.Peer
	till      *controllertest.Party
	amy, bob  *controllertest.Party
	next      int
	operation map[string]instrument.OperationID // by the name of the part
}

func openStall(t *testing.T, policy vendor.RefundPolicy) *stall {
	t.Helper()
	return openStallOf(t, policy, stamps(comm.Vendor))
}

func openStallOf(t *testing.T, policy vendor.RefundPolicy, taken protocol.Bundle) *stall {
	t.Helper()
	net := inproc.NewNetwork()
	till := controllertest.New(t, net, controllertest.Options{
		Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{vendor.Payments(), taken},
	})
	s := &stall{t: t, till: till, operation: map[string]instrument.OperationID{}, Terminal: vendor.New(till.Controller, nil, vendor.Config{Merchant: "Corner shop", Refunds: policy})}
	s.peer = till.Listen(t, s.Servicing())
	s.amy = controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	s.bob = controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	return s
}

// pay pays a part of a payment of CHF 3, or CHF 1 alone if it has no name.
func (s *stall) pay(who *controllertest.Party, payment, part, price string) error {
	s.t.Helper()
	s.next++
	state, _ := json.Marshal(s.next)
	stamp := who.Create(s.t, instrument.Instance{Class: "stamp", Status: "ready", State: state})
	inv := instrument.Invoice{"amount": price}
	if payment != "" {
		inv[controller.InvoicePayment], inv[controller.InvoicePart], inv[controller.InvoiceTotal] = payment, part, "CHF:3"
	}
	session, err := who.InitiateSession(s.t.Context(), s.peer, controller.Login{})
	check(s.t, err)
	defer func() { _ = session.Close(s.t.Context()) }()
	if _, err := session.Negotiate(s.t.Context(), "stamp", inv); err != nil {
		return err
	}
	id, err := who.OperationID("pay " + payment + part + string(state))
	check(s.t, err)
	_, err = session.Execute(s.t.Context(), controller.Transaction{ID: id, Principal: who.Me(s.t), Operation: protocol.Pay, Class: "stamp", Instruments: []instrument.ID{stamp}}, nil)
	s.operation[part] = id
	return err
}

// refund asks for the payment of a part, as somebody who does not keep to the steps
// and negotiates something else.
func (s *stall) refund(who *controllertest.Party, part string) error {
	s.t.Helper()
	return s.refundUnder("", who, part)
}

// refundUnder is refund under an id of the payer's choice.
func (s *stall) refundUnder(id instrument.OperationID, who *controllertest.Party, part string) error {
	s.t.Helper()
	return s.refundWith(id, who, map[string]any{"payment": s.operation[part]})
}

// refundWith is refundUnder with other arguments.
func (s *stall) refundWith(id instrument.OperationID, who *controllertest.Party, args any) error {
	s.t.Helper()
	session, err := who.InitiateSession(s.t.Context(), s.peer, controller.Login{})
	check(s.t, err)
	defer func() { _ = session.Close(s.t.Context()) }()
	_, err = session.Negotiate(s.t.Context(), "stamp", instrument.Invoice{"amount": "CHF:1"})
	check(s.t, err)
	stamps, err := who.Instruments().List(s.t.Context(), instrument.Filter{Class: "stamp", Status: "used", Limit: 1})
	check(s.t, err)
	x := controller.Transaction{ID: id, Principal: who.Me(s.t), Operation: protocol.Refund, Class: "stamp", Args: args}
	if len(stamps) > 0 {
		x.Instruments = []instrument.ID{stamps[0].ID}
	} else {
		x.Instruments = []instrument.ID{who.Create(s.t, instrument.Instance{Class: "stamp", Status: "ready", State: []byte(`"x"`)})}
	}
	_, err = session.Execute(s.t.Context(), x, nil)
	return err
}

func (s *stall) status(who *controllertest.Party, payment string) string {
	s.t.Helper()
	p, err := s.Payment(s.t.Context(), who.Identity.KeyText(), payment)
	if errors.Is(err, fault.NotFound) {
		return ""
	}
	check(s.t, err)
	return p.Status
}

// Who may have what back, and when.
func TestWhoGetsWhatBack(t *testing.T) {
	pay := func(payment string, parts ...string) func(*stall) {
		return func(s *stall) {
			for _, p := range parts {
				check(s.t, s.pay(s.amy, payment, p, "CHF:1"))
			}
		}
	}
	then := func(all ...func(*stall)) func(*stall) {
		return func(s *stall) {
			for _, f := range all {
				f(s)
			}
		}
	}
	granted := func(part string) func(*stall) {
		return func(s *stall) {
			_, err := s.Refund(s.t.Context(), string(s.operation[part]))
			check(s.t, err)
		}
	}
	asked := func(part string) func(*stall) { return func(s *stall) { check(s.t, s.refund(s.amy, part)) } }
	for _, row := range []struct {
		name   string
		before func(*stall)
		other  bool // it is not the payer who asks
		reason fault.Reason
		status string // of the payment "p"
	}{
		{"a part of a payment that is open", pay("p", "a", "b"), false, "", vendor.PaymentClosed},
		{"the same again", then(pay("p", "a", "b"), asked("a")), false, "", vendor.PaymentClosed},
		{"of a payment that is paid", pay("p", "a", "b", "c"), false, "refund-not-granted", vendor.PaymentPaid},
		{"of one that is paid, which the vendor gives back", then(pay("p", "a", "b", "c"), granted("a")), false, "", vendor.PaymentPaid},
		{"of one that is paid, of which the vendor gives back another part", then(pay("p", "a", "b", "c"), granted("b")), false, "refund-not-granted", vendor.PaymentPaid},
		{"what was paid alone", pay("", "a"), false, "refund-not-granted", ""},
		{"what was paid alone, which the vendor gives back", then(pay("", "a"), granted("a")), false, "", ""},
		{"somebody else's", pay("p", "a"), true, "operation-unknown", vendor.PaymentOpen},
		{"somebody else's, which the vendor gives back to them", then(pay("p", "a"), granted("a")), true, "operation-unknown", vendor.PaymentClosed},
		{"nothing that was paid", pay("p", "b"), false, "operation-unknown", vendor.PaymentOpen},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := openStall(t, nil)
			row.before(s)
			who := s.amy
			if row.other {
				who = s.bob
			}
			if err := s.refund(who, "a"); fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
				t.Errorf("error = %v", err)
			}
			if is := s.status(s.amy, "p"); is != row.status {
				t.Errorf("the payment is %s", is)
			}
		})
	}
}

// A payment that is named twice is nobody's: whoever reads the first, or only the one in
// small letters, would give back another one than the vendor has agreed to.
func TestARefundNamesItsPaymentOnce(t *testing.T) {
	s := openStall(t, nil)
	check(t, s.pay(s.amy, "p", "a", "CHF:1"))
	check(t, s.pay(s.bob, "q", "b", "CHF:1"))
	a, b := string(s.operation["a"]), string(s.operation["b"])
	for _, args := range []string{
		`{"payment":"` + a + `","payment":"` + b + `"}`, `{"payment":"` + a + `","Payment":"` + b + `"}`, `{"payment":"` + a + `","p\u0061yment":"` + b + `"}`,
	} {
		if err := s.refundWith("", s.bob, json.RawMessage(args)); fault.ReasonOf(err) != "argument-twice" {
			t.Errorf("%s: %v", args, err)
		}
	}
	check(t, s.refundWith("", s.bob, json.RawMessage(`{"payment":"`+b+`"}`)))
}

// A vendor may have a policy of its own. Whatever that is, it is never asked about
// somebody else's payment, and what is open is closed before it comes back.
func TestAVendorHasAPolicyOfItsOwn(t *testing.T) {
	never := func(vendor.Payment) error { return fault.New(fault.Denied, "never").Because("never") }
	s := openStall(t, never)
	check(t, s.pay(s.amy, "p", "a", "CHF:1"))
	if err := s.refund(s.amy, "a"); fault.ReasonOf(err) != "never" || s.status(s.amy, "p") != vendor.PaymentOpen {
		t.Errorf("%v; the payment is %s", err, s.status(s.amy, "p"))
	}
	s = openStall(t, func(vendor.Payment) error { return nil })
	for _, part := range []string{"a", "b", "c"} {
		check(t, s.pay(s.amy, "p", part, "CHF:1"))
	}
	check(t, s.pay(s.amy, "q", "d", "CHF:1"))
	if err := s.refund(s.bob, "a"); fault.ReasonOf(err) != "operation-unknown" {
		t.Errorf("error = %v", err)
	}
	if a, d := s.refund(s.amy, "a"), s.refund(s.amy, "d"); a != nil || d != nil || s.status(s.amy, "p") != vendor.PaymentPaid || s.status(s.amy, "q") != vendor.PaymentClosed {
		t.Errorf("%v, %v; %s, %s", a, d, s.status(s.amy, "p"), s.status(s.amy, "q"))
	}
}

// The vendor finds out that a payment is complete whoever asks first: here it is
// the payer who wants something back, and nobody has looked since the last part.
func TestTheLastPartIsFoundBeforeARefund(t *testing.T) {
	s := openStall(t, nil)
	for _, part := range []string{"a", "b", "c"} {
		check(t, s.pay(s.amy, "p", part, "CHF:1"))
	}
	i, err := s.Instruments().Lookup(t.Context(), controller.ClassPayment, "payment", s.amy.Identity.KeyText()+"/p")
	check(t, err)
	if i.Status != vendor.PaymentOpen {
		t.Fatalf("it is %s already, so this shows nothing", i.Status)
	}
	if err := s.refund(s.amy, "a"); fault.ReasonOf(err) != "refund-not-granted" {
		t.Errorf("error = %v", err)
	}
}

// What no wallet could fetch is not granted: the payment would be closed for nothing.
func TestWhatDoesNotComeBackIsNotGranted(t *testing.T) {
	kept := stamps(comm.Vendor)
	stick := kept.Protocols[0].(sdk.Simple)
	stick.GiveBack = nil
	kept.Protocols[0] = stick
	s := openStallOf(t, nil, kept)
	check(t, s.pay(s.amy, "p", "a", "CHF:1"))
	if _, err := s.Refund(t.Context(), string(s.operation["a"])); fault.ReasonOf(err) != "refund-unknown" || s.status(s.amy, "p") != vendor.PaymentOpen {
		t.Errorf("error = %v, and the payment is %s", err, s.status(s.amy, "p"))
	}
	check(t, s.pay(s.amy, "p", "b", "CHF:2"))
	if got := s.status(s.amy, "p"); got != vendor.PaymentPaid {
		t.Errorf("paid in full it is %s", got)
	}
}

func TestPartsThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		name, part, price string
		before            func(*stall)
		reason            fault.Reason
	}{
		{"more than the total", "b", "CHF:4", nil, "part-malformed"},
		{"nothing", "b", "CHF:0", nil, "part-malformed"},
		{"other money", "b", "EUR:1", nil, "part-malformed"},
		{"without a name", "", "CHF:1", nil, "part-malformed"},
		{"another part of that name", "a", "CHF:2", nil, "part-differs"},
		{"more than is left", "b", "CHF:2.5", nil, "parts-too-much"},
		{"one more when all is paid", "b", "CHF:1", func(s *stall) { check(s.t, s.pay(s.amy, "p", "c", "CHF:2")) }, "payment-over"},
		{"one more when it was given back", "b", "CHF:1", func(s *stall) { check(s.t, s.refund(s.amy, "a")) }, "payment-over"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := openStall(t, nil)
			check(t, s.pay(s.amy, "p", "a", "CHF:1"))
			if row.before != nil {
				row.before(s)
			}
			if err := s.pay(s.amy, "p", row.part, row.price); fault.ReasonOf(err) != row.reason {
				t.Errorf("error = %v", err)
			}
		})
	}
	// Two payers may choose one name.
	s := openStall(t, nil)
	check(t, s.pay(s.amy, "p", "a", "CHF:3"))
	check(t, s.pay(s.bob, "p", "a", "CHF:1"))
	if a, b := s.status(s.amy, "p"), s.status(s.bob, "p"); a != vendor.PaymentPaid || b != vendor.PaymentOpen {
		t.Errorf("%s, %s", a, b)
	}
}

func FuzzParts(f *testing.F) {
	f.Add("p", "a", "CHF:3", "CHF:1")
	f.Add("", "", "CHF:", ":0")
	f.Fuzz(func(t *testing.T, payment, part, total, price string) {
		s, sum, err := vendor.ReadPart(instrument.Invoice{
			controller.InvoicePayment: payment, controller.InvoicePart: part, controller.InvoiceTotal: total, controller.InvoiceAmount: price,
		})
		if err != nil {
			return
		}
		if c, err := s.Cmp(sum); err != nil || c > 0 || s.IsZero() || part == "" || len(part) > 64 || len(payment) > 64 {
			t.Errorf("%q %q: %s of %s", payment, part, s, sum)
		}
	})
}

// The parts of one payment are for one product and of one total, so that whoever delivers
// for it need not look at each.
func TestThePartsOfAPaymentAreForOneProduct(t *testing.T) {
	s := openStall(t, nil)
	total := "CHF:3"
	buy := func(part, product string) error {
		stamp := s.amy.Create(t, instrument.Instance{Class: "stamp", Status: "ready", State: []byte(`"` + part + `"`)})
		session, err := s.amy.InitiateSession(t.Context(), s.peer, controller.Login{})
		check(t, err)
		defer func() { _ = session.Close(t.Context()) }()
		_, err = session.Negotiate(t.Context(), "stamp", instrument.Invoice{"payment": "p", "part": part, "total": total, "amount": "CHF:1", "product": product})
		check(t, err)
		_, err = session.Execute(t.Context(), controller.Transaction{Principal: s.amy.Me(t), Operation: protocol.Pay, Class: "stamp", Instruments: []instrument.ID{stamp}}, nil)
		return err
	}
	check(t, buy("1", "A1"))
	if err := buy("2", "B2"); fault.ReasonOf(err) != "product-differs" {
		t.Errorf("another product: %v", err)
	}
	total = "CHF:1"
	if err := buy("2", "A1"); fault.ReasonOf(err) != "total-differs" {
		t.Errorf("another total: %v", err)
	}
	total = "CHF:3"
	check(t, buy("2", "A1"))
	check(t, buy("3", "A1"))
	p, err := s.Payment(t.Context(), s.amy.Identity.KeyText(), "p")
	if err != nil || p.Status != vendor.PaymentPaid || p.Product != "A1" || len(p.Parts) != 3 || p.Parts[0].ID == "" {
		t.Errorf("it is %+v, %v", p, err)
	}
}
