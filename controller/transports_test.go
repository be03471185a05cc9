package controller_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/stream"
	"github.com/swaperoo/swaperoo/comm/stream/streamtest"
	"github.com/swaperoo/swaperoo/comm/websocket"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// way is how the two parties of a scenario reach each other.
type way struct {
	name   string
	listen comm.Address
	clear  []string
	cables map[string]string
}

// ways are all transports of sessions that this system has.
func ways(t *testing.T) []way {
	dir, err := os.MkdirTemp("", "ways") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	all := []way{
		{name: "in process", listen: comm.Address{Scheme: inproc.Scheme, Path: "vendor"}},
		{name: "WebSocket", listen: comm.Address{Scheme: websocket.Scheme, Host: "127.0.0.1:0", Path: "/"}},
		{name: "unix socket", listen: comm.Address{Scheme: stream.Unix, Path: filepath.Join(dir, "s")}},
	}
	if a, b, there := streamtest.Cable(t); there {
		all = append(all, way{name: "serial line", listen: comm.Address{Scheme: stream.Serial, Path: a}, cables: map[string]string{a: b}})
	}
	return all
}

// transports are those of one party.
func (w way) transports(t *testing.T) func(*crypto.Identity) []comm.Transport {
	return func(id *crypto.Identity) []comm.Transport {
		server, err := crypto.ServerConfig(id, nil)
		if err != nil {
			t.Fatal(err)
		}
		shake := comm.Handshake{
			Key: id.KeyText(), Server: server, KeyOf: crypto.PeerKeyText,
			Client: func(string) (*tls.Config, error) { return crypto.ClientConfig(id, nil) },
		}
		return []comm.Transport{
			websocket.New(websocket.Options{TLS: shake}),
			streamtest.Crossed{Cables: w.cables, Acceptor: stream.New(stream.Options{TLS: shake, Clear: w.clear})},
		}
	}
}

// pair makes a client and a vendor that reach each other in one way.
func (w way) pair(t *testing.T, b protocol.Bundle, between func(comm.Handler) comm.Handler) pair {
	net := inproc.NewNetwork()
	made := func(role comm.Role) *controllertest.Party {
		return controllertest.New(t, net, controllertest.Options{Role: role, Bundles: []protocol.Bundle{b}, Ways: w.transports(t)})
	}
	p := pair{from: made(comm.Client), to: made(comm.Vendor)}
	p.peer = p.to.ListenAt(t, w.listen, between, controllertest.Inspector{Price: price})
	return p
}

func (p *pair) holds(t *testing.T, number string) {
	p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": number}})
}

// The same negotiation and the same payments, good and bad, give the same
// results over whatever the parties are connected by (paper §1: non-web-centric).
func TestTheSameScenarioOverEveryTransport(t *testing.T) {
	want := []string{
		`offered: ["ticket",{"price":"CHF:4"},{"item":"ride"},true]`,
		`in common: ["ticket.a","ticket.b"]`,
		`selected: "ticket.b"`,
		`operations: [{"name":"PAY","messages":true}]`,
		`the first payment: {"value":{"punched":true},"amount":"CHF:4"}`, `the ticket: "punched"`,
		`the second: {"value":{"punched":true},"amount":"CHF:4"}`, `the ticket: "punched"`,
		`a ticket that was used: ticket-used`, `the ticket: "valid"`,
		`another under the same key: key-reused`, `the ticket: "valid"`,
		`one whose answer is lost: {"value":{"punched":true},"amount":"CHF:4"}`, `the ticket: "punched"`,
		`one after that: {"value":{"punched":true},"amount":"CHF:4"}`, `the ticket: "punched"`,
		`requests for all these: 6`,
		`after the end: session-closed`,
	}
	for _, w := range ways(t) {
		t.Run(w.name, func(t *testing.T) {
			if diff := cmp.Diff(want, scenario(t, w)); diff != "" {
				t.Errorf("what should be (-) and what is (+):\n%s", diff)
			}
		})
	}
}

// scenario negotiates and pays, and says what came of each step.
func scenario(t *testing.T, w way) (said []string) {
	tell := func(step string, result any, err error) {
		text, bad := json.Marshal(result)
		if bad != nil {
			t.Fatal(bad)
		}
		if err != nil {
			text = []byte(fault.ReasonOf(err))
		}
		said = append(said, step+": "+string(text))
	}
	var lose, asked atomic.Int32
	p := w.pair(t, controllertest.TicketsWith("ticket.a", "ticket.b"), func(h comm.Handler) comm.Handler {
		return between{h, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
			asked.Add(1)
			out, err := next.Request(ctx, conn, comm.MethodExecute, params)
			if lose.Swap(0) > 0 {
				_ = conn.Close() // the ticket is taken, and the answer is lost
			}
			return out, err
		}}
	})
	s := p.session(t)
	if got := s.Peer(); got.Key != p.to.Identity.KeyText() {
		t.Errorf("the peer has proved the key %q", got.Key)
	}
	offers, err := s.InstrumentClasses(t.Context(), instrument.Invoice{"item": "ride"})
	for _, o := range offers {
		tell("offered", []any{o.Class, o.Body.Terms, o.Body.Invoice, o.Signed}, err)
	}
	names, err := s.NegotiateProtocol(t.Context(), controllertest.ClassTicket)
	tell("in common", names, err)
	chosen, err := s.SelectProtocol(t.Context(), controllertest.ClassTicket, []string{"ticket.b"})
	tell("selected", chosen, err)
	operations, err := s.AvailableOperations(t.Context(), controllertest.ClassTicket)
	tell("operations", operations, err)

	pay := func(step, number string, id instrument.OperationID) {
		p.holds(t, number)
		result, err := p.pay(t, s, id)
		tell(step, result, err)
		tell("the ticket", p.from.View(t, p.ticket).Status, nil)
	}
	pay("the first payment", "1", "00112233445566778899aabbccddeeff")
	pay("the second", "2", "")
	p.to.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "taken", Keys: map[string]string{"number": "9"}})
	pay("a ticket that was used", "9", "")
	pay("another under the same key", "3", "00112233445566778899aabbccddeeff")
	lose.Store(1)
	pay("one whose answer is lost", "4", "")
	pay("one after that", "5", "")
	tell("requests for all these", asked.Load(), nil)
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	_, err = s.InstrumentClasses(t.Context(), nil)
	tell("after the end", nil, err)
	return said
}

// noting is a class that notes under which circumstances it was asked to prefer.
type noting struct {
	instrument.Class
	seen *instrument.Circumstances
}

func (n noting) Prefer(protocols []string, c instrument.Circumstances) (string, error) {
	*n.seen = c
	return n.Class.Prefer(protocols, c)
}

// The class sees by which way its peer is reached, and that a line is in clear.
// There nobody has a key and nothing is signed, so what must be signed is refused.
func TestTheClassSeesTheLine(t *testing.T) {
	all := ways(t)
	if len(all) == 4 {
		all = append(all, inClear(t, all[3]))
	}
	for _, w := range all {
		t.Run(w.name, func(t *testing.T) {
			var seen instrument.Circumstances
			tickets := controllertest.TicketsWith("ticket.a", "ticket.b")
			tickets.Classes[0] = noting{tickets.Classes[0], &seen}
			p := w.pair(t, tickets, func(h comm.Handler) comm.Handler { return h })
			p.holds(t, "1")
			s := p.negotiated(t)
			if seen.Connectivity != w.listen.Scheme {
				t.Errorf("the class sees %q", seen.Connectivity)
			}
			_, err := p.pay(t, s, "")
			if clear := strings.HasSuffix(w.listen.Scheme, "-clear"); !clear && err != nil || clear && fault.ReasonOf(err) != "payer-signature" {
				t.Errorf("paying: %v", err)
			} else if got := s.Peer().Key; clear && got != "" {
				t.Errorf("the peer has the key %q", got)
			}
		})
	}
}

// plainly is a protocol that may pay without signatures.
type plainly struct{ protocol.Protocol }

func (p plainly) Info() protocol.Info {
	i := p.Protocol.Info()
	i.Plain = true
	return i
}

// A protocol that is for that is paid by without signatures over a line in clear, and
// signed over every other.
func TestAPlainPaymentIsForLinesInClear(t *testing.T) {
	all := ways(t)
	if len(all) == 4 {
		all = append(all, inClear(t, all[3]))
	}
	for _, w := range all {
		t.Run(w.name, func(t *testing.T) {
			tickets := controllertest.TicketsWith("ticket.plain")
			tickets.Protocols[0] = plainly{tickets.Protocols[0]}
			var sent comm.Execute
			var unsign atomic.Bool
			p := w.pair(t, tickets, func(h comm.Handler) comm.Handler {
				return between{h, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
					sent = comm.Execute{}
					if err := json.Unmarshal(params, &sent); err != nil {
						return nil, err
					}
					if unsign.Load() {
						sent.Call.Payer = nil
						params, _ = json.Marshal(sent)
					}
					return next.Request(ctx, conn, comm.MethodExecute, params)
				}}
			})
			p.holds(t, "1")
			s := p.negotiated(t)
			got, err := p.pay(t, s, "")
			if err != nil || got.Amount != price {
				t.Fatalf("paying: %+v, %v", got, err)
			}
			if clear := w.listen.InClear(); sent.Call.Offer == nil || clear != (sent.Call.Payer == nil) {
				t.Errorf("sent with the offer %v and the payer %v", sent.Call.Offer, sent.Call.Payer)
			}
			unsign.Store(true)
			p.holds(t, "2")
			if _, err = p.pay(t, s, ""); w.listen.InClear() != (err == nil) || err != nil && fault.ReasonOf(err) != "payer-signature" {
				t.Errorf("paying without a signature: %v", err)
			}
		})
	}
}

// A vendor takes no payment unsigned by a protocol that is not for that, whatever the
// wallet takes it for.
func TestAVendorTakesNothingElseInClear(t *testing.T) {
	all := ways(t)
	if len(all) < 4 {
		t.Log("this system has no serial lines")
		return
	}
	w := inClear(t, all[3])
	strict, lax := controllertest.TicketsWith("ticket.a"), controllertest.TicketsWith("ticket.a")
	lax.Protocols[0] = plainly{lax.Protocols[0]}
	net := inproc.NewNetwork()
	p := pair{
		from: controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{lax}, Ways: w.transports(t)}),
		to:   controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: []protocol.Bundle{strict}, Ways: w.transports(t)}),
	}
	p.peer = p.to.ListenAt(t, w.listen, func(h comm.Handler) comm.Handler { return h }, controllertest.Inspector{Price: price})
	p.holds(t, "1")
	if _, err := p.pay(t, p.negotiated(t), ""); fault.ReasonOf(err) != "payer-signature" {
		t.Errorf("paying: %v", err)
	}
	if p.from.View(t, p.ticket).Status != "valid" {
		t.Error("the ticket is gone")
	}
}

// inClear is a serial line without TLS, as both ends have it.
func inClear(t *testing.T, line way) way {
	a, b, _ := streamtest.Cable(t)
	line.name, line.listen = "serial line in clear", comm.Address{Scheme: stream.SerialClear, Path: a}
	line.cables = map[string]string{a: b}
	line.clear = []string{stream.SerialClear + ":" + a, stream.SerialClear + ":" + b}
	return line
}

// A session goes on when its line is there again.
func TestASessionGoesOnAfterItsLineWasLost(t *testing.T) {
	for _, w := range ways(t) {
		t.Run(w.name, func(t *testing.T) {
			conns := make(chan comm.Conn, 2)
			p := w.pair(t, controllertest.Tickets(), func(h comm.Handler) comm.Handler {
				return between{h, comm.MethodInitiate, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
					conns <- conn
					return next.Request(ctx, conn, comm.MethodInitiate, params)
				}}
			})
			s := p.negotiated(t)
			first := <-conns
			_ = first.Close()
			<-first.(interface{ Done() <-chan struct{} }).Done()
			p.holds(t, "1")
			if _, err := p.pay(t, s, ""); err != nil {
				t.Errorf("paying: %v", err)
			}
			select {
			case <-conns:
			case <-time.After(time.Minute):
				t.Error("it was not dialled again")
			}
		})
	}
}
