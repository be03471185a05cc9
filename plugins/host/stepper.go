package host

import (
	"cmp"
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// stepper is the protocol.Stepper of a plugin's protocol.
type stepper struct {
	bundle  *Bundle
	role    comm.Role
	view    api.ProtocolView
	granted grants
}

func newStepper(b *Bundle, v api.RoleView, p api.ProtocolView) *stepper {
	return &stepper{bundle: b, role: v.Role, view: p, granted: grantsOf(v, p)}
}

// Info implements protocol.Protocol.
func (p *stepper) Info() protocol.Info { return p.view.Info }

// CompatibleWith implements protocol.Protocol.
func (p *stepper) CompatibleWith(class instrument.ClassID) bool {
	_, ok := p.compatible(class)
	return ok
}

// Operations implements protocol.Protocol.
func (p *stepper) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	c, _ := p.compatible(class)
	for _, o := range c.Offered {
		if o.Peer == peer {
			return o.Operations
		}
	}
	return nil
}

func (p *stepper) compatible(class instrument.ClassID) (api.Compatible, bool) {
	for _, c := range p.view.Compatible {
		if c.Class == class {
			return c, true
		}
	}
	return api.Compatible{}, false
}

// DoOperation implements protocol.Protocol, and refuses: the code is in another
// process and takes a door, see RunSteps.
func (p *stepper) DoOperation(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
	return protocol.Result{}, fault.New(fault.Internal, "%s runs in a plugin and takes steps, not a session", p.view.Info.ID)
}

// RunSteps implements protocol.Stepper. Nil means that the result is final. The error is
// fault.Unavailable if the plugin died or was ended on the way, and fault.Internal if only this
// operation's code crashed; both reasons begin with "plugin-". When ctx ends, the plugin is told to
// forget the operation, and the error is that of ctx.
func (p *stepper) RunSteps(ctx context.Context, b protocol.Begin, d protocol.Door) error {
	for _, i := range b.Leased {
		if !p.granted.has(i.Class) {
			return fault.New(fault.Denied, "%s may not see a %s", p.view.Info.ID, i.Class).Because("class-not-granted")
		}
	}
	b.Ahead = p.granted.ahead(b.Ahead)
	l, err := p.bundle.life(ctx)
	if err != nil {
		return err
	}
	o, err := l.table.add(culprit{op: b.Op, peer: cmp.Or(b.Peer.Key, b.Peer.Name)})
	if err != nil {
		return err
	}
	r := &run{stepper: p, operation: b.Call.Operation, side: b.Side, life: l, row: o, door: d, ahead: b.Ahead}
	if err := l.table.say(ctx, o, &wire.HostFrame{Operation: o.n, Body: &wire.HostFrame_Begin{Begin: api.WriteBegin(b, p.role)}}); err != nil {
		l.table.remove(o)
		return err
	}
	for {
		if over, err := r.turn(ctx); over || err != nil {
			return err
		}
	}
}

// run is one operation on its way through the door.
type run struct {
	*stepper
	operation string // its name
	side      protocol.Side
	life      *life
	row       *operation
	door      protocol.Door
	seen      int             // number of the last step
	ahead     *protocol.Ahead // the answer to the next step, if it is that one
}

// turn takes the plugin's steps to the door and the answer back.
func (r *run) turn(ctx context.Context) (over bool, err error) {
	t := r.life.table
	frame, err := t.hear(ctx, r.row)
	if err != nil {
		t.abandon(r.row)
		return false, err
	}
	if crash, ok := frame.GetBody().(*wire.PluginFrame_Crash); ok {
		t.remove(r.row)
		return false, r.died(crash.Crash)
	}
	steps, err := r.granted.read(frame.GetSteps(), r.seen, r.ahead)
	if err != nil {
		r.life.misbehaved(fault.New(fault.Invalid, "%s of %s at the %s: %s", r.operation, r.view.Info.ID, r.side, fault.From(err).Message))
		return false, r.life.over()
	}
	r.life.allowed.add(frame.GetSteps().GetAllowed())
	answer, last, err := r.exchange(ctx, steps)
	if err != nil {
		t.remove(r.row)
		go t.suspend(r.row.n)
		return false, err
	}
	answer = r.granted.filter(answer)
	r.seen, r.ahead = last.N, answer.Ahead
	if answer.Rewind != nil {
		r.seen, r.ahead = 0, answer.Rewind.Ahead
	}
	over = answer.Done || answer.Suspended || last.Kind == protocol.StepResult && answer.Rewind == nil
	if over {
		t.remove(r.row)
	}
	if err := r.answer(ctx, answer); err != nil && !over { // an end counts even if the plugin does not hear of it
		t.remove(r.row)
		go t.suspend(r.row.n)
		return false, err
	}
	return over, r.outcome(over, answer)
}

// exchange takes steps to the door, and returns the last one that was taken, with its answer. A step
// that was answered ahead is taken alone: if it ends the run, those after it are not taken.
func (r *run) exchange(ctx context.Context, steps []protocol.Step) (protocol.Answer, protocol.Step, error) {
	if first := steps[0]; len(steps) > 1 && r.ahead.Answers(first) {
		a, err := r.door.Exchange(ctx, steps[:1])
		if err != nil || a.Rewind != nil || a.Suspended || a.Done {
			return a, first, err
		}
		if !r.ahead.Is(a) {
			return a, first, fault.New(fault.Internal, "the host answers step %d of %s otherwise than it has told its code", first.N, r.operation).Because("ahead-differs")
		}
		steps = steps[1:]
	}
	a, err := r.door.Exchange(ctx, steps)
	return a, steps[len(steps)-1], err
}

// outcome is the end of a run as RunSteps returns it.
func (r *run) outcome(over bool, a protocol.Answer) error {
	switch {
	case !over:
		return nil
	case a.Suspended:
		return fault.New(fault.Suspended, "the operation was suspended")
	case a.Done:
		r.bundle.wentWell()
		return nil
	case a.Fault != nil:
		return a.Fault
	}
	return nil
}

// answer sends an answer. A long response goes ahead of it in parts, so that other
// operations have their turn at the stream in between.
func (r *run) answer(ctx context.Context, a protocol.Answer) error {
	if a.Response != nil && len(a.Response.Body) > api.PartSize {
		response := *a.Response
		for len(response.Body) > api.PartSize {
			part := &wire.HostFrame{Operation: r.row.n, Body: &wire.HostFrame_Part{Part: response.Body[:api.PartSize]}}
			if err := r.life.table.send(ctx, part); err != nil {
				return err
			}
			response.Body = response.Body[api.PartSize:]
		}
		a.Response = &response
	}
	return r.life.table.say(ctx, r.row, &wire.HostFrame{Operation: r.row.n, Body: &wire.HostFrame_Answer{Answer: api.WriteAnswer(a)}})
}

// died is the error for a crash of this operation's code alone: the process lives on.
func (r *run) died(w *wire.Fault) error {
	f := cleaned(api.ReadFault(w))
	if f.Reason == protocol.ReasonCrashed {
		r.bundle.crashed(r.row.who, f.Message)
	}
	return f
}
