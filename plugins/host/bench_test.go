//go:build linux

package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// BenchmarkStart is one start with handshake, description and end.
func BenchmarkStart(b *testing.B) {
	h := newHost(b, nil)
	for b.Loop() {
		if _, err := h.Inspect(b.Context(), source(b, "thing")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPlain is an operation without messages: in process, through the door
// alone, and through the door with 32 at once; and what the machine takes for a frame
// there and back on an open stream of gRPC, in which nobody does anything: of the
// door's price that is nothing of ours.
func BenchmarkPlain(b *testing.B) {
	b.Run("bare-frame", bareFrame)
	begun := begin(b, "PLAIN")
	done := doorFunc(func([]protocol.Step) (protocol.Answer, error) { return protocol.Answer{Now: noon, Done: true}, nil })
	b.Run("in-process", func(b *testing.B) {
		for b.Loop() {
			if err := protocol.Run(b.Context(), do{}, begun, done, discard()); err != nil {
				b.Fatal(err)
			}
		}
	})
	p := stepperOf(b, load(b, newHost(b, nil), source(b, "thing")))
	once := func(b *testing.B) {
		if err := p.RunSteps(context.Background(), begun, done); err != nil {
			b.Fatal(err)
		}
	}
	once(b)
	b.Run("alone", func(b *testing.B) {
		var took []time.Duration
		before := cpu(b, p)
		for b.Loop() {
			begun := time.Now()
			once(b)
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
		b.ReportMetric(float64(cpu(b, p)-before)/float64(b.N), "cpu-ns/op")
	})
	b.Run("parallel", func(b *testing.B) {
		before := cpu(b, p)
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				once(b)
			}
		})
		b.ReportMetric(float64(cpu(b, p)-before)/float64(b.N), "cpu-ns/op")
	})
}

// cpu is the time that both processes have spent so far, in nanoseconds.
func cpu(b *testing.B, p protocol.Stepper) int64 {
	var o outcome
	if err := p.RunSteps(context.Background(), begin(b, "CPU"), &o); err != nil {
		b.Fatal(err)
	}
	var there int64
	if err := json.Unmarshal(o.last.Result.Value, &there); err != nil {
		b.Fatal(err)
	}
	return ownCPU() + there
}

func ownCPU() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func bareFrame(b *testing.B) {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{ProtocolVersion: api.Version, MagicCookieKey: api.CookieKey, MagicCookieValue: api.CookieValue},
		Plugins:          plugin.PluginSet{api.Service: bare{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		Cmd:              exec.CommandContext(b.Context(), exe, "plugin", "rogue", "empty-frame"),
		Logger:           hclog.NewNullLogger(),
	})
	defer c.Kill()
	made, err := c.Client()
	if err != nil {
		b.Fatal(err)
	}
	rpc, err := made.Dispense(api.Service)
	if err != nil {
		b.Fatal(err)
	}
	stream, err := rpc.(wire.PluginClient).Operate(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := stream.Send(&wire.HostFrame{Operation: 1, Body: &wire.HostFrame_Begin{Begin: &wire.Begin{}}}); err != nil {
			b.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			b.Fatal(err)
		}
	}
}

// bare gets the service without a host.
type bare struct{ plugin.NetRPCUnsupportedPlugin }

func (bare) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return errors.ErrUnsupported }

func (bare) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return wire.NewPluginClient(c), nil
}
