package controller_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Two sessions with the same peer: what the second one asks, after all of its
// steps up to a payment.
func TestWhatWasNegotiatedIsRemembered(t *testing.T) {
	all := []string{comm.MethodInitiate, comm.MethodClasses, comm.MethodProtocols, comm.MethodSelect, comm.MethodOperations, comm.MethodExecute}
	endless := strings.Repeat("v", 257)
	less := []string{comm.MethodInitiate, comm.MethodClasses, comm.MethodSelect, comm.MethodExecute}
	for name, c := range map[string]struct {
		remember, intercepts bool
		versions             [2]string // that the peer says; empty: its own
		want                 []string
	}{
		"off by default":               {want: all},
		"the same version":             {remember: true, want: less},
		"another version":              {remember: true, versions: [2]string{"", "another"}, want: all},
		"no version":                   {remember: true, versions: [2]string{"none", "none"}, want: all},
		"a version of any length":      {remember: true, versions: [2]string{endless, endless}, want: all},
		"answers that are intercepted": {remember: true, intercepts: true, want: all},
	} {
		t.Run(name, func(t *testing.T) {
			net, tickets := inproc.NewNetwork(), []protocol.Bundle{controllertest.TicketsWith("ticket.a", "ticket.b")}
			p := pair{
				from: controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: tickets, Remember: c.remember}),
				to:   controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets}),
			}
			if c.intercepts {
				p.to.Intercept(func(context.Context, controller.Intercepted) error { return nil })
			}
			session := 0
			var asked []string
			p.peer = p.to.ListenWith(t, func(h comm.Handler) comm.Handler {
				return methods{h, &asked, func(out any) any {
					if i, ok := out.(comm.Initiated); ok && c.versions[session] != "" {
						if i.Version = c.versions[session]; i.Version == "none" {
							i.Version = ""
						}
						return i
					}
					return out
				}}
			}, controllertest.Inspector{Price: price})
			for session = range 2 {
				asked = nil
				p.holds(t, []string{"1", "2"}[session])
				s := p.session(t)
				if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, instrument.Invoice{"item": "ride"}); err != nil {
					t.Fatal(err)
				}
				ops, err := s.AvailableOperations(t.Context(), controllertest.ClassTicket)
				if err != nil || len(ops) != 1 || ops[0].Name != protocol.Pay {
					t.Fatalf("operations: %v, %v", ops, err)
				}
				if _, err := p.pay(t, s, ""); err != nil {
					t.Fatal(err)
				}
				if want := [][]string{all, c.want}[session]; !cmp.Equal(want, asked) {
					t.Errorf("session %d: what should be (-) and what is (+):\n%s", session+1, cmp.Diff(want, asked))
				}
			}
		})
	}
}

// methods notes what is asked, and may change what is answered.
type methods struct {
	comm.Handler
	asked  *[]string
	change func(any) any
}

func (m methods) Request(ctx context.Context, c comm.Conn, method string, params json.RawMessage) (any, error) {
	*m.asked = append(*m.asked, method)
	out, err := m.Handler.Request(ctx, c, method, params)
	return m.change(out), err
}

// What a peer says of itself is kept in the book, and shown: its role is one of three words.
func TestARoleIsOneThatIsKnown(t *testing.T) {
	for _, role := range []comm.Role{"", "Vendor", "vendor\nbank", comm.Role(strings.Repeat("r", 1<<16))} {
		net, tickets := inproc.NewNetwork(), []protocol.Bundle{controllertest.Tickets()}
		from := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: tickets})
		peer := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets}).ListenWith(t, func(h comm.Handler) comm.Handler {
			return methods{h, new([]string), func(out any) any {
				if i, ok := out.(comm.Initiated); ok {
					i.Role = role
					return i
				}
				return out
			}}
		}, controllertest.Inspector{Price: price})
		peer.Name, peer.Role = "shop", ""
		if err := from.Book().PutPeer(t.Context(), peer); err != nil {
			t.Fatal(err)
		}
		_, err := from.InitiateSession(t.Context(), peer, controller.Login{})
		if wantReason(t, err, "role-unknown"); err != nil && len(fault.From(err).Message) > 200 {
			t.Errorf("all %d bytes of it are told", len(role))
		}
		if known, err := from.Book().PeerNamed(t.Context(), "shop"); err != nil || known.Role != "" {
			t.Errorf("%.20q is kept, %v", known.Role, err)
		}
	}
}
