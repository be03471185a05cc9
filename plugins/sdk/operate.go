package sdk

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// Operate carries all operations of this process's life. A host that breaks the
// turns loses the stream.
func (s *server) Operate(g wire.Plugin_OperateServer) error {
	// go-plugin sends both through the connection, and the last words of a
	// process would be lost with it. No code of the author runs yet.
	os.Stdout, os.Stderr = s.stderr, s.stderr
	o := &operations{server: s, stream: g, doors: map[uint64]*door{}, gone: make(chan struct{}), hands: protocol.NewHands()}
	defer close(o.gone) // wakes what waits for an answer
	for {
		frame, err := g.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := o.take(g.Context(), frame); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
	}
}

// operations is the plugin's table of what runs, by the host's numbers.
type operations struct {
	server *server
	stream wire.Plugin_OperateServer
	gone   chan struct{}
	hands  protocol.Hands

	sending sync.Mutex // one frame at a time
	mu      sync.Mutex
	doors   map[uint64]*door
}

// take handles one frame; only the reading goroutine calls it.
func (o *operations) take(ctx context.Context, f *wire.HostFrame) error {
	n := f.GetOperation()
	if b, ok := f.GetBody().(*wire.HostFrame_Begin); ok {
		return o.begin(ctx, n, b.Begin)
	}
	o.mu.Lock()
	d := o.doors[n]
	o.mu.Unlock()
	if d == nil {
		return nil // its code died here and the host did not know yet
	}
	switch b := f.GetBody().(type) {
	case *wire.HostFrame_Part:
		if len(d.parts)+len(b.Part) > api.MaxResponse {
			return fault.New(fault.Invalid, "a response is longer than %d bytes", api.MaxResponse)
		}
		d.parts = append(d.parts, b.Part...)
		return nil
	case *wire.HostFrame_Answer:
		a, err := api.ReadAnswer(b.Answer, d.parts)
		if err != nil {
			return err
		}
		d.parts = nil
		select {
		case d.answers <- a:
			return nil
		default:
			return fault.New(fault.Invalid, "a second answer before the next steps")
		}
	}
	return fault.New(fault.Invalid, "a frame of a kind that this version does not know")
}

func (o *operations) begin(ctx context.Context, n uint64, w *wire.Begin) error {
	b, role, err := api.ReadBegin(w)
	if err != nil {
		return err
	}
	d := &door{operations: o, n: n, role: role, name: b.Protocol + " " + b.Call.Operation, answers: make(chan protocol.Answer, 1), ahead: o.server.ahead(role, b)}
	o.mu.Lock()
	taken := o.doors[n] != nil
	if !taken {
		o.doors[n] = d
	}
	o.mu.Unlock()
	if taken {
		return fault.New(fault.Invalid, "operation %d begins twice", n)
	}
	o.hands.Run(ctx, func() { o.run(ctx, role, b, d) })
	return nil
}

// run runs the author's half. The end of an operation needs no frame: the last
// answer was its end. Only code that died says so.
func (o *operations) run(ctx context.Context, role comm.Role, b protocol.Begin, d *door) {
	var err error
	if p := o.server.protocols[protocolView{role, b.Protocol}]; p == nil {
		err = fault.New(fault.Unsupported, "there is no protocol %q for a %s in this plugin", b.Protocol, role).Because("protocol-unknown")
	} else {
		err = protocol.Run(ctx, p, b, d, o.server.logOf(b))
	}
	o.mu.Lock()
	delete(o.doors, d.n)
	o.mu.Unlock()
	if err == nil || d.over {
		return
	}
	o.server.log.Error("an operation died", "protocol", b.Protocol, "operation", b.Call.Operation, "error", err.Error())
	// A stream that is gone tells the host more than this frame would.
	_ = o.send(&wire.PluginFrame{Operation: d.n, Body: &wire.PluginFrame_Crash{Crash: api.WriteFault(fault.From(err))}})
}

func (o *operations) send(f *wire.PluginFrame) error {
	if size := proto.Size(f); size > api.MaxFrame {
		return fault.New(fault.Invalid, "the steps of an operation make a frame of %d bytes; %d are allowed", size, api.MaxFrame).Because("frame-too-large")
	}
	o.sending.Lock()
	defer o.sending.Unlock()
	return o.stream.Send(f)
}

// door is the host as one operation reaches it.
type door struct {
	operations *operations
	n          uint64
	role       comm.Role
	name       string // of protocol and operation, for the log
	answers    chan protocol.Answer
	parts      []byte // of the response that is coming; the reading goroutine's
	over       bool   // the host knows that the run has ended
	ahead      *ahead
}

// Reaches reports whether a class is one of the bundle, as it is described for this
// role: the host ends whoever asks for another.
func (d *door) Reaches(class instrument.ClassID) bool {
	return d.operations.server.classes[classView{d.role, class}] != nil
}

// Exchange implements protocol.Door.
func (d *door) Exchange(_ context.Context, steps []protocol.Step) (protocol.Answer, error) {
	d.operations.server.logDefect(steps[len(steps)-1].Fault, "in", d.name)
	if err := d.fit(steps); err != nil {
		return protocol.Answer{}, err
	}
	frame := api.WriteSteps(steps)
	frame.Allowed = d.ahead.allowed(steps)
	if err := d.operations.send(&wire.PluginFrame{Operation: d.n, Body: &wire.PluginFrame_Steps{Steps: frame}}); err != nil {
		return protocol.Answer{}, err
	}
	select {
	case a := <-d.answers:
		d.ahead.learnAnswer(a)
		last := steps[len(steps)-1].Kind == protocol.StepResult
		d.over = a.Done || a.Suspended || last && a.Rewind == nil
		return a, nil
	case <-d.operations.gone:
		d.over = true
		return protocol.Answer{}, fault.New(fault.Suspended, "the host is gone")
	}
}
