package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// A servicer takes a class that it has offered over this connection, or whose
// offer it is shown with its own signature.
func TestNothingIsNegotiatedForAClassThatWasNotOffered(t *testing.T) {
	p := newPair(t, comm.Client, comm.Vendor)
	stranger := newPair(t, comm.Client, comm.Vendor)
	offerOf := func(p pair) *comm.Offer {
		offers, err := p.session(t).InstrumentClasses(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return &offers[0].Offer
	}
	own, foreign := offerOf(p), offerOf(stranger)
	forged := *own
	forged.Body = append([]byte(" "), forged.Body...)
	for name, row := range map[string]struct {
		class string
		offer *comm.Offer
		want  fault.Reason
	}{
		"without an offer":         {"ticket", nil, "class-not-offered"},
		"with an offer of another": {"ticket", foreign, "class-not-offered"},
		"with a changed offer":     {"ticket", &forged, "class-not-offered"},
		"for another class":        {"gold", own, "class-not-offered"},
		"with the vendor's offer":  {"ticket", own, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for method, params := range map[string]any{
				comm.MethodSelect:    comm.Select{Class: row.class, Protocol: controllertest.ProtocolPunch, Offer: row.offer},
				comm.MethodProtocols: comm.Protocols{Class: row.class, Args: json.RawMessage(`["ticket.punch"]`), Offer: row.offer},
			} {
				conn := p.from.Dial(t, p.peer)
				if err := conn.Call(t.Context(), comm.MethodInitiate, hello(p.from), nil); err != nil {
					t.Fatal(err)
				}
				err := conn.Call(t.Context(), method, params, nil)
				if row.want == "" && fault.ReasonOf(err) == "class-not-offered" {
					t.Errorf("%s: %v", method, err)
				} else if row.want != "" {
					wantReason(t, err, row.want)
				}
			}
		})
	}
}

// stub is a class that its party keeps records in; no protocol does anything with it.
type stub struct{}

func (stub) Info() instrument.Info {
	return instrument.Info{ID: "stub", Title: "A stub", Moves: []instrument.Move{{To: "kept"}}}
}
func (stub) Check(_, _ *instrument.Instance) error { return nil }

func (stub) Prefer(protocols []string, c instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(protocols, c), nil
}

// takesAll prices whatever is asked about.
type takesAll struct{ controllertest.Inspector }

func (takesAll) Offers(context.Context, controller.Caller, instrument.Invoice, instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	return instrument.Terms{Price: price}, nil, nil
}

// What a party keeps for itself is offered to nobody, whatever its role would take.
func TestAClassThatNoProtocolServesIsNotOffered(t *testing.T) {
	net := inproc.NewNetwork()
	with := controllertest.Tickets()
	with.Classes = append(with.Classes, stub{})
	amy := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{controllertest.Tickets()}})
	to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{with}})
	conn := amy.Dial(t, to.Listen(t, takesAll{}))
	var got comm.Offered
	if err := errors.Join(conn.Call(t.Context(), comm.MethodInitiate, hello(amy), nil), conn.Call(t.Context(), comm.MethodClasses, comm.Classes{}, &got)); err != nil {
		t.Fatal(err)
	}
	if len(got.Offers) != 1 || !strings.Contains(string(got.Offers[0].Body), `"ticket"`) {
		t.Errorf("offered is %+v", got)
	}
	wantReason(t, conn.Call(t.Context(), comm.MethodSelect, comm.Select{Class: "stub", Protocol: controllertest.ProtocolPunch}, nil), "class-not-offered")
}

// An offer is its payer's. Somebody else who has got hold of it and comes with a key
// and a connection of their own is not paid under it, nor negotiated with; the payer
// goes on over another connection. Nor does it pay with another class than it is for,
// which may have had another price.
func TestNobodyElsePaysUnderAnOffer(t *testing.T) {
	net := inproc.NewNetwork()
	party := func(r comm.Role) *controllertest.Party {
		return controllertest.New(t, net, controllertest.Options{Role: r, Bundles: []protocol.Bundle{controllertest.Tickets()}})
	}
	amy, bob, to := party(comm.Client), party(comm.Client), party(comm.Vendor)
	shop := to.Listen(t, controllertest.Inspector{Price: price})
	session, err := amy.InitiateSession(t.Context(), shop, controller.Login{})
	if err != nil {
		t.Fatal(err)
	}
	offers, err := session.InstrumentClasses(t.Context(), instrument.Invoice{"item": "ride"})
	if err != nil {
		t.Fatal(err)
	}
	_ = session.Close(t.Context())
	body := offers[0].Body
	body.Class = "gold"
	gold, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	dear := comm.Offer{Body: gold, Signature: to.Identity.Sign(append([]byte("swaperoo offer 1\x00"), gold...))}
	for n, row := range []struct {
		who   *controllertest.Party
		offer comm.Offer
		want  fault.Reason
	}{{bob, offers[0].Offer, "payer-differs"}, {amy, dear, "class-not-offered"}, {amy, offers[0].Offer, ""}} {
		offer := row.offer
		conn := row.who.Dial(t, shop)
		if err := conn.Call(t.Context(), comm.MethodInitiate, hello(row.who), nil); err != nil {
			t.Fatal(err)
		}
		shown := comm.Select{Class: "ticket", Protocol: controllertest.ProtocolPunch, Offer: &offer}
		if err := conn.Call(t.Context(), comm.MethodSelect, shown, nil); (fault.ReasonOf(err) == "class-not-offered") != (row.want != "") {
			t.Errorf("selecting under it: %v", err)
		}
		own := conn.Call(t.Context(), comm.MethodClasses, comm.Classes{}, nil) // with an offer of one's own it can be selected
		if err := errors.Join(own, conn.Call(t.Context(), comm.MethodSelect, comm.Select{Class: "ticket", Protocol: controllertest.ProtocolPunch}, nil)); err != nil {
			t.Fatal(err)
		}
		e := comm.Execute{Op: fmt.Sprintf("%032d", n), Msgs: []comm.Message{{N: 1, Body: json.RawMessage(fmt.Sprint(n))}}, Call: comm.Call{
			Protocol: controllertest.ProtocolPunch, Operation: protocol.Pay, Class: "ticket", Offer: &offer,
			Payer: &comm.Payer{Counter: 1, Expiry: offers[0].Body.Until},
		}}
		e.Call.Payer.Signature = row.who.Identity.Sign(controller.PayerText(offer, instrument.OperationID(e.Op), e.Call.Protocol, e.Call.Operation, *e.Call.Payer))
		var got comm.Executed
		err := conn.Call(t.Context(), comm.MethodExecute, e, &got)
		if err == nil && got.Fault != nil {
			err = got.Fault
		}
		if row.want != "" {
			wantReason(t, err, row.want)
		} else if fault.KindOf(err) == fault.Denied {
			t.Errorf("the payer is refused: %v", err)
		}
	}
}

// watched keeps the last connection and counts the class negotiations.
type watched struct {
	comm.Handler
	line  *atomic.Value
	asked *atomic.Int32
}

func (w watched) Request(ctx context.Context, conn comm.Conn, method string, params json.RawMessage) (any, error) {
	w.line.Store(conn)
	if method == comm.MethodClasses {
		w.asked.Add(1)
	}
	return w.Handler.Request(ctx, conn, method, params)
}

// The connection is lost between two steps. What was offered is still what is
// negotiated, selected and paid; nothing is asked for a second time.
func TestASessionGoesOnWhereItsConnectionWasLost(t *testing.T) {
	p := newPair(t, comm.Client, comm.Vendor)
	var line atomic.Value
	var asked atomic.Int32
	p.peer = p.to.ListenWith(t, func(h comm.Handler) comm.Handler { return watched{h, &line, &asked} }, controllertest.Inspector{Price: price})
	s := p.session(t)
	lost := func() {
		conn := line.Load().(comm.Conn)
		_ = conn.Close()
		ended(t, conn)
	}
	// until repeats a step over a connection whose end was not noticed yet.
	until := func(step func() error) {
		t.Helper()
		err := step()
		for errors.Is(err, fault.Unavailable) && t.Context().Err() == nil {
			err = step()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	until(func() error {
		_, err := s.InstrumentClasses(t.Context(), instrument.Invoice{"item": "ride"})
		return err
	})
	lost()
	until(func() error { _, err := s.NegotiateProtocol(t.Context(), controllertest.ClassTicket); return err })
	lost()
	until(func() error { _, err := s.SelectProtocol(t.Context(), controllertest.ClassTicket, nil); return err })
	lost()
	until(func() error { _, err := p.pay(t, s, ""); return err })
	lost()
	until(func() error { _, err := s.NegotiateProtocol(t.Context(), controllertest.ClassTicket); return err })
	if n := asked.Load(); n != 1 {
		t.Errorf("classes were asked for %d times", n)
	}
}

func TestOperationsAreThoseOfBothPeers(t *testing.T) {
	for name, row := range map[string]struct {
		there, want []string
	}{
		"the same":        {[]string{protocol.Pay}, []string{protocol.Pay}},
		"more there":      {[]string{"GIFT", protocol.Pay}, []string{protocol.Pay}},
		"others there":    {[]string{"GIFT"}, nil},
		"nothing there":   {[]string{}, nil},
		"not even a list": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newShop(t, &shop{}, time.Now, comm.MethodOperations, told(comm.MethodOperations, func(a *comm.Available) {
				if len(a.Names) != 1 || a.Names[0] != protocol.Pay {
					t.Errorf("the vendor has %v", a.Names)
				}
				a.Names = row.there
			}))
			ops, err := p.negotiated(t).AvailableOperations(t.Context(), controllertest.ClassTicket)
			var got []string
			for _, o := range ops {
				got = append(got, o.Name)
			}
			if err != nil || !slices.Equal(got, row.want) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// An invoice that no offer can bear is refused before anything is signed.
func TestAnInvoiceHasBounds(t *testing.T) {
	many := instrument.Invoice{}
	for n := range 65 {
		many[fmt.Sprint(n)] = ""
	}
	for name, row := range map[string]struct {
		invoice instrument.Invoice
		want    fault.Reason
	}{
		"an ordinary one": {instrument.Invoice{"item": "ride"}, ""},
		"long values":     {instrument.Invoice{"item": strings.Repeat("x", 700<<10)}, "invoice-too-large"},
		"a long name":     {instrument.Invoice{strings.Repeat("x", 5000): ""}, "invoice-too-large"},
		"many names":      {many, "invoice-too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newPair(t, comm.Client, comm.Vendor).session(t).InstrumentClasses(t.Context(), row.invoice)
			wantReason(t, err, row.want)
			if row.want != "" && fault.KindOf(err) != fault.Invalid {
				t.Errorf("it is %s", fault.KindOf(err))
			}
		})
	}
}
