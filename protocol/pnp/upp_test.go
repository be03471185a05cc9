package pnp_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

func TestUPP(t *testing.T) { protocoltest.TestProtocol(t, pnp.UPP{}) }

// preferring is a node that negotiates with pnp.upp.
func preferring(t *testing.T, role comm.Role, names ...string) *protocoltest.Node {
	return protocoltest.NewNode(t, upp(role, names...))
}

func upp(role comm.Role, names ...string) protocoltest.Options {
	return protocoltest.Options{Role: role, PNP: pnp.UPPID, Bundles: []protocol.Bundle{{Name: "upp", Protocols: []protocol.Protocol{pnp.UPP{}}}, tickets(names)}}
}

func pairs(of ...string) []protocol.Pair {
	out := []protocol.Pair{}
	for _, p := range of {
		out = append(out, protocol.Pair{Class: "ticket", Protocol: p})
	}
	return out
}

// jointly answers as a servicer's controller does.
type jointly struct {
	protocol.Negotiated
	comm.Offered
}

func TestTheInitiatorsOrderCounts(t *testing.T) {
	left, right := preferring(t, comm.Client), preferring(t, comm.Vendor, "a", "b", "c")
	if !left.Protocols.Joint() || node(t, comm.Client).Protocols.Joint() {
		t.Error("which PNP is joint")
	}
	offer := comm.Offer{Body: []byte(`{"class":"ticket"}`)}
	frames := 0
	conn := wire(func(asked comm.Protocols) (any, error) {
		frames++
		if asked.Class != "" || asked.Invoice["what"] != "tea" {
			t.Errorf("asked %+v", asked)
		}
		got, err := right.Protocols.AnswerJointly(t.Context(), left.Self, asked, []instrument.ClassID{"ticket"})
		return jointly{got, comm.Offered{Offers: []comm.Offer{offer}}}, err
	})
	got, offers, err := left.Protocols.NegotiateJointly(t.Context(), instrument.Invoice{"what": "tea"}, pairs("c", "x", "a", "c"), conn)
	if diff := cmp.Diff(pairs("c", "a"), got); err != nil || diff != "" || len(offers) != 1 || frames != 1 {
		t.Errorf("%v, %d offers, %d frames; pairs (-want +have):\n%s", err, len(offers), frames, diff)
	}
}

// A servicer can leave out, and neither add nor prefer.
func TestAServicerThatLies(t *testing.T) {
	left := preferring(t, comm.Client)
	for name, answer := range map[string]protocol.Negotiated{
		"it adds":         {Pairs: append(pairs("b", "never-asked"), pairs("a")...)},
		"it turns around": {Pairs: pairs("b", "a")},
		"it repeats":      {Pairs: pairs("b", "a", "b", "a")},
	} {
		got, _, err := left.Protocols.NegotiateJointly(t.Context(), nil, pairs("a", "b"), wire(func(comm.Protocols) (any, error) { return answer, nil }))
		if diff := cmp.Diff(pairs("a", "b"), got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	_, _, err := left.Protocols.NegotiateJointly(t.Context(), nil, pairs("a"), wire(func(comm.Protocols) (any, error) {
		return nil, fault.New(fault.Unsupported, "no")
	}))
	if fault.KindOf(err) != fault.Unsupported {
		t.Errorf("a refusal: %v", err)
	}
}

func TestAnInitiatorThatAsksForTooMuch(t *testing.T) {
	right := preferring(t, comm.Vendor, "a")
	for name, args := range map[string]json.RawMessage{
		"too many pairs": must(json.Marshal(make([]protocol.Pair, 300))), "no list": json.RawMessage(`{"class":1}`), "nothing": nil,
	} {
		_, err := right.Protocols.AnswerJointly(t.Context(), comm.Peer{Role: comm.Client}, comm.Protocols{Args: args}, []instrument.ClassID{"ticket"})
		if fault.ReasonOf(err) != "message-malformed" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func must(text []byte, err error) json.RawMessage {
	if err != nil {
		panic(err)
	}
	return text
}

// FuzzPairs: of whatever a peer lists, or answers, only what was listed here is left, and each once.
func FuzzPairs(f *testing.F) {
	for _, seed := range []string{`[{"class":"ticket","protocol":"a"}]`, `{"pairs":[{"class":"ticket","protocol":"a"},null]}`, `[null,{"Class":"ticket"},{"protocol":"a"}]`, `{"protocols":["a"]}`, `7`, ``} {
		f.Add([]byte(seed))
	}
	left, right := protocoltest.NewNode(f, upp(comm.Client)), protocoltest.NewNode(f, upp(comm.Vendor, "a", "b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return // no frame has it
		}
		got, err := right.Protocols.AnswerJointly(t.Context(), comm.Peer{Role: comm.Client}, comm.Protocols{Args: text}, []instrument.ClassID{"ticket"})
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", text, err)
		}
		subset(t, got.Pairs, "a", "b")
		pairs, _, err := left.Protocols.NegotiateJointly(t.Context(), nil, pairs("b", "a"), wire(func(comm.Protocols) (any, error) {
			return json.RawMessage(text), nil
		}))
		if err == nil {
			subset(t, pairs, "a", "b")
		}
	})
}

func subset(t *testing.T, got []protocol.Pair, of ...string) {
	t.Helper()
	seen := map[protocol.Pair]bool{}
	for _, p := range got {
		if seen[p] || p.Class != "ticket" || !slices.Contains(of, p.Protocol) {
			t.Errorf("there is %+v in %+v", p, got)
		}
		seen[p] = true
	}
}
