package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

var price = instrument.Amount{Currency: "CHF", Value: 4}

// pair is an initiator with a ticket, and a servicer that takes tickets.
type pair struct {
	from, to *controllertest.Party
	peer     comm.Peer
	ticket   instrument.ID
}

func newPair(t *testing.T, from, to comm.Role) pair {
	return newPairBy(t, "", from, to, controllertest.Tickets())
}

// newPairBy is a pair that negotiates by that PNP.
func newPairBy(t *testing.T, negotiator string, from, to comm.Role, bundles ...protocol.Bundle) pair {
	net := inproc.NewNetwork()
	p := pair{
		from: controllertest.New(t, net, controllertest.Options{Role: from, PNP: negotiator, Bundles: bundles}),
		to:   controllertest.New(t, net, controllertest.Options{Role: to, PNP: negotiator, Bundles: bundles}),
	}
	p.peer = p.to.Listen(t, controllertest.Inspector{Price: price})
	p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})
	return p
}

func (p pair) session(t *testing.T) *controller.Session {
	t.Helper()
	s, err := p.from.InitiateSession(t.Context(), p.peer, controller.Login{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(t.Context()) })
	return s
}

func (p pair) pay(t *testing.T, s *controller.Session, id instrument.OperationID) (protocol.Result, error) {
	return s.Execute(t.Context(), controller.Transaction{
		ID: id, Principal: p.from.Me(t), Operation: protocol.Pay, Class: controllertest.ClassTicket, Instruments: []instrument.ID{p.ticket},
	}, nil)
}

// The same managers, the same steps, whoever talks to whom (paper §4: symmetric).
func TestThePapersStepsBetweenEachPairOfRoles(t *testing.T) {
	for _, roles := range [][2]comm.Role{{comm.Client, comm.Vendor}, {comm.Client, comm.Bank}, {comm.Vendor, comm.Bank}} {
		t.Run(string(roles[0]+" to "+roles[1]), func(t *testing.T) {
			p := newPair(t, roles[0], roles[1])
			s := p.session(t)
			offers, err := s.InstrumentClasses(t.Context(), instrument.Invoice{"item": "ride"})
			if err != nil {
				t.Fatal(err)
			}
			if len(offers) != 1 || offers[0].Body.Terms.Price != price || offers[0].Body.Invoice["item"] != "ride" || !offers[0].Signed {
				t.Fatalf("offers = %+v", offers)
			}
			names, err := s.NegotiateProtocol(t.Context(), controllertest.ClassTicket)
			if err != nil || len(names) != 1 {
				t.Fatalf("protocols = %v, %v", names, err)
			}
			if chosen, err := s.SelectProtocol(t.Context(), controllertest.ClassTicket, nil); err != nil || chosen != controllertest.ProtocolPunch {
				t.Fatalf("selected %q, %v", chosen, err)
			}
			if ops, err := s.AvailableOperations(t.Context(), controllertest.ClassTicket); err != nil || len(ops) != 1 || ops[0].Name != protocol.Pay {
				t.Fatalf("operations = %v, %v", ops, err)
			}
			mine, err := s.Instruments(t.Context(), p.from.Me(t), controllertest.ClassTicket)
			if err != nil || len(mine) != 1 {
				t.Fatalf("instruments = %v, %v", mine, err)
			}
			result, err := p.pay(t, s, "")
			if err != nil || result.Amount != price {
				t.Fatalf("result = %+v, %v", result, err)
			}
			if got := p.from.View(t, p.ticket).Status; got != "punched" {
				t.Errorf("the ticket is %s here", got)
			}
			if _, err := p.to.Instruments().Find(t.Context(), controllertest.ClassTicket, "number", "7"); err != nil {
				t.Errorf("the servicer did not take it: %v", err)
			}
			if _, err := p.from.InitiateSession(t.Context(), comm.Peer{Addresses: []string{"carrier-pigeon://roof"}}, controller.Login{}); !errors.Is(err, fault.Unsupported) {
				t.Errorf("a peer without a transport: %v", err)
			}
		})
	}
}

// calling is a servicer's handler that calls back as soon as it is asked anything.
type calling struct {
	comm.Handler
	got chan error
}

func (c calling) Request(ctx context.Context, conn comm.Conn, method string, params json.RawMessage) (any, error) {
	c.got <- conn.Call(ctx, comm.MethodExecute, comm.Execute{}, nil)
	return c.Handler.Request(ctx, conn, method, params)
}

func TestAServicerCannotOpenAnything(t *testing.T) {
	p := newPair(t, comm.Client, comm.Vendor)
	got := make(chan error, 1)
	peer := p.to.ListenWith(t, func(h comm.Handler) comm.Handler { return calling{h, got} }, controllertest.Inspector{Price: price})
	if _, err := p.from.InitiateSession(t.Context(), peer, controller.Login{}); err != nil {
		t.Errorf("the session that the servicer could not abuse was lost: %v", err)
	}
	if err := <-got; !errors.Is(err, fault.Denied) {
		t.Errorf("a servicer's call ended with %v", err)
	}
}

func TestStepsOutOfOrder(t *testing.T) {
	p := newPair(t, comm.Client, comm.Vendor)
	t.Run("a class that was not offered", func(t *testing.T) {
		_, err := p.session(t).NegotiateProtocol(t.Context(), "ticket")
		wantReason(t, err, "class-not-offered")
	})
	t.Run("selection before negotiation", func(t *testing.T) {
		_, err := p.session(t).SelectProtocol(t.Context(), "ticket", nil)
		wantReason(t, err, "out-of-order")
	})
	t.Run("selection of a class that nobody has", func(t *testing.T) {
		_, err := p.session(t).SelectProtocol(t.Context(), "bead", nil)
		wantReason(t, err, "class-unknown")
	})
	for class, want := range map[instrument.ClassID]fault.Reason{"bead": "class-unknown", "stub": "class-not-offered", "ticket": "out-of-order"} {
		t.Run("selection of a "+string(class)+" after the offers", func(t *testing.T) {
			with := controllertest.Tickets()
			with.Classes = append(with.Classes, stub{})
			s := newPairBy(t, "", comm.Client, comm.Vendor, with).session(t)
			if _, err := s.InstrumentClasses(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			_, err := s.SelectProtocol(t.Context(), class, nil)
			wantReason(t, err, want)
			if said := strings.HasSuffix(fault.From(err).Hint, "takes ticket"); said != (class != "ticket") {
				t.Errorf("the hint is %q", fault.From(err).Hint)
			}
			_, err = s.AvailableOperations(t.Context(), class)
			wantReason(t, err, want)
			_, err = s.Execute(t.Context(), controller.Transaction{Operation: protocol.Pay, Class: class}, nil)
			wantReason(t, err, want)
		})
	}
	t.Run("execution before selection", func(t *testing.T) {
		_, err := p.pay(t, p.session(t), "")
		wantReason(t, err, "out-of-order")
	})
	bare := func(t *testing.T, first bool, method string, params any) error {
		conn := p.from.Dial(t, p.peer)
		if first {
			hello := comm.Initiate{Name: "x", Role: comm.Client, PNP: p.from.Self().PNP}
			if err := conn.Call(t.Context(), comm.MethodInitiate, hello, nil); err != nil {
				t.Fatal(err)
			}
			if err := conn.Call(t.Context(), comm.MethodClasses, comm.Classes{}, nil); err != nil {
				t.Fatal(err)
			}
		}
		return conn.Call(t.Context(), method, params, nil)
	}
	for name, row := range map[string]struct {
		first  bool
		method string
		params any
		want   fault.Reason
	}{
		"anything before initiate":    {false, comm.MethodClasses, comm.Classes{}, "out-of-order"},
		"initiate twice":              {true, comm.MethodInitiate, comm.Initiate{Role: comm.Client, PNP: "pnp.intersect"}, "out-of-order"},
		"another PNP":                 {false, comm.MethodInitiate, comm.Initiate{Role: comm.Client, PNP: "pnp.other"}, "pnp-differs"},
		"a class nobody offered":      {true, comm.MethodProtocols, comm.Protocols{Class: "gold"}, "class-not-offered"},
		"a selection of such a class": {true, comm.MethodSelect, comm.Select{Class: "gold", Protocol: "ticket.punch"}, "class-not-offered"},
		"an unknown protocol":         {true, comm.MethodSelect, comm.Select{Class: "ticket", Protocol: "none"}, "protocol-unknown"},
		"operations of no selection":  {true, comm.MethodOperations, comm.Select{Class: "ticket"}, "out-of-order"},
		"execution without selection": {true, comm.MethodExecute, comm.Execute{Call: comm.Call{Class: "ticket"}}, "out-of-order"},
		"an unknown method":           {true, "wallet.open", struct{}{}, "method-unknown"},
		"parameters of another shape": {true, comm.MethodClasses, []int{1}, "message-malformed"},
	} {
		t.Run(name, func(t *testing.T) { wantReason(t, bare(t, row.first, row.method, row.params), row.want) })
	}
	long := strings.Repeat("x", 1000)
	for name, row := range map[string]struct {
		method string
		params any
	}{
		"a long method":   {long, struct{}{}},
		"a long class":    {comm.MethodProtocols, comm.Protocols{Class: long}},
		"a long protocol": {comm.MethodSelect, comm.Select{Class: "ticket", Protocol: long}},
		"a long choice":   {comm.MethodExecute, comm.Execute{Call: comm.Call{Class: long}}},
	} {
		t.Run(name+" is not said back", func(t *testing.T) {
			if said := fault.From(bare(t, true, row.method, row.params)).Message; len(said) > 200 {
				t.Errorf("%d bytes", len(said))
			}
		})
	}
}

// teaOnly takes tickets for nothing but tea.
type teaOnly struct{ controllertest.Inspector }

func (i teaOnly) Offers(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	if inv["item"] != "tea" {
		return instrument.Terms{}, nil, fault.New(fault.Unsupported, "no tickets for that")
	}
	return i.Inspector.Offers(ctx, who, inv, class)
}

// TestAClassThatIsNotOfferedAnyMore pays nothing, though its protocol is selected: the
// person is told so, and the vendor hears of no payment without an offer.
func TestAClassThatIsNotOfferedAnyMore(t *testing.T) {
	p := newPair(t, comm.Client, comm.Vendor)
	p.peer = p.to.Listen(t, teaOnly{controllertest.Inspector{Price: price}})
	s := p.session(t)
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, instrument.Invoice{"item": "tea"}); err != nil {
		t.Fatal(err)
	}
	_, err := s.InstrumentClasses(t.Context(), instrument.Invoice{"item": "wine"})
	wantReason(t, err, "no-common-class")
	_, err = p.pay(t, s, "")
	wantReason(t, err, "class-not-offered")
	if _, err := s.InstrumentClasses(t.Context(), instrument.Invoice{"item": "tea"}); err != nil {
		t.Fatal(err)
	}
	if _, err = p.pay(t, s, ""); err != nil {
		t.Errorf("what is offered again: %v", err)
	}
}

func TestNothingInCommon(t *testing.T) {
	net := inproc.NewNetwork()
	bundles := func(b ...protocol.Bundle) controllertest.Options {
		return controllertest.Options{Role: comm.Client, Bundles: b}
	}
	to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{controllertest.Tickets()}})
	peer := to.Listen(t, controllertest.Inspector{Price: price})
	t.Run("no class", func(t *testing.T) {
		s, err := controllertest.New(t, net, bundles()).InitiateSession(t.Context(), peer, controller.Login{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.InstrumentClasses(t.Context(), nil)
		wantReason(t, err, "no-common-class")
	})
	t.Run("no protocol", func(t *testing.T) {
		s, err := controllertest.New(t, net, bundles(controllertest.TicketsWith("ticket.other"))).InitiateSession(t.Context(), peer, controller.Login{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.InstrumentClasses(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		_, err = s.NegotiateProtocol(t.Context(), controllertest.ClassTicket)
		wantReason(t, err, "no-common-protocol")
		if hint := fault.From(err).Hint; !strings.HasPrefix(hint, "here is ticket.other, and ") {
			t.Errorf("one reads %q", hint)
		}
	})
}

func TestTheClassPrefersAmongSeveralProtocols(t *testing.T) {
	net := inproc.NewNetwork()
	both := []protocol.Bundle{controllertest.TicketsWith("ticket.a", "ticket.b")}
	from := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: both})
	to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: both})
	s, err := from.InitiateSession(t.Context(), to.Listen(t, controllertest.Inspector{Price: price}), controller.Login{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.InstrumentClasses(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.NegotiateProtocol(t.Context(), controllertest.ClassTicket); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		likes []string
		want  string
	}{{nil, "ticket.a"}, {[]string{"ticket.b"}, "ticket.b"}, {[]string{"ticket.z"}, "ticket.a"}} {
		if got, err := s.SelectProtocol(t.Context(), controllertest.ClassTicket, row.likes); err != nil || got != row.want {
			t.Errorf("liking %v: %q, %v", row.likes, got, err)
		}
	}
}

func TestAPaymentIsMadeOnce(t *testing.T) {
	p := newPair(t, comm.Client, comm.Vendor)
	s := p.session(t)
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, nil); err != nil {
		t.Fatal(err)
	}
	const id = "00112233445566778899aabbccddeeff"
	first, err := p.pay(t, s, id)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.pay(t, s, id)
	if err != nil || string(again.Value) != string(first.Value) {
		t.Errorf("the same key again: %+v, %v", again, err)
	}
	p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "8"}})
	_, err = p.pay(t, s, id)
	wantReason(t, err, "key-reused")
}

// An operation that fails is an error at both sides: the vendor's application is told, too
// (paper §5.5), although nothing of it is kept there.
func TestAUsedTicketIsDeclinedAndComesBack(t *testing.T) {
	vendor := &shop{}
	p := newShop(t, vendor, time.Now, "", nil)
	p.to.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "taken", Keys: map[string]string{"number": "7"}})
	s := p.session(t)
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, nil); err != nil {
		t.Fatal(err)
	}
	_, err := p.pay(t, s, "")
	if !errors.Is(err, fault.Declined) {
		t.Errorf("err = %v", err)
	}
	wantReason(t, err, "ticket-used")
	if got := p.from.View(t, p.ticket).Status; got != "valid" {
		t.Errorf("the ticket is %s after it was declined", got)
	}
	if heard := vendor.heard(); len(heard) != 1 || fault.ReasonOf(heard[0]) != "ticket-used" {
		t.Errorf("the vendor was told %v", heard)
	}
}

func TestLimitsHoldBeforeAnythingIsDone(t *testing.T) {
	net := inproc.NewNetwork()
	tickets := []protocol.Bundle{controllertest.Tickets()}
	from := controllertest.New(t, net, controllertest.Options{
		Role: comm.Client, Bundles: tickets, Policy: profile.UserPolicy(),
		Limits: profile.Limits{PerOperation: map[string]instrument.Amount{"CHF": {Currency: "CHF", Value: 3}}},
	})
	to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets})
	p := pair{from: from, to: to, peer: to.Listen(t, controllertest.Inspector{Price: price})}
	p.ticket = from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "9"}})
	s := p.session(t)
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, nil); err != nil {
		t.Fatal(err)
	}
	_, err := p.pay(t, s, "")
	wantReason(t, err, "above-limit")
	if got := from.View(t, p.ticket).Status; got != "valid" {
		t.Errorf("the ticket is %s after a refusal", got)
	}
}

func wantReason(t *testing.T, err error, want fault.Reason) {
	t.Helper()
	if got := fault.ReasonOf(err); got != want {
		t.Errorf("reason = %q (%v), want %q", got, err, want)
	}
}
