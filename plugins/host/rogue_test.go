//go:build linux

package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

// rogue is a plugin that does not use the SDK and breaks the rules in one way.
type rogue struct {
	wire.UnimplementedPluginServer
	mode string
}

func serveRogue(mode string) {
	switch mode {
	case "elsewhere":
		fmt.Println("1|1|unix|/tmp/somebody-elses.sock|grpc|")
		select {}
	case "netrpc", "clear":
		l, err := net.Listen("unix", "./rogue")
		if err != nil {
			os.Exit(1)
		}
		kind := "grpc"
		if mode == "netrpc" {
			kind = "netrpc"
		}
		fmt.Printf("1|1|unix|./rogue|%s|\n", kind)
		s := grpc.NewServer()
		wire.RegisterPluginServer(s, &rogue{mode: mode})
		_ = s.Serve(l)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{ProtocolVersion: api.Version, MagicCookieKey: api.CookieKey, MagicCookieValue: api.CookieValue},
		Plugins:         plugin.PluginSet{api.Service: roguePlugin{r: &rogue{mode: mode}}},
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
	os.Exit(0)
}

type roguePlugin struct {
	plugin.NetRPCUnsupportedPlugin
	r *rogue
}

func (p roguePlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	wire.RegisterPluginServer(s, p.r)
	return nil
}

func (p roguePlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

func (r *rogue) Describe(context.Context, *wire.DescribeRequest) (*wire.Description, error) {
	d := api.WriteDescription(describeThing())
	switch r.mode {
	case "nonsense":
		d.Name = "../../etc/passwd"
	case "version":
		d.Api = 99
	case "useless":
		for _, v := range d.Roles {
			v.Protocols[0].Compatible = nil
		}
	case "endless":
		d.Version = strings.Repeat("9", 5<<20)
	case "hangs":
		select {}
	}
	return d, nil
}

func (r *rogue) Operate(g wire.Plugin_OperateServer) error {
	for {
		f, err := g.Recv()
		if err != nil {
			return err
		}
		b := f.GetBegin()
		if b == nil {
			continue
		}
		if r.mode == "deaf" {
			fetch := &wire.Step{N: 1, Body: &wire.Step_Fetch{Fetch: &wire.Fetch{Address: b.GetLeased()[0].GetId(), Method: "GET", Path: "/"}}}
			err := g.Send(&wire.PluginFrame{Operation: f.GetOperation(), Body: &wire.PluginFrame_Steps{Steps: &wire.Steps{Steps: []*wire.Step{fetch}}}})
			<-g.Context().Done()
			return err
		}
		for _, out := range r.frames(f.GetOperation(), b) {
			if err := g.Send(out); err != nil {
				return err
			}
		}
	}
}

// frames is what the rogue answers to a begin.
func (r *rogue) frames(n uint64, b *wire.Begin) []*wire.PluginFrame {
	steps := func(list ...*wire.Step) []*wire.PluginFrame {
		return []*wire.PluginFrame{{Operation: n, Body: &wire.PluginFrame_Steps{Steps: &wire.Steps{Steps: list}}}}
	}
	result := &wire.Step{N: 1, Body: &wire.Step_Result{Result: &wire.Outcome{Result: &wire.Result{}}}}
	write := func(change func(*wire.Instance)) []*wire.PluginFrame {
		i := b.GetLeased()[0]
		change(i)
		result.N = 2
		return steps(&wire.Step{N: 1, Body: &wire.Step_Update{Update: &wire.Update{Writes: []*wire.Instance{i}}}}, result)
	}
	switch r.mode {
	case "stubborn":
		if b.GetCall().GetOperation() == "HOLD" {
			var path string
			_ = json.Unmarshal(b.GetCall().GetArgs(), &path)
			held, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return nil
			}
			go func() { _, _ = io.Copy(io.Discard, neverEnds{}); held.Close() }()
		}
		return steps(result)
	case "twice":
		return append(steps(result), steps(result)...)
	case "forged":
		out := steps(result)
		out[0].Operation = n + 1000
		return out
	case "zero":
		out := steps(result)
		out[0].Operation = 0
		return out
	case "oversize":
		return steps(&wire.Step{N: 1, Body: &wire.Step_Send{Send: []byte(`"` + strings.Repeat("x", 5<<20) + `"`)}})
	case "no-steps":
		return steps()
	case "no-body":
		return steps(&wire.Step{N: 1})
	case "empty-frame":
		return []*wire.PluginFrame{{Operation: n}}
	case "number-two":
		result.N = 2
		return steps(result)
	case "riding-end":
		return steps(&wire.Step{N: 1, Body: &wire.Step_Send{Send: []byte("1")}})
	case "asking-middle":
		result.N = 2
		return steps(&wire.Step{N: 1, Body: &wire.Step_Recv{Recv: &wire.Recv{}}}, result)
	case "not-json":
		return write(func(i *wire.Instance) { i.State = []byte("{\x00}") })
	case "bad-id":
		return write(func(i *wire.Instance) { i.Id = "../" + i.Id })
	case "foreign-class":
		return write(func(i *wire.Instance) { i.Class = "payment-card" })
	case "nul":
		return write(func(i *wire.Instance) { i.Status = "do\x00ne" })
	case "key-name":
		return write(func(i *wire.Instance) { i.Keys["a\nb"] = "v" })
	case "key":
		return write(func(i *wire.Instance) { i.Keys["serial"] = "a\nb" })
	case "name":
		return write(func(i *wire.Instance) { i.Name = "two\nlines" })
	case "path":
		return steps(&wire.Step{N: 1, Body: &wire.Step_Fetch{Fetch: &wire.Fetch{Address: b.GetLeased()[0].GetId(), Method: "GET", Path: "/a\nb"}}})
	case "header":
		return steps(&wire.Step{N: 1, Body: &wire.Step_Fetch{Fetch: &wire.Fetch{
			Address: b.GetLeased()[0].GetId(), Method: "GET", Path: "/", Header: map[string]string{"X-Order": "a\nb"},
		}}})
	case "get":
		return steps(&wire.Step{N: 1, Body: &wire.Step_Get{Get: "../" + b.GetLeased()[0].GetId()}})
	case "address":
		return steps(&wire.Step{N: 1, Body: &wire.Step_Fetch{Fetch: &wire.Fetch{Address: "../" + b.GetLeased()[0].GetId(), Method: "GET", Path: "/"}}})
	case "question":
		return steps(&wire.Step{N: 1, Body: &wire.Step_Ask{Ask: &wire.Prompt{Text: "\x1b[2J"}}})
	case "choice":
		return steps(&wire.Step{N: 1, Body: &wire.Step_Ask{Ask: &wire.Prompt{Text: "which?", Choices: []string{"\x1b[2J"}}}})
	case "negative":
		return write(func(i *wire.Instance) { i.Version = -1 })
	case "many-keys":
		return write(func(i *wire.Instance) {
			for k := range 100 {
				i.Keys[fmt.Sprint("k", k)] = "v"
			}
		})
	case "empty-result":
		result.Body = &wire.Step_Result{Result: &wire.Outcome{}}
		return steps(result)
	case "amount":
		result.Body = &wire.Step_Result{Result: &wire.Outcome{Result: &wire.Result{Amount: &wire.Amount{Currency: "CHF", Value: 1 << 60}}}}
		return steps(result)
	}
	return steps(result)
}

// neverEnds blocks its reader for ever.
type neverEnds struct{}

func (neverEnds) Read([]byte) (int, error) { select {} }

func TestFramesThatNoHonestPluginSendsEndIt(t *testing.T) {
	for _, mode := range []string{
		"forged", "zero", "no-steps", "no-body", "empty-frame", "number-two", "riding-end", "asking-middle", "not-json", "bad-id",
		"foreign-class", "nul", "key-name", "negative", "many-keys", "empty-result", "amount",
	} {
		t.Run(mode, func(t *testing.T) {
			b := load(t, newHost(t, nil), source(t, "rogue", mode))
			asked := false
			err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), witness(&asked))
			if fault.KindOf(err) != fault.Unavailable || fault.ReasonOf(err) != "plugin-misbehaved" {
				t.Errorf("error = %v", err)
			}
			if asked {
				t.Error("the frame reached the door")
			}
		})
	}
}

// The text of a key, a name, an id or a question comes from peers as often as not: who lets
// it through has refused that operation, and serves the next one.
func TestATextThatCannotBeOneEndsItsOperationOnly(t *testing.T) {
	for mode, reason := range map[string]fault.Reason{
		"key": "key-malformed", "name": "text-malformed", "path": "text-malformed", "header": "text-malformed",
		"question": "text-malformed", "choice": "text-malformed", "get": "id-malformed", "address": "id-malformed",
	} {
		t.Run(mode, func(t *testing.T) {
			b := load(t, newHost(t, nil), source(t, "rogue", mode))
			for range 3 {
				var end protocol.Step
				err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
					if len(steps) != 1 {
						t.Errorf("%d steps reached the door", len(steps))
					}
					end = steps[0]
					return protocol.Answer{Now: noon, Done: true}, nil
				}))
				if err != nil || end.Kind != protocol.StepResult || fault.KindOf(end.Fault) != fault.Invalid || end.Fault.Reason != reason {
					t.Errorf("error = %v, the step was %+v", err, end)
				}
				if !b.Status().Running {
					t.Fatal("the plugin was ended")
				}
			}
		})
	}
}

func TestTwoFramesInOneTurnEndThePlugin(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "rogue", "twice"))
	p := stepperOf(t, b)
	// The first frame may end the operation before the second one is read; then
	// the second is about nothing and dropped. So the door holds the turn.
	err := p.RunSteps(t.Context(), begin(t, "PLAIN"), untilDead{b})
	if fault.ReasonOf(err) != "plugin-misbehaved" {
		t.Errorf("error = %v", err)
	}
}

func TestAFrameThatIsTooLongEndsThePlugin(t *testing.T) {
	b := load(t, newHost(t, nil), source(t, "rogue", "oversize"))
	asked := false
	err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), witness(&asked))
	if fault.ReasonOf(err) != "plugin-misbehaved" || asked || !strings.Contains(err.Error(), "a frame has up to 4194304 bytes, either way: grpc: received message larger") {
		t.Errorf("error = %v, asked %v", err, asked)
	}
}

// Whoever writes a plugin has only this text: it names the operation, the step and
// what is wrong, once.
func TestAnAuthorIsToldWhichStepIsWrong(t *testing.T) {
	for mode, want := range map[string]string{
		"not-json":      `PLAIN of thing.do at the initiator: step 1: the state of an instance is not JSON`,
		"foreign-class": `PLAIN of thing.do at the initiator: step 1, Update: it wrote an instance of a class that it did not describe`,
		"no-body":       `PLAIN of thing.do at the initiator: step 1: a step of a kind that this version does not know`,
		"number-two":    `PLAIN of thing.do at the initiator: step 2 came where 1 was due, of 1000 at most`,
	} {
		t.Run(mode, func(t *testing.T) {
			b := load(t, newHost(t, nil), source(t, "rogue", mode))
			err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), witness(new(bool)))
			if got := fault.From(err).Error(); !strings.HasSuffix(got, "was ended: "+want) {
				t.Errorf("its author is told %q", got)
			}
		})
	}
}

func TestTheRogueCanBehave(t *testing.T) { // else the tests above prove nothing
	b := load(t, newHost(t, nil), source(t, "rogue", "well"))
	perform(t, b, "PLAIN", nil)
}

// witness is a door that notes that it was asked.
func witness(asked *bool) protocol.Door {
	return doorFunc(func([]protocol.Step) (protocol.Answer, error) {
		*asked = true
		return protocol.Answer{Now: noon, Done: true}, nil
	})
}

// untilDead is a door that answers, with a question for more, when the plugin's
// process has been ended.
type untilDead struct{ bundle *host.Bundle }

func (d untilDead) Exchange(ctx context.Context, _ []protocol.Step) (protocol.Answer, error) {
	for d.bundle.Status().Running && ctx.Err() == nil {
		runtime.Gosched()
	}
	again := protocol.Begin{}
	return protocol.Answer{Now: noon, Rewind: &again}, nil
}
