package pnp_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// named is a protocol that exists, and does nothing, for the class "ticket".
type named string

func (n named) Info() protocol.Info                    { return protocol.Info{ID: string(n), Title: "Named", Replay: 1} }
func (named) CompatibleWith(c instrument.ClassID) bool { return c == "ticket" }
func (named) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: protocol.Pay, Messages: true}}
}

func (named) DoOperation(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
	return protocol.Result{}, fault.New(fault.Unsupported, "it does nothing")
}

// ticket is the class of those protocols.
type ticket struct{}

func (ticket) Info() instrument.Info                 { return instrument.Info{ID: "ticket", Title: "Ticket"} }
func (ticket) Check(_, _ *instrument.Instance) error { return nil }

func (ticket) Prefer(names []string, c instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(names, c), nil
}

// tickets is the bundle of class and protocols.
func tickets(names []string) protocol.Bundle {
	b := protocol.Bundle{Name: "tickets", Classes: []instrument.Class{ticket{}}}
	for _, n := range names {
		b.Protocols = append(b.Protocols, named(n))
	}
	return b
}

func node(t *testing.T, role comm.Role, names ...string) *protocoltest.Node {
	return protocoltest.NewNode(t, protocoltest.Options{Role: role, Bundles: []protocol.Bundle{tickets(names)}})
}

// wire is a connection whose other end is f.
type wire func(asked comm.Protocols) (any, error)

func (wire) Peer() comm.Peer                           { return comm.Peer{Name: "shop", Role: comm.Vendor, Key: "KEY"} }
func (wire) Close() error                              { return nil }
func (wire) Notify(context.Context, string, any) error { return nil }
func (w wire) Call(_ context.Context, method string, params, result any) error {
	if method != comm.MethodProtocols {
		return fault.New(fault.Unsupported, "no method %s", method)
	}
	got, err := w(params.(comm.Protocols))
	if err != nil {
		return err
	}
	text, err := json.Marshal(got)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, result)
}

func TestWhatBothHave(t *testing.T) {
	for _, row := range []struct {
		name            string
		ours, his, want []string
	}{
		{"the same", []string{"t.a"}, []string{"t.a"}, []string{"t.a"}},
		{"only what both have", []string{"t.a", "t.b"}, []string{"t.x", "t.b", "t.y"}, []string{"t.b"}},
		{"nothing in common", []string{"t.a"}, []string{"t.b"}, nil},
		{"we have nothing", nil, []string{"t.b"}, nil},
		{"the peer has nothing", []string{"t.a"}, nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			from, to := node(t, comm.Client, row.ours...), node(t, comm.Vendor, row.his...)
			got, err := from.Protocols.NegotiateProtocol(t.Context(), "ticket", wire(func(asked comm.Protocols) (any, error) {
				if asked.Class != "ticket" {
					t.Errorf("asked for the class %q", asked.Class)
				}
				return to.Protocols.AnswerNegotiation(t.Context(), from.Self, asked)
			}))
			if err != nil || !slices.Equal(got, row.want) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// A peer cannot make us use what we have not installed, nor for a class that it
// does not suit.
func TestAHostileAnswerAddsNothing(t *testing.T) {
	long := make([]string, 5000)
	for n := range long {
		long[n] = "t.x"
	}
	for _, row := range []struct {
		name   string
		answer string
		want   []string
		kind   fault.Kind
	}{
		{"an order that is not ours", `{"protocols":["t.b","t.a"]}`, []string{"t.b", "t.a"}, 0}, // the peer's counts
		{"names we do not have", `{"protocols":["pnp.intersect","evil.pay","t.a"]}`, []string{"t.a"}, 0},
		{"names that look alike", `{"protocols":["T.A","t.a ","t.a\u0000","t.а"]}`, nil, 0},
		{"thousands of names", `{"protocols":["` + strings.Join(long, `","`) + `","t.b"]}`, []string{"t.b"}, 0},
		{"no names", `{}`, nil, 0},
		{"null", `null`, nil, 0},
		{"numbers", `{"protocols":[1,2]}`, nil, fault.Invalid},
		{"a word", `{"protocols":"t.a"}`, nil, fault.Invalid},
		{"another document", `["t.a"]`, nil, fault.Invalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			from := node(t, comm.Client, "t.a", "t.b")
			got, err := from.Protocols.NegotiateProtocol(t.Context(), "ticket", wire(func(comm.Protocols) (any, error) {
				return json.RawMessage(row.answer), nil
			}))
			if fault.KindOf(err) != row.kind || !slices.Equal(got, row.want) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestARefusalEndsTheNegotiation(t *testing.T) {
	for _, k := range []fault.Kind{fault.Unsupported, fault.Denied, fault.Unavailable} {
		got, err := node(t, comm.Client, "t.a").Protocols.NegotiateProtocol(t.Context(), "ticket", wire(func(comm.Protocols) (any, error) {
			return nil, fault.New(k, "not with you").Because("refused")
		}))
		if fault.KindOf(err) != k || fault.ReasonOf(err) != "refused" || got != nil {
			t.Errorf("%v: %v, %v", k, got, err)
		}
	}
}

// The servicer tells what it has for the class, whatever came along.
func TestAnAnswerDoesNotDependOnWhatWasSent(t *testing.T) {
	to := node(t, comm.Vendor, "t.b", "t.a")
	for _, row := range []struct {
		name  string
		asked comm.Protocols
		want  []string
	}{
		{"nothing", comm.Protocols{Class: "ticket"}, []string{"t.b", "t.a"}},
		{"a list of its own", comm.Protocols{Class: "ticket", Args: json.RawMessage(`{"local":["evil.pay"],"protocols":["evil.pay"]}`)}, []string{"t.b", "t.a"}},
		{"another class", comm.Protocols{Class: "card"}, nil},
		{"no class", comm.Protocols{}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := to.Protocols.AnswerNegotiation(t.Context(), comm.Peer{Role: comm.Client, Key: "KEY"}, row.asked)
			want := slices.Sorted(slices.Values(row.want))
			if err != nil || !slices.Equal(slices.Sorted(slices.Values(got.Protocols)), want) {
				t.Errorf("%v, %v", got.Protocols, err)
			}
		})
	}
}

func TestItNegotiatesAndDoesNothingElse(t *testing.T) {
	var p pnp.Intersect
	for _, class := range []instrument.ClassID{"", "ticket"} {
		if p.CompatibleWith(class) {
			t.Errorf("it operates on the class %q", class)
		}
	}
	ops := p.Operations("ticket", comm.Vendor)
	if len(ops) != 1 || ops[0].Name != protocol.Negotiate || !ops[0].ReadOnly || !ops[0].Messages {
		t.Errorf("%+v", ops)
	}
	for _, row := range []struct {
		name   string
		call   protocol.Call
		kind   fault.Kind
		reason fault.Reason
	}{
		{"another operation", protocol.Call{Operation: protocol.Pay, Args: json.RawMessage(`{}`)}, fault.Unsupported, "operation-unknown"},
		{"no operation", protocol.Call{}, fault.Unsupported, "operation-unknown"},
		{"unreadable arguments", protocol.Call{Operation: protocol.Negotiate, Args: json.RawMessage(`{"local":7}`)}, fault.Invalid, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := p.DoOperation(t.Context(), nil, row.call)
			if fault.KindOf(err) != row.kind || row.reason != "" && fault.ReasonOf(err) != row.reason {
				t.Errorf("%v", err)
			}
		})
	}
}
