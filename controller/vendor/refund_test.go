package vendor_test

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

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
