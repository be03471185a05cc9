package controller_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// asked counts the requests that reach a servicer, by method.
type asked struct {
	comm.Handler
	mu      *sync.Mutex
	methods *[]string
}

func (a asked) Request(ctx context.Context, c comm.Conn, method string, params json.RawMessage) (any, error) {
	a.mu.Lock()
	*a.methods = append(*a.methods, method)
	a.mu.Unlock()
	return a.Handler.Request(ctx, c, method, params)
}

// Under a joint PNP one exchange negotiates classes, terms and protocols; the
// client's order of preference counts, and its class still chooses.
func TestClassesAndProtocolsInOneExchange(t *testing.T) {
	net := inproc.NewNetwork()
	party := func(role comm.Role, names ...string) *controllertest.Party {
		return controllertest.New(t, net, controllertest.Options{
			Role: role, PNP: pnp.UPPID,
			Bundles: []protocol.Bundle{{Name: "upp", Protocols: []protocol.Protocol{pnp.UPP{}}}, controllertest.TicketsWith(names...)},
		})
	}
	p := pair{from: party(comm.Client, "ticket.a", "ticket.b", "ticket.c"), to: party(comm.Vendor, "ticket.c", "ticket.b", "ticket.x")}
	var mu sync.Mutex
	var methods []string
	p.peer = p.to.ListenWith(t, func(h comm.Handler) comm.Handler { return asked{h, &mu, &methods} }, controllertest.Inspector{Price: price})
	p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})

	s := p.session(t)
	offers, err := s.InstrumentClasses(t.Context(), instrument.Invoice{"what": "tea"})
	if err != nil || len(offers) != 1 || offers[0].Body.Terms.Price != price || offers[0].Body.Invoice["what"] != "tea" || !offers[0].Signed {
		t.Fatalf("%+v, %v", offers, err)
	}
	names, err := s.NegotiateProtocol(t.Context(), controllertest.ClassTicket)
	if err != nil || !slices.Equal(names, []string{"ticket.b", "ticket.c"}) {
		t.Errorf("in common: %v, %v", names, err)
	}
	chosen, err := s.SelectProtocol(t.Context(), controllertest.ClassTicket, []string{"ticket.c"})
	if err != nil || chosen != "ticket.c" {
		t.Errorf("selected %s, %v", chosen, err)
	}
	if _, err := p.pay(t, s, ""); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	want := []string{comm.MethodInitiate, comm.MethodProtocols, comm.MethodSelect, comm.MethodExecute}
	if !slices.Equal(methods, want) {
		t.Errorf("the vendor was asked %v, wanted %v", methods, want)
	}
}

// glum is a class of a plugin that is down, or that cannot choose without a price.
type glum struct{ stub }

func (glum) Prefer([]string, instrument.Circumstances) (string, error) {
	return "", fault.New(fault.Unavailable, "the plugin is in quarantine").Because("plugin-quarantined")
}

// glums is one of its protocols.
type glums struct{ id string }

func (g glums) Info() protocol.Info { return protocol.Info{ID: g.id, Title: "Glum", Replay: 1} }

func (glums) CompatibleWith(class instrument.ClassID) bool { return class == "stub" }

func (glums) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: protocol.Pay, Messages: true}}
}

func (glums) DoOperation(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
	return protocol.Result{}, fault.New(fault.Unsupported, "it does nothing")
}

// TestAClassThatDoesNotChooseHoldsUpNoOther under a joint PNP, which ranks the protocols
// of all of them. It is asked again, and refuses, when it is its own turn.
func TestAClassThatDoesNotChooseHoldsUpNoOther(t *testing.T) {
	net := inproc.NewNetwork()
	party := func(role comm.Role) *controllertest.Party {
		return controllertest.New(t, net, controllertest.Options{Role: role, PNP: pnp.UPPID, Bundles: []protocol.Bundle{
			{Name: "upp", Protocols: []protocol.Protocol{pnp.UPP{}}},
			controllertest.TicketsWith("ticket.a", "ticket.b"),
			{Name: "glum", Classes: []instrument.Class{glum{}}, Protocols: []protocol.Protocol{glums{"glum.a"}, glums{"glum.b"}}},
		}})
	}
	p := pair{from: party(comm.Client), to: party(comm.Vendor)}
	p.peer = p.to.Listen(t, takesAll{})
	p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})
	s := p.session(t)
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := p.pay(t, s, ""); err != nil {
		t.Error(err)
	}
	if names, err := s.NegotiateProtocol(t.Context(), "stub"); err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
	_, err := s.SelectProtocol(t.Context(), "stub", nil)
	wantReason(t, err, "plugin-quarantined")
}

// Both sides fix the PNP before the session: one that differs is refused.
func TestAnotherPNPIsRefused(t *testing.T) {
	net := inproc.NewNetwork()
	upp := []protocol.Bundle{{Name: "upp", Protocols: []protocol.Protocol{pnp.UPP{}}}, controllertest.Tickets()}
	from := controllertest.New(t, net, controllertest.Options{Role: comm.Client, PNP: pnp.UPPID, Bundles: upp})
	to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: upp})
	_, err := from.InitiateSession(t.Context(), to.Listen(t, controllertest.Inspector{Price: price}), controller.Login{})
	if fault.ReasonOf(err) != "pnp-differs" || strings.HasPrefix(err.Error(), " ") {
		t.Errorf("error = %q", err)
	}
}
