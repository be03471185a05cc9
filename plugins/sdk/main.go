package sdk

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
)

// Main is the whole main function of a plugin. It does not return.
func Main(b Bundle) {
	if err := Serve(b); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(0)
}

// gcPercent lets the heap grow to five times what lives before it is collected. A
// plugin keeps almost nothing between operations: with Go's own setting it
// collects many times a second under load, to save a few megabytes.
const gcPercent = 400

// Serve serves a bundle in this process until the host asks it to end; when the
// host dies the process exits at once. It fails when the process was not
// started by a host, or when the bundle describes itself wrongly. A program
// that carries bundles of its own calls it first thing, before anything is
// written to the standard output.
func Serve(b Bundle) error {
	if os.Getenv(api.CookieKey) != api.CookieValue {
		return fmt.Errorf("%s is a plugin for a wallet and does nothing by itself.\n"+
			"Add it with \"swaperoo plugin add PATH\"; the wallet starts it when it is needed", b.Name)
	}
	d := Describe(b)
	if err := d.Check(); err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	stderr := os.Stderr // go-plugin replaces the variable
	log := newLog(stderr, b.Name)
	go exitWithHost(os.Stdin)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{ProtocolVersion: api.Version, MagicCookieKey: api.CookieKey, MagicCookieValue: api.CookieValue},
		Plugins:         plugin.PluginSet{api.Service: &served{server: newServer(b, d, log, stderr)}},
		GRPCServer:      newGRPC,
		Logger:          hclog.New(&hclog.LoggerOptions{Name: b.Name, Level: hclog.Warn, Output: stderr, JSONFormat: true}),
	})
	return nil
}

// exitWithHost ends the process when its standard input does: the host holds
// the other end and writes nothing.
func exitWithHost(stdin io.Reader) {
	_, _ = io.Copy(io.Discard, stdin)
	os.Exit(0)
}

func newGRPC(opts []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(opts,
		grpc.MaxRecvMsgSize(api.MaxMessage), grpc.MaxSendMsgSize(api.MaxMessage),
		grpc.InitialWindowSize(api.Window), grpc.InitialConnWindowSize(api.Window),
	)...)
}

// served gives the service to go-plugin.
type served struct {
	plugin.NetRPCUnsupportedPlugin
	server *server
}

func (s *served) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	wire.RegisterPluginServer(g, s.server)
	return nil
}

func (s *served) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("this is the plugin's side")
}

// newLog writes JSON lines in the keys that the host reads.
func newLog(w io.Writer, name string) *slog.Logger {
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: hostKeys})
	return slog.New(h).With("@module", name)
}

func hostKeys(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		return slog.String("@timestamp", a.Value.Time().Format("2006-01-02T15:04:05.000000Z07:00"))
	case slog.LevelKey:
		return slog.String("@level", levelWord(a.Value.Any()))
	case slog.MessageKey:
		a.Key = "@message"
	}
	return a
}

func levelWord(v any) string {
	level, _ := v.(slog.Level)
	switch {
	case level < slog.LevelInfo:
		return "debug"
	case level < slog.LevelWarn:
		return "info"
	case level < slog.LevelError:
		return "warn"
	}
	return "error"
}
