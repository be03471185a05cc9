package sdk

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// maxQuestions bounds the questions to classes that are answered at once: a
// class that hangs must not fill the process with goroutines.
const maxQuestions = 128

// server answers the host.
type server struct {
	wire.UnimplementedPluginServer
	description *wire.Description
	classes     map[classView]instrument.Class
	protocols   map[protocolView]protocol.Protocol
	questions   chan struct{}
	log         *slog.Logger
	logs        sync.Map // *slog.Logger of an operation, by protocol and name: to make one costs as much as a step
	stderr      *os.File // of the process
}

type classView struct {
	role comm.Role
	id   instrument.ClassID
}

type protocolView struct {
	role comm.Role
	id   string
}

func newServer(b Bundle, d api.Description, log *slog.Logger, stderr *os.File) *server {
	s := &server{
		description: api.WriteDescription(d),
		classes:     map[classView]instrument.Class{},
		protocols:   map[protocolView]protocol.Protocol{},
		questions:   make(chan struct{}, maxQuestions),
		log:         log,
		stderr:      stderr,
	}
	for _, role := range api.Roles() {
		for _, c := range b.classes(role) {
			s.classes[classView{role, c.Info().ID}] = c
		}
		for _, p := range b.protocols(role) {
			s.protocols[protocolView{role, p.Info().ID}] = p
		}
	}
	return s
}

func (s *server) Describe(context.Context, *wire.DescribeRequest) (*wire.Description, error) {
	return s.description, nil
}

func (s *server) Check(_ context.Context, r *wire.CheckRequest) (*wire.CheckAnswer, error) {
	class, done, err := s.ask(r.GetRole(), r.GetClass())
	if err != nil {
		return nil, err
	}
	defer done()
	before, err := optional(r.GetOld())
	if err != nil {
		return nil, err
	}
	after, err := optional(r.GetNew())
	if err != nil {
		return nil, err
	}
	refusal, err := s.guard("Check", func() error { return class.Check(before, after) })
	return &wire.CheckAnswer{Refusal: api.WriteFault(refusal)}, err
}

func (s *server) Prefer(_ context.Context, r *wire.PreferRequest) (*wire.PreferAnswer, error) {
	class, done, err := s.ask(r.GetRole(), r.GetClass())
	if err != nil {
		return nil, err
	}
	defer done()
	amount, err := api.ReadAmount(r.GetAmount())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	circumstances := instrument.Circumstances{
		Device: r.GetDevice(), Connectivity: r.GetConnectivity(), Amount: amount, Preferences: r.GetPreferences(),
	}
	var chosen string
	refusal, err := s.guard("Prefer", func() (err error) {
		chosen, err = class.Prefer(r.GetProtocols(), circumstances)
		return err
	})
	return &wire.PreferAnswer{Protocol: chosen, Refusal: api.WriteFault(refusal)}, err
}

// ask finds a class and takes a place among the questions.
func (s *server) ask(role, id string) (instrument.Class, func(), error) {
	class, ok := s.classes[classView{comm.Role(role), instrument.ClassID(id)}]
	if !ok {
		return nil, nil, status.Errorf(codes.NotFound, "there is no class %q for a %q here", id, role)
	}
	select {
	case s.questions <- struct{}{}:
		return class, func() { <-s.questions }, nil
	default:
		return nil, nil, status.Error(codes.ResourceExhausted, "too many questions are waiting for an answer")
	}
}

// guard runs a class's code. What it returns is a refusal; a panic is an error
// of the call.
func (s *server) guard(what string, f func() error) (refusal *fault.Fault, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("a class crashed", "in", what, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = status.Errorf(codes.Internal, "%s crashed", what)
		}
	}()
	refusal = fault.From(f())
	s.logDefect(refusal, "in", what)
	return refusal, nil
}

// logOf is the log for an operation of a protocol that is here. The host calls only those that a
// protocol lists, so they are few.
func (s *server) logOf(b protocol.Begin) *slog.Logger {
	key := [2]string{b.Protocol, b.Call.Operation}
	log, ok := s.logs.Load(key)
	if !ok {
		log, _ = s.logs.LoadOrStore(key, s.log.With("protocol", b.Protocol, "operation", b.Call.Operation))
	}
	return log.(*slog.Logger)
}

// logDefect logs the cause of a defect, such as an error of the author's that is no fault: the
// cause does not pass the door.
func (s *server) logDefect(f *fault.Fault, where ...any) {
	if f != nil && f.Kind == fault.Internal && f.Unwrap() != nil {
		s.log.Error("the plugin's code met a defect", append(where, "error", f.Error())...)
	}
}

func optional(w *wire.Instance) (*instrument.Instance, error) {
	if w == nil {
		return nil, nil
	}
	i, err := api.ReadInstance(w)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &i, nil
}
