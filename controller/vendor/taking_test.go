package vendor_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"

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

// pair is a till that two processes serve, and a wallet that is at both doors. What
// takes the first stamp stands still before it does.
type pair struct {
	*stall
	other      *stall // the second process
	in, on     chan struct{}
	outcome    error // of the first stamp
	dead       atomic.Bool
	firstEnded chan error
}

func openPair(t *testing.T, outcome error) *pair {
	t.Helper()
	p := &pair{in: make(chan struct{}), on: make(chan struct{}), outcome: outcome, firstEnded: make(chan error, 1)}
	var asked atomic.Int32
	stop := func() error {
		if asked.Add(1) > 1 {
			return nil
		}
		close(p.in)
		<-p.on
		return p.outcome
	}
	net := inproc.NewNetwork()
	amy := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{stamps(comm.Client)}})
	serve := func(beside *controllertest.Party, runner string) (*controllertest.Party, *stall) {
		till := controllertest.New(t, net, controllertest.Options{
			Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{vendor.Payments(), stamps(comm.Vendor, stop)},
			Beside: beside, Runner: runner, Gone: func(string) bool { return p.dead.Load() },
		})
		s := &stall{t: t, amy: amy, operation: map[string]instrument.OperationID{}, Terminal: vendor.New(till.Controller, nil, vendor.Config{Merchant: "Corner shop"})}
		s.peer = till.Listen(t, s.Servicing())
		return till, s
	}
	till, first := serve(nil, "first")
	_, p.other = serve(till, "second")
	p.other.next = 1000
	p.stall = first
	return p
}

// beforeAnyRecord is a pair in which the first stamp is about to be taken while no
// record of operations knows of it. Its message may come behind its request, on a busy
// machine: then the operation is on record, and whoever goes on after a death ends it.
func beforeAnyRecord(t *testing.T, outcome error) *pair {
	t.Helper()
	for {
		p := openPair(t, outcome)
		p.begin()
		known, err := p.Protocols().Records(t.Context(), protocol.Filter{Side: protocol.Servicer})
		check(t, err)
		if len(known) == 0 {
			return p
		}
		_ = p.end()
	}
}

// begin pays the part with the first stamp, as far as that goes.
func (p *pair) begin() {
	p.t.Helper()
	state, _ := json.Marshal("first")
	stamp := p.amy.Create(p.t, instrument.Instance{Class: "stamp", Status: "ready", State: state})
	me := p.amy.Me(p.t)
	session, err := p.amy.InitiateSession(p.t.Context(), p.peer, controller.Login{})
	check(p.t, err)
	_, err = session.Negotiate(p.t.Context(), "stamp", partOf("lunch", "1", "CHF:3", "CHF:1"))
	check(p.t, err)
	go func() {
		_, err := session.Execute(context.WithoutCancel(p.t.Context()), controller.Transaction{Principal: me, Operation: protocol.Pay, Class: "stamp", Instruments: []instrument.ID{stamp}}, nil)
		p.firstEnded <- err
	}()
	<-p.in
}

func (p *pair) end() error {
	close(p.on)
	return <-p.firstEnded
}

// paid counts the stamps that the till has.
func (p *pair) paid() int {
	p.t.Helper()
	all, err := p.Instruments().List(p.t.Context(), instrument.Filter{Class: "stamp"})
	check(p.t, err)
	return len(all)
}

// Two operations of one wallet pay one part at once: the second is refused while the
// first may still pay, though no record of operations knows of that one yet, and
// afterwards, for it is paid. So it is at the door of another process.
func TestOnePartIsNotTakenTwiceAtOnce(t *testing.T) {
	p := openPair(t, nil)
	p.begin()
	for name, door := range map[string]*stall{"the same process": p.stall, "another process": p.other} {
		if err := door.pay(p.amy, "lunch", "1", "CHF:1"); fault.KindOf(err) != fault.Locked || fault.ReasonOf(err) != "part-paying" {
			t.Errorf("%s: %v", name, err)
		}
	}
	check(t, p.end())
	for name, door := range map[string]*stall{"the same process": p.stall, "another process": p.other} {
		if err := door.pay(p.amy, "lunch", "1", "CHF:1"); fault.ReasonOf(err) != "part-paid" {
			t.Errorf("%s, afterwards: %v", name, err)
		}
	}
	if n := p.paid(); n != 1 {
		t.Errorf("%d stamps for one part", n)
	}
}

// With a part that is being paid another one is not more than the total either: it is
// refused while the first may still pay, and for good when it has.
func TestPartsAtOnceAreNoMoreThanTheTotal(t *testing.T) {
	p := openPair(t, nil)
	p.begin()
	for name, door := range map[string]*stall{"the same process": p.stall, "another process": p.other} {
		if err := door.pay(p.amy, "lunch", "2", "CHF:2.5"); fault.KindOf(err) != fault.Locked || fault.ReasonOf(err) != "part-paying" {
			t.Errorf("%s: %v", name, err)
		}
	}
	check(t, p.end())
	if err := p.other.pay(p.amy, "lunch", "2", "CHF:2.5"); fault.KindOf(err) != fault.Conflict || fault.ReasonOf(err) != "parts-too-much" {
		t.Errorf("afterwards: %v", err)
	}
	if n := p.paid(); n != 1 {
		t.Errorf("%d stamps of more than was due", n)
	}
	check(t, p.pay(p.amy, "lunch", "3", "CHF:2"))
	if is := p.status(p.amy, "lunch"); is != vendor.PaymentPaid {
		t.Errorf("with what was left it is %s", is)
	}
}

// One that has not paid lets go of the part, also for other processes.
func TestAPartThatWasNotPaidIsFree(t *testing.T) {
	for name, at := range map[string]func(*pair) *stall{"at the same process": func(p *pair) *stall { return p.stall }, "at another one": func(p *pair) *stall { return p.other }} {
		t.Run(name, func(t *testing.T) {
			p := openPair(t, fault.New(fault.Declined, "no such stamp").Because("stamp-refused"))
			p.begin()
			if err := p.end(); fault.ReasonOf(err) != "stamp-refused" {
				t.Fatalf("%v", err)
			}
			all, err := p.Instruments().List(t.Context(), instrument.Filter{Class: controller.ClassPayment})
			check(t, err)
			check(t, p.Instruments().Wait(t.Context(), all[0].ID, func(context.Context) (bool, error) {
				err := at(p).pay(p.amy, "lunch", "1", "CHF:1")
				return err == nil, nil
			}))
			if n := p.paid(); n != 1 {
				t.Errorf("%d stamps for one part", n)
			}
		})
	}
}

// A part that was refused and is tried again must still be a part of the total: another
// one may have paid in its place.
func TestAPartThatIsTriedAgainIsNoMoreThanWhatIsLeft(t *testing.T) {
	p := openPair(t, fault.New(fault.Declined, "no such stamp").Because("stamp-refused"))
	p.begin()
	if err := p.end(); fault.ReasonOf(err) != "stamp-refused" {
		t.Fatalf("%v", err)
	}
	all, err := p.Instruments().List(t.Context(), instrument.Filter{Class: controller.ClassPayment})
	check(t, err)
	check(t, p.Instruments().Wait(t.Context(), all[0].ID, func(context.Context) (bool, error) {
		return p.pay(p.amy, "lunch", "2", "CHF:2.5") == nil, nil
	}))
	if err := p.pay(p.amy, "lunch", "1", "CHF:1"); fault.ReasonOf(err) != "parts-too-much" {
		t.Errorf("%v", err)
	}
	if n := p.paid(); n != 1 {
		t.Errorf("%d stamps of more than was due", n)
	}
	check(t, p.pay(p.amy, "lunch", "3", "CHF:0.5"))
	if is := p.status(p.amy, "lunch"); is != vendor.PaymentPaid {
		t.Errorf("with what was left it is %s", is)
	}
}

// What a process was about to take when it died is free, and when the operation of
// then is asked for again it is not taken beside.
func TestADeadProcessHoldsNoPart(t *testing.T) {
	p := beforeAnyRecord(t, fault.New(fault.Declined, "it died").Because("died"))
	p.dead.Store(true)
	check(t, p.other.pay(p.amy, "lunch", "1", "CHF:1"))
	if err := p.end(); fault.ReasonOf(err) != "died" {
		t.Errorf("%v", err)
	}
	if n := p.paid(); n != 1 {
		t.Errorf("%d stamps for one part", n)
	}
}
