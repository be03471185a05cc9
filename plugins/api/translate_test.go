package api_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

var (
	noon   = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC)
	amount = instrument.Amount{Currency: "CHF", Value: instrument.MaxValue, Fraction: instrument.FractionBase - 1}
	taken  = fault.New(fault.Conflict, "taken").Because("code-taken").WithHint("take another")
	card   = instrument.Instance{
		ID: "i", Class: "c", Owner: "o", Name: "Gary's card", Status: "s", Keys: map[string]string{"k": "v"}, Version: 3, State: json.RawMessage(`{"a":1}`),
	}
	call = protocol.Call{
		Operation: "PAY", Class: "c", Instruments: []instrument.ID{"i", "j"}, Invoice: instrument.Invoice{"what": "bread"}, Args: json.RawMessage(`[1]`),
		Offer: &instrument.OfferBody{
			ID: "of", Class: "c", Terms: instrument.Terms{Price: amount, Text: "2 %"}, Invoice: instrument.Invoice{"a": "b"}, Transcript: []byte{0, 1}, Payer: "key", Until: noon,
		},
		Deadline: noon.Add(time.Hour),
	}
	result  = &protocol.Result{Value: json.RawMessage(`true`), Amount: amount}
	started = protocol.Begin{
		Op: "op", Protocol: "p", Side: protocol.Servicer, Peer: comm.Peer{Name: "n", Role: comm.Vendor, Key: "k", Addresses: []string{"a", "b"}, PNP: "pnp"},
		Call: call, Leased: []instrument.Instance{card}, Seed: []byte("seed"), Now: noon, Outcomes: map[int]*fault.Fault{2: taken, 7: taken}, Recorded: 9,
		Ahead: &protocol.Ahead{Now: noon, Message: json.RawMessage(`{"a":1}`), Instance: &card},
	}
	wireOnly  = cmpopts.IgnoreUnexported(protocol.Answer{}) // the host's own notes stay with the host
	sameFault = cmp.Comparer(func(a, b *fault.Fault) bool {
		return (a == nil) == (b == nil) && (a == nil || a.Kind == b.Kind && a.Reason == b.Reason && a.Message == b.Message && a.Hint == b.Hint)
	})
)

// wired sends a message through its bytes, as the wire does.
func wired[M proto.Message](t *testing.T, m M) M {
	t.Helper()
	raw, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	back := m.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(raw, back); err != nil {
		t.Fatal(err)
	}
	return back.(M)
}

// What is left out of a sample is not seen to cross: a member that a type has got since
// the door was made must be in it.
func TestTheSamplesLeaveNothingOut(t *testing.T) {
	full(t, "a begin", reflect.ValueOf(started))
	full(t, "a result", reflect.ValueOf(*result))
}

// full looks for members that are not set, through what a value points to and holds.
func full(t *testing.T, where string, v reflect.Value) {
	t.Helper()
	if v.IsZero() {
		t.Errorf("%s is not set", where)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		full(t, where, v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			full(t, where, v.Index(0))
		}
	case reflect.Struct:
		for n := range v.NumField() {
			if f := v.Type().Field(n); f.IsExported() {
				full(t, where+"."+f.Name, v.Field(n))
			}
		}
	}
}

func TestABeginCrossesWhole(t *testing.T) {
	for name, want := range map[string]protocol.Begin{"full": started, "empty": {}, "at the epoch": {Now: time.Unix(0, 0).UTC()}} {
		t.Run(name, func(t *testing.T) {
			got, role, err := api.ReadBegin(wired(t, api.WriteBegin(want, comm.Bank)))
			if err != nil || role != comm.Bank || !cmp.Equal(got, want, sameFault) {
				t.Errorf("%v, %s\n%s", err, role, cmp.Diff(got, want, sameFault))
			}
		})
	}
}

func TestEachKindOfStepCrossesWhole(t *testing.T) {
	want := []protocol.Step{
		{N: 1, Kind: protocol.StepSend, Body: json.RawMessage(`"x"`)},
		{N: 2, Kind: protocol.StepUpdate, Writes: []instrument.Instance{card, card}},
		{N: 3, Kind: protocol.StepRecv},
		{N: 4, Kind: protocol.StepFetch, Fetch: &protocol.Request{
			Address: "i", Method: "POST", Path: "/x?y", Header: map[string]string{"A": "b"}, Body: []byte{0}, Timeout: time.Second, Limit: 5, Repeat: true,
		}},
		{N: 5, Kind: protocol.StepAsk, Prompt: &protocol.Prompt{Text: "sure?", Choices: []string{"y", "n"}, Secret: true}},
		{N: 6, Kind: protocol.StepGet, Get: "i"},
		{N: 7, Kind: protocol.StepFind, Find: &protocol.Lookup{Class: "c", Key: "k", Value: "v"}},
		{N: 8, Kind: protocol.StepResult, Result: result},
		{N: 9, Kind: protocol.StepResult, Fault: taken},
	}
	got, err := api.ReadSteps(wired(t, api.WriteSteps(want)))
	if err != nil || !cmp.Equal(got, want, sameFault) {
		t.Errorf("%v\n%s", err, cmp.Diff(got, want, sameFault))
	}
}

func TestEachKindOfAnswerCrossesWhole(t *testing.T) {
	for name, want := range map[string]protocol.Answer{
		"message":   {Now: noon, Message: json.RawMessage(`1`), Ahead: &protocol.Ahead{Now: noon, Message: json.RawMessage(`2`)}},
		"response":  {Now: noon, Response: &protocol.Response{Status: 404, Header: map[string]string{"A": "b"}, Body: []byte("no")}},
		"text":      {Now: noon, Text: "yes"},
		"instance":  {Now: noon, Instance: &card},
		"found":     {Now: noon, Found: "i", Ahead: &protocol.Ahead{Now: noon, Instance: &card}},
		"fault":     {Now: noon, Fault: taken},
		"rewind":    {Now: noon, Rewind: &started},
		"done":      {Now: noon, Done: true},
		"suspended": {Suspended: true},
		"nothing":   {Now: noon},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := api.ReadAnswer(wired(t, api.WriteAnswer(want)), nil)
			if err != nil || !cmp.Equal(got, want, sameFault, wireOnly) {
				t.Errorf("%v\n%s", err, cmp.Diff(got, want, sameFault, wireOnly))
			}
		})
	}
}

func TestWhatCannotHaveBeenWrittenIsRefused(t *testing.T) {
	step := func(s *wire.Step) *wire.Steps { return &wire.Steps{Steps: []*wire.Step{s}} }
	outcome := func(r *wire.Result) *wire.Steps {
		return step(&wire.Step{Body: &wire.Step_Result{Result: &wire.Outcome{Result: r}}})
	}
	for name, w := range map[string]*wire.Steps{
		"no steps":           {},
		"too many steps":     {Steps: make([]*wire.Step, api.MaxSteps+1)},
		"a step of nothing":  step(&wire.Step{N: 1}),
		"an empty message":   step(&wire.Step{Body: &wire.Step_Send{}}),
		"a broken message":   step(&wire.Step{Body: &wire.Step_Send{Send: []byte("{")}}),
		"a broken state":     step(&wire.Step{Body: &wire.Step_Update{Update: &wire.Update{Writes: []*wire.Instance{{State: []byte{0}}}}}}),
		"a broken value":     outcome(&wire.Result{Value: []byte("x")}),
		"a currency":         outcome(&wire.Result{Amount: &wire.Amount{Currency: "chf"}}),
		"a value":            outcome(&wire.Result{Amount: &wire.Amount{Currency: "CHF", Value: instrument.MaxValue + 1}}),
		"a fraction":         outcome(&wire.Result{Amount: &wire.Amount{Currency: "CHF", Fraction: instrument.FractionBase}}),
		"an outcome of none": step(&wire.Step{Body: &wire.Step_Result{Result: &wire.Outcome{}}}),
		"another protocol":   step(&wire.Step{N: 1, Body: &wire.Step_Invoke{Invoke: &wire.Invocation{Protocol: "p"}}}),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := api.ReadSteps(w); !errors.Is(err, fault.Invalid) {
				t.Errorf("error = %v", err)
			}
		})
	}
}

func TestAKindOfTheFutureIsInternal(t *testing.T) {
	for kind, want := range map[uint32]fault.Kind{0: fault.Internal, 4: fault.Conflict, 13: fault.Suspended, 14: fault.Internal, 1 << 30: fault.Internal} {
		if got := api.ReadFault(&wire.Fault{Kind: kind}).Kind; got != want {
			t.Errorf("%d reads as %v", kind, got)
		}
	}
}

func description() api.Description {
	op := protocol.Operation{Name: "PAY", Messages: true, ReadOnly: true, Keyed: true, Instruments: protocol.WantsMain}
	return api.Description{Name: "coupon", Version: "1.0.0", API: api.Version, Roles: []api.RoleView{{
		Role: comm.Client,
		Classes: []instrument.Info{{
			ID: "coupon", Title: "Coupon", Fields: []instrument.Field{{Name: "a", Title: "A", Secret: true}}, Keys: []string{"code"},
			Moves: []instrument.Move{{To: "ready"}, {From: "ready", To: "out"}}, Shareable: true, Checks: true, Address: "url", Outside: []string{"out"}, Peer: "vendor", Currency: "currency",
		}},
		Protocols: []api.ProtocolView{{
			Info:       protocol.Info{ID: "coupon.redeem", Title: "Redeem", Replay: 3, Joint: true, Plain: true},
			Compatible: []api.Compatible{{Class: "coupon", Offered: []api.Offered{{Peer: comm.Vendor, Operations: []protocol.Operation{op}}}}},
		}},
	}}}
}

func TestADescriptionCrossesWhole(t *testing.T) {
	want := description()
	if got := api.ReadDescription(wired(t, api.WriteDescription(want))); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(got, want))
	}
	if err := want.Check(); err != nil {
		t.Error(err)
	}
	if len(want.View(comm.Client).Classes) != 1 || len(want.View(comm.Bank).Classes) != 0 {
		t.Error("views are mixed up")
	}
}

// A plugin of the time before operations said what they want says nothing.
func TestAnOlderPluginSaysNothingOfInstruments(t *testing.T) {
	d := api.WriteDescription(description())
	d.GetRoles()[0].GetProtocols()[0].GetCompatible()[0].GetOffered()[0].GetOperations()[0].Instruments = ""
	got := api.ReadDescription(wired(t, d))
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	if wants := got.Roles[0].Protocols[0].Compatible[0].Offered[0].Operations[0].Instruments; wants != protocol.WantsUnsaid {
		t.Errorf("it wants %q", wants)
	}
}

func TestDescriptionsThatNoBundleMayGive(t *testing.T) {
	for name, change := range map[string]func(*api.Description){
		"a path as name":     func(d *api.Description) { d.Name = "../x" },
		"no name":            func(d *api.Description) { d.Name = "" },
		"no version":         func(d *api.Description) { d.Version = "" },
		"an escape":          func(d *api.Description) { d.Version = "1\x1b[2J" },
		"another door":       func(d *api.Description) { d.API = 2 },
		"a strange role":     func(d *api.Description) { d.Roles[0].Role = "king" },
		"a role twice":       func(d *api.Description) { d.Roles = append(d.Roles, d.Roles[0]) },
		"a class twice":      func(d *api.Description) { d.Roles[0].Classes = append(d.Roles[0].Classes, d.Roles[0].Classes[0]) },
		"a class without id": func(d *api.Description) { d.Roles[0].Classes[0].ID = "" },
		"a title too long":   func(d *api.Description) { d.Roles[0].Classes[0].Title = strings.Repeat("x", 1000) },
		"a field of no name": func(d *api.Description) { d.Roles[0].Classes[0].Fields[0].Name = "" },
		"a move to nowhere":  func(d *api.Description) { d.Roles[0].Classes[0].Moves[0].To = "" },
		"a key of no name":   func(d *api.Description) { d.Roles[0].Classes[0].Keys = []string{""} },
		"too many keys":      func(d *api.Description) { d.Roles[0].Classes[0].Keys = make([]string, 100) },
		"a protocol twice":   func(d *api.Description) { d.Roles[0].Protocols = append(d.Roles[0].Protocols, d.Roles[0].Protocols[0]) },
		"a quiet operation":  func(d *api.Description) { d.Roles[0].Protocols[0].Compatible[0].Offered[0].Operations[0].Name = "pay" },
		"a strange wish": func(d *api.Description) {
			d.Roles[0].Protocols[0].Compatible[0].Offered[0].Operations[0].Instruments = "all"
		},
		"a class that is not": func(d *api.Description) { d.Roles[0].Protocols[0].Compatible[0].Class = "A B" },
	} {
		t.Run(name, func(t *testing.T) {
			d := description()
			change(&d)
			if err := d.Check(); err == nil {
				t.Error("it passed")
			}
		})
	}
}

// What nobody could ever run is not taken in silence.
func TestWhatNobodyCouldUseIsUseless(t *testing.T) {
	negotiates := func(d *api.Description) {
		d.Roles[0].Protocols = append(d.Roles[0].Protocols, api.ProtocolView{
			Info:       protocol.Info{ID: "pnp.mine", Joint: true},
			Compatible: []api.Compatible{{Offered: []api.Offered{{Peer: comm.Vendor, Operations: []protocol.Operation{{Name: protocol.Negotiate}}}}}},
		})
	}
	for name, row := range map[string]struct {
		change func(*api.Description)
		reason fault.Reason
		says   string
	}{
		"as it is": {func(*api.Description) {}, "", ""},
		"a protocol of one role only": {
			func(d *api.Description) { d.Roles = append(d.Roles, bare(comm.Bank, d.Roles[0].Protocols[0].Info.ID)) }, "", "",
		},
		"a protocol for no class": {
			func(d *api.Description) { d.Roles = append(d.Roles, bare(comm.Bank, "pnp.quiet")) },
			"protocol-useless", "pnp.quiet has no operation",
		},
		"a joint negotiation protocol": {negotiates, "protocol-useless", "pnp.mine is a negotiation protocol"},
		"an operation twice": {
			func(d *api.Description) {
				offered := &d.Roles[0].Protocols[0].Compatible[0].Offered[0]
				offered.Operations = append(offered.Operations, offered.Operations[0])
			}, "protocol-useless", "more than one operation",
		},
		"a key of two words": {
			func(d *api.Description) { d.Roles[0].Classes[0].Keys = []string{"card number"} },
			"class-useless", `the key "card number" of`,
		},
		"a status of two words": {
			func(d *api.Description) { d.Roles[0].Classes[0].Moves[0].To = "used up" },
			"class-useless", `the status "used up" of`,
		},
		"a status of two words that is outside": {
			func(d *api.Description) { d.Roles[0].Classes[0].Outside = []string{"handed out"} },
			"class-useless", `the status "handed out" of`,
		},
		"a status that is outside and that no instrument has": {
			func(d *api.Description) { d.Roles[0].Classes[0].Outside = []string{"shwon"} },
			"class-useless", `the status "shwon" of`,
		},
		"a status that is outside and that instruments of another role have": {
			func(d *api.Description) {
				class := d.Roles[0].Classes[0]
				class.Moves, class.Outside = []instrument.Move{{To: "lent"}}, nil
				d.Roles[0].Classes[0].Outside = []string{"lent"}
				d.Roles = append(d.Roles, api.RoleView{Role: comm.Bank, Classes: []instrument.Info{class}})
			}, "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := description()
			row.change(&d)
			if err := d.Check(); err != nil {
				t.Fatal(err)
			}
			err := d.Useful()
			if (err == nil) != (row.says == "") || fault.ReasonOf(err) != row.reason || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("it is said: %v", err)
			}
		})
	}
}

// bare is a role in which a protocol suits no class.
func bare(role comm.Role, id string) api.RoleView {
	return api.RoleView{Role: role, Protocols: []api.ProtocolView{{Info: protocol.Info{ID: id}}}}
}

func FuzzReadAnswer(f *testing.F) {
	raw, err := proto.Marshal(api.WriteAnswer(protocol.Answer{Now: noon, Rewind: &started}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var w wire.Answer
		if proto.Unmarshal(raw, &w) != nil {
			return
		}
		a, err := api.ReadAnswer(&w, nil)
		if err == nil {
			api.WriteAnswer(a)
		}
	})
}

func FuzzReadDescription(f *testing.F) {
	raw, err := proto.Marshal(api.WriteDescription(description()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var w wire.Description
		if proto.Unmarshal(raw, &w) != nil {
			return
		}
		d := api.ReadDescription(&w)
		if d.Check() == nil && !cmp.Equal(api.ReadDescription(api.WriteDescription(d)), d) {
			t.Error("what passed does not write back")
		}
	})
}
