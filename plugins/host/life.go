package host

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// How long each step of an end may take before the next, harder one.
const (
	patience     = 2 * time.Second
	healthAnswer = 2 * time.Second
)

// life is one run of a plugin's process, from its start to its end.
type life struct {
	o           *Options
	log         *slog.Logger
	sha256      string
	stamp       *Stamp
	description api.Description
	started     time.Time

	client  *plugin.Client
	bridge  *bridge
	process *process
	tail    *tail
	conn    *grpc.ClientConn
	rpc     wire.PluginClient
	table   *table
	allowed allowances

	failing sync.Once
	done    chan struct{} // closed when no user may rely on the life any more
	cause   *fault.Fault  // why; read after done
	victims []culprit     // the operations that ran then; read after done
	ending  sync.Once
}

// reasonStart marks a program that, when it was started, ended or did not speak as a plugin.
const reasonStart fault.Reason = "plugin-start"

// startLife starts the binary of s, takes the handshake and gets the description; if s has one, both
// must be equal. The end of what the program writes is kept in t.
func (h *Host) startLife(wanted context.Context, s Source, t *tail) (*life, error) {
	ctx, cancel := context.WithTimeout(wanted, h.o.Start)
	defer cancel()
	binary, err := s.open()
	if err != nil {
		return nil, err
	}
	l := &life{o: &h.o, sha256: binary.sha256, stamp: binary.stamp, started: h.o.Clock(), tail: t, done: make(chan struct{}), log: h.o.Log}
	if s.Description != nil {
		l.log = l.log.With("bundle", s.Description.Name)
	}
	if err := l.handshake(ctx, h.dir.path, s, binary.file); err != nil {
		binary.file.Close()
		return nil, l.stillborn(wanted, ctx, err)
	}
	if err := l.meet(ctx, s); err != nil {
		return nil, l.stillborn(wanted, ctx, err)
	}
	go l.watch(h.o.Health)
	return l, nil
}

// stillborn ends a start that has failed, or that is not wanted any more because wanted was
// cancelled. The second is not logged: people look into the log for programs that fail. ctx is
// wanted with the time limit of a start.
func (l *life) stillborn(wanted, ctx context.Context, err error) error {
	l.fail(fault.Wrap(err, fault.Unavailable, "the plugin did not start").Because(reasonStart))
	l.kill()
	if said, ok := errors.AsType[*fault.Fault](err); ok { // it says enough
		return said
	}
	if errors.Is(wanted.Err(), context.Canceled) {
		return closing()
	}
	l.tail.tell(l.log, "a plugin did not start", "error", err.Error())
	within := ""
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		within = " within " + l.o.Start.String()
	}
	return fault.Wrap(err, fault.Unavailable, "the plugin did not start%s", within).Because(reasonStart).
		WithHint("the log says what it wrote before it ended")
}

// handshake starts the process and connects to it.
func (l *life) handshake(ctx context.Context, dir string, s Source, binary *os.File) error {
	says := newPaced(l.log, l.o.Clock)
	text := &printed{slog.New(says), l.tail}
	l.bridge = newBridge(l.log)
	l.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{ProtocolVersion: api.Version, MagicCookieKey: api.CookieKey, MagicCookieValue: api.CookieValue},
		Plugins:          plugin.PluginSet{api.Service: connection{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     l.o.Start,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: dir},
		Logger:           l.bridge,
		SyncStdout:       text,
		SyncStderr:       text,
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, private string) (runner.Runner, error) {
			p := &process{bound: ctx, source: s, binary: binary, dir: private, says: says, tail: l.tail}
			if err := p.prepare(append(cmd.Env, l.o.processors()...)); err != nil {
				return nil, err
			}
			l.process = p
			return p, nil
		},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(api.MaxMessage), grpc.MaxCallSendMsgSize(api.MaxMessage)),
			grpc.WithInitialWindowSize(api.Window), grpc.WithInitialConnWindowSize(api.Window),
		},
	})
	made, err := l.client.Client()
	if err != nil {
		return err
	}
	raw, err := made.Dispense(api.Service)
	if err != nil {
		return err
	}
	l.process.release()
	l.conn = raw.(*grpc.ClientConn)
	l.rpc = wire.NewPluginClient(l.conn)
	return nil
}

// meet gets the plugin's description and opens the stream of its operations.
func (l *life) meet(ctx context.Context, s Source) error {
	said, err := l.rpc.Describe(ctx, &wire.DescribeRequest{})
	if err != nil {
		return err
	}
	l.description = api.ReadDescription(said)
	if err := l.description.Check(); err != nil {
		return err
	}
	if s.Description != nil && !proto.Equal(api.WriteDescription(*s.Description), api.WriteDescription(l.description)) {
		return fault.New(fault.Denied, "%s describes itself in another way than when it was added", s.Description.Name).
			Because("plugin-differs").WithHint("remove the plugin and add it again")
	}
	if s.Description == nil {
		l.log = l.log.With("bundle", l.description.Name)
	}
	if l.table, err = openTable(ctx, l); err != nil {
		return err
	}
	go l.table.read()
	return nil
}

// watch checks the plugin's health until its life is over. A missed answer is followed by a second
// check at once: the machine may have been busy.
func (l *life) watch(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-l.process.exited:
			l.fail(l.crashed())
			return
		case <-tick.C:
			if ok := l.healthy(); ok || l.healthy() {
				continue
			}
			l.hung("it gives no sign of life")
			return
		}
	}
}

func (l *life) healthy() bool {
	ctx, cancel := context.WithTimeout(context.Background(), min(healthAnswer, l.o.Health))
	defer cancel()
	r, err := grpc_health_v1.NewHealthClient(l.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: plugin.GRPCServiceName})
	return err == nil && r.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING
}

// hung ends a plugin that does nothing, or too much; why says which. of are the operations in which it
// does so, if they are known.
func (l *life) hung(why string, of ...culprit) {
	l.fail(fault.New(fault.Unavailable, "the plugin %s was ended: %s", l.description.Name, why).Because(protocol.ReasonHung), of...)
}

// misbehaved ends a plugin that sent what no honest one sends.
func (l *life) misbehaved(err error) {
	l.log.Error("a plugin broke the rules of its door and is ended", "why", err.Error())
	l.fail(fault.New(fault.Unavailable, "the plugin %s broke the rules of its door and was ended: %s", l.description.Name, fault.From(err).Message).
		Because("plugin-misbehaved").WithHint("tell its author"))
}

// fail declares the life over, and wakes everybody who waits for the plugin. The first cause counts.
// The supervisor ends the process then. Without culprits, all operations that run count as such.
func (l *life) fail(cause *fault.Fault, of ...culprit) {
	l.failing.Do(func() {
		l.cause = cause
		if l.table != nil {
			if l.victims = of; of == nil {
				l.victims = l.table.running()
			}
			l.table.close()
		}
		close(l.done)
	})
}

func (l *life) isOver() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// over waits for the end of a life that has failed and gives its cause.
func (l *life) over() *fault.Fault {
	<-l.done
	return l.cause
}

func (l *life) crashed() *fault.Fault {
	return fault.New(fault.Unavailable, "the plugin %s ended in the middle", l.description.Name).Because(protocol.ReasonCrashed).
		WithHint("it is started again with the next operation")
}

// end ends the process: by a request, then by SIGTERM, then by SIGKILL. Each step waits for at most
// patience; when ctx ends, only the last is left.
func (l *life) end(ctx context.Context) {
	l.fail(closing())
	asked, cancel := context.WithTimeout(ctx, patience)
	// The name of go-plugin's own method; its empty messages are protobuf's.
	_ = l.conn.Invoke(asked, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
	if l.process.gone(asked) {
		cancel()
		l.kill()
		return
	}
	cancel()
	terminate(l.process.pid)
	asked, cancel = context.WithTimeout(ctx, patience)
	l.process.gone(asked)
	cancel()
	l.kill()
}

// kill ends the process group now and frees everything.
func (l *life) kill() {
	l.ending.Do(func() {
		if l.process == nil {
			return
		}
		_ = l.process.Kill(context.Background())
		l.process.drain(patience)
		if l.conn != nil {
			_ = l.conn.Close()
		}
		// This frees go-plugin's goroutines. With the process gone it should return;
		// our own end does not depend on it.
		freed := make(chan struct{})
		go func() {
			defer close(freed)
			l.client.Kill()
		}()
		select {
		case <-freed:
		case <-time.After(patience):
			l.log.Warn("go-plugin did not let go of a plugin that has ended")
		}
		l.bridge.end()
		l.process.discard()
	})
}

// connection gets the connection out of go-plugin.
type connection struct{ plugin.NetRPCUnsupportedPlugin }

func (connection) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this is the host's side")
}

func (connection) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}
