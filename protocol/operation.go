package protocol

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// operation is the host's half of one running operation. Its code runs on the
// goroutine of live, which is also the only one that changes it; peers reach it
// through its mail.
type operation struct {
	m      *Manager
	id     instrument.OperationID
	req    Execution
	in     installed
	spec   Operation
	digest [32]byte
	seed   []byte
	begun  time.Time

	leased   []instrument.Instance                 // as seen when the leases were taken
	held     map[instrument.ID]instrument.Instance // leased and born here, as of the last flush
	steps    []recorded                            // of this run, and of earlier ones up to flushed
	kept     map[int]recorded                      // answers from outside that a rewind keeps
	outcomes map[int]*fault.Fault
	n        int  // steps taken in this run
	flushed  int  // steps up to here are durable
	row      bool // the operation row is durable
	rewinds  int
	crashes  int
	draft    *instrument.Draft
	updates  []madeUpdate // unflushed, to find out whose key was taken
	mail     *mail
	leave    []func() // places in line

	result  Result
	failure error
	done    chan struct{}
}

// recorded is one step that was taken, and the host's answer if it asked.
type recorded struct {
	kind   StepKind
	digest [32]byte
	answer Answer
	mail   int // messages taken from the peer up to and with this step
}

type madeUpdate struct {
	n   int
	ids []instrument.ID
}

func (m *Manager) newOperation(r Execution) (*operation, error) {
	in, err := m.find(r.Protocol)
	if err != nil {
		return nil, err
	}
	spec, err := m.Lookup(r.Protocol, r.Call.Class, r.Peer.Role, r.Call.Operation)
	if err != nil {
		return nil, err
	}
	if len(r.Call.Args) > 0 && !json.Valid(r.Call.Args) {
		return nil, fault.New(fault.Invalid, "the arguments of %s are not JSON", r.Call.Operation).Because("message-malformed")
	}
	seed := make([]byte, 32)
	if _, err := io.ReadFull(m.parts.Random, seed); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "no random bytes for an operation")
	}
	if r.Principal == "" {
		r.Principal = m.parts.Owner
	}
	return &operation{
		m: m, id: r.ID, req: r, in: in, spec: spec, digest: digestOf(r), seed: seed, begun: m.parts.Clock(),
		held: map[instrument.ID]instrument.Instance{}, kept: map[int]recorded{}, outcomes: map[int]*fault.Fault{},
		mail: newMail(r), done: make(chan struct{}),
	}, nil
}

// live runs the operation to its end. caller bounds only the wait for leases:
// once begun, the operation goes on when its caller hangs up.
func (o *operation) live(caller context.Context) {
	defer o.m.work.Done()
	defer o.close()
	ctx, cancel := context.WithCancel(o.m.life)
	defer cancel()
	if err := o.lease(caller); err != nil {
		o.failure = err
		return
	}
	for {
		err := o.run(ctx)
		switch {
		case err == nil:
			return
		case errors.Is(err, fault.Suspended) || o.m.life.Err() != nil:
			o.failure = fault.New(fault.Unknown, "operation %s was interrupted by a shutdown", Short(o.id)).Because("pending")
			return
		case !o.row && !o.mail.gone():
			o.failure = crashed(err)
			return
		}
		if o.crashes++; o.crashes > 1 {
			o.stuck(err)
			return
		}
		o.m.parts.Log.Warn("the code of an operation died and is run again", "operation", Short(o.id), "protocol", o.in.info.ID, "error", err)
		o.rewind()
	}
}

// run hands the code one Begin after another until it ends or dies.
func (o *operation) run(ctx context.Context) error {
	if s, ok := o.in.protocol.(Stepper); ok {
		return s.RunSteps(ctx, o.beginning(), o)
	}
	return Run(ctx, o.in.protocol, o.beginning(), o, o.m.parts.Log.With("protocol", o.in.info.ID, "operation", Short(o.id)))
}

// beginning is what the code starts from, the first time and after a rewind.
func (o *operation) beginning() Begin {
	o.n = 0
	return Begin{
		Op: o.id, Protocol: o.in.info.ID, Side: o.req.Side, Peer: o.req.Peer, Call: o.req.Call,
		Leased: o.leased, Seed: o.seed, Now: o.begun, Outcomes: o.outcomes, Recorded: len(o.steps),
	}
}

// lease takes the instruments of the call. A read-only operation gets copies
// and holds nothing; shareable instances are read when they are needed.
func (o *operation) lease(ctx context.Context) error {
	im := o.m.parts.Instruments
	if o.spec.ReadOnly {
		for _, id := range o.req.Call.Instruments {
			i, err := im.View(ctx, id)
			if err != nil {
				return err
			}
			o.leased = append(o.leased, i)
		}
		return o.reachable()
	}
	seen, err := im.Lease(ctx, o.id, o.req.Call.Instruments)
	if err != nil {
		return err
	}
	o.leased, o.held = nil, map[instrument.ID]instrument.Instance{}
	for _, i := range seen {
		if im.Exclusive(i.Class) {
			o.leased = append(o.leased, i)
			o.held[i.ID] = i
		}
	}
	o.newDraft()
	return o.reachable()
}

// reachable refuses instruments of classes that are not the bundle's own.
func (o *operation) reachable() error {
	for _, i := range o.leased {
		if !o.in.reach[i.Class] {
			return notReached(o.in.info.ID, i.Class)
		}
	}
	return nil
}

func (o *operation) newDraft() {
	o.draft = o.m.parts.Instruments.NewDraft(o.m.life, o.id)
	for _, i := range o.held {
		o.draft.Hold(i)
	}
	o.updates = nil
}

// close lets everybody see the end.
func (o *operation) close() {
	o.m.parts.Instruments.Release(o.id)
	o.leaveLines()
	o.m.mu.Lock()
	delete(o.m.ops, o.id)
	o.m.mu.Unlock()
	o.mail.close()
	close(o.done)
}

func (o *operation) leaveLines() {
	for _, leave := range o.leave {
		leave()
	}
	o.leave = nil
}

func crashed(err error) error {
	if f := fault.From(err); f.Reason != "" && f.Kind != fault.Internal {
		return f
	}
	return fault.Wrap(err, fault.Unavailable, "the plugin ended in the middle of the operation; nothing has happened").
		Because("plugin-crashed").WithHint("try again; the same --key is fine")
}

func notReached(protocol string, class instrument.ClassID) error {
	return fault.New(fault.Denied, "%s may not reach instruments of class %s", protocol, class).Because("class-not-granted")
}
