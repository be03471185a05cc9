package vendor_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Anybody can make a key, and another one, and each may leave something here. All
// together leave a bounded number at once, and then one in a while. Whoever is known
// here, or has paid, is none of them.
func TestStrangersTogetherLeaveABoundedNumber(t *testing.T) {
	var later atomic.Int64
	began := time.Now()
	clock := func() time.Time { return began.Add(time.Duration(later.Load())) }
	net := inproc.NewNetwork()
	till := controllertest.New(t, net, controllertest.Options{
		Role: comm.Vendor, Policy: profile.CustomerPolicy(), Clock: clock, Bundles: []protocol.Bundle{vendor.Payments(), stamps(comm.Vendor)},
	})
	party := func() *controllertest.Party {
		return controllertest.New(t, net, controllertest.Options{Role: comm.Client, Clock: clock, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	}
	s := &stall{t: t, amy: party(), bob: party(), operation: map[string]instrument.OperationID{}, Terminal: vendor.New(till.Controller, nil, vendor.Config{Merchant: "Corner shop"})}
	s.peer = till.Listen(t, s.Servicing())
	whole := func(who *controllertest.Party, name string) {
		t.Helper()
		for _, part := range []string{"1", "2", "3"} {
			check(t, s.pay(who, name, part, "CHF:1"))
		}
	}
	whole(s.amy, "lunch")
	check(t, s.AddCustomer(t.Context(), vendor.Customer{Name: "cleo", Key: "CLEO"}))
	if n := s.Crowd(); n != 1023 { // and amy's
		t.Errorf("strangers may leave %d", n)
	}
	room := func(when, key string, want fault.Reason) {
		t.Helper()
		if err := s.Room(t.Context(), key); fault.ReasonOf(err) != want || want != "" && fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s, %q: %v", when, key, err)
		}
	}
	amy, bob := s.amy.Identity.KeyText(), s.bob.Identity.KeyText()
	room("in a crowd", bob, "strangers-crowded")
	room("in a crowd, in clear", "", "strangers-crowded")
	room("in a crowd, who has paid", amy, "")
	room("in a crowd, who is known", "CLEO", "")
	whole(s.amy, "dinner")
	later.Store(int64(5 * time.Second))
	whole(s.bob, "lunch")
	room("again", "somebody", "strangers-crowded")
	room("who has paid meanwhile", bob, "")
	later.Store(int64(24 * time.Hour))
	if n := s.Crowd(); n != 1024 {
		t.Errorf("the next day strangers may leave %d", n)
	}
}
