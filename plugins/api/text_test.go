package api_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/protocol"
)

const latin1 = "caf\xe9"

// TestForeignBytesEndNoStream: what a server has in its headers, a person types or a
// fault tells of it is written as it can be; else the frame could not be, and with the
// stream all operations would end.
func TestForeignBytesEndNoStream(t *testing.T) {
	told := &fault.Fault{Kind: fault.Declined, Message: "it said " + latin1, Hint: latin1}
	named := card
	named.Name = latin1
	begun := started
	begun.Peer, begun.Leased, begun.Outcomes = comm.Peer{Name: latin1, Addresses: []string{"unix:/run/" + latin1 + "#KEY"}}, []instrument.Instance{named}, map[int]*fault.Fault{1: told}
	begun.Call.Invoice = instrument.Invoice{"what": latin1}
	for name, m := range map[string]proto.Message{
		"a fault":    api.WriteFault(told),
		"a name":     api.WriteInstance(named),
		"a begin":    api.WriteBegin(begun, comm.Client),
		"an answer":  api.WriteAnswer(protocol.Answer{Text: latin1}),
		"a response": api.WriteAnswer(protocol.Answer{Response: &protocol.Response{Status: 200, Header: map[string]string{"Server": latin1, "Age": "1"}, Body: []byte(latin1)}}),
		"a failure":  api.WriteAnswer(protocol.Answer{Fault: told}),
	} {
		if _, err := proto.Marshal(m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := api.WriteFault(told).GetMessage(); got != "it said caf\ufffd" {
		t.Errorf("the message is %q", got)
	}
}

// TestAStepIsInUTF8, or the operation ends that takes it, and no other.
func TestAStepIsInUTF8(t *testing.T) {
	writes := func(f func(*instrument.Instance)) protocol.Step {
		i := instrument.Instance{ID: "06h1fjxwvqepvn0ehrkn3sk3h8", Class: "coupon", Status: "ready", Keys: map[string]string{"code": "A"}}
		f(&i)
		return protocol.Step{Kind: protocol.StepUpdate, Writes: []instrument.Instance{i}}
	}
	fetches := func(r protocol.Request) protocol.Step {
		r.Method = "GET"
		return protocol.Step{Kind: protocol.StepFetch, Fetch: &r}
	}
	for name, row := range map[string]struct {
		step protocol.Step
		good bool
	}{
		"good":     {writes(func(i *instrument.Instance) { i.Name = "café" }), true},
		"name":     {writes(func(i *instrument.Instance) { i.Name = latin1 }), false},
		"key":      {writes(func(i *instrument.Instance) { i.Keys = map[string]string{"code": latin1} }), false},
		"status":   {writes(func(i *instrument.Instance) { i.Status = latin1 }), false},
		"owner":    {writes(func(i *instrument.Instance) { i.Owner = latin1 }), false},
		"path":     {fetches(protocol.Request{Path: latin1}), false},
		"header":   {fetches(protocol.Request{Header: map[string]string{"X": latin1}}), false},
		"found":    {protocol.Step{Kind: protocol.StepFind, Find: &protocol.Lookup{Class: "c", Key: "code", Value: latin1}}, false},
		"question": {protocol.Step{Kind: protocol.StepAsk, Prompt: &protocol.Prompt{Text: latin1}}, false},
		"choice":   {protocol.Step{Kind: protocol.StepAsk, Prompt: &protocol.Prompt{Text: "?", Choices: []string{"a", latin1}}}, false},
	} {
		if err := api.CheckStep(&row.step); (err == nil) != row.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
