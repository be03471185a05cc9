package protocol

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// grace is how much later than the code the caller hears of the deadline.
const grace = time.Second

// Execute runs one side of an operation to its end and returns its result: the
// paper's execute-Transaction. Repeating an id returns the first outcome; the
// same id with another call is a conflict. When ctx ends, or the deadline of an
// operation with a peer has passed, Execute returns fault.Unknown, reason
// ReasonPending, and the operation goes on without its caller.
func (m *Manager) Execute(ctx context.Context, r Execution) (Result, error) {
	o, err := m.begin(ctx, r)
	if err != nil {
		return Result{}, err
	}
	if d := r.Call.Deadline; !d.IsZero() {
		over := time.NewTimer(max(0, d.Sub(m.parts.Clock())) + grace)
		defer over.Stop()
		return o.awaitUntil(ctx, over.C)
	}
	return o.await(ctx)
}

// await waits for the outcome within ctx.
func (o *operation) await(ctx context.Context) (Result, error) { return o.awaitUntil(ctx, nil) }

// awaitUntil waits for the outcome until ctx ends or over fires; then it is ReasonPending.
func (o *operation) awaitUntil(ctx context.Context, over <-chan time.Time) (Result, error) {
	cause := context.DeadlineExceeded
	select {
	case <-o.done:
		return o.result, o.failure
	case <-over:
	case <-ctx.Done():
		cause = ctx.Err()
	}
	select {
	case <-o.done: // both at once: the outcome is known
		return o.result, o.failure
	default:
		return Result{}, fault.Wrap(cause, fault.Unknown, "operation %s has not ended yet%s", Short(o.id), o.mail.why()).
			Because(ReasonPending).WithHint("ask again with the same key, or look at `operation list`")
	}
}

// Serve runs the servicer's side of an operation that a peer begins or resumes with e, and
// returns its end for the peer. When ctx ends first, the fault is ReasonPending and the
// operation goes on: the peer asks again. Executed.Again says that nothing has happened and
// that the same request may be served later.
func (m *Manager) Serve(ctx context.Context, r Execution, e comm.Execute) comm.Executed {
	m.at(PointRequest)
	defer m.at(PointResponse)
	r.ID, r.Side = instrument.OperationID(e.Op), Servicer
	if err := CheckOperationID(r.ID); err != nil {
		return comm.Executed{Op: e.Op, Fault: fault.From(err)}
	}
	r.first, r.heard = e.Msgs, e.Ended
	who, _ := r.countsFor()
	args := r.Call.Args
	if len(e.Call.Args) > len(args) { // the role has replaced them by its own
		args = e.Call.Args
	}
	kept := weightOf(args, r.Offer, r.Payer, e.Msgs, e.Ended)
	if !m.awaiting.take(who, kept) {
		return m.turnedAway(r.ID, kept)
	}
	defer m.awaiting.give(who, kept)
	r.resumes = e.Have > 0 || len(e.Msgs) > 0 && e.Msgs[0].N != 1
	o, err := m.begin(ctx, r)
	if err != nil {
		return comm.Executed{Op: e.Op, Fault: fault.From(err), Again: fault.ReasonOf(err) == ReasonCrowded}
	}
	o.mail.arrived(e.Have, e.Msgs)
	o.relink(r.Link)
	select {
	case <-o.done:
	case <-ctx.Done():
		return comm.Executed{Op: e.Op, Fault: stillAtIt()}
	}
	out := comm.Executed{Op: e.Op, Result: o.result.Value}
	out.Have, out.Msgs = o.mail.durable()
	switch {
	case o.halted: // which is no end: the peer asks again until the operator has decided
		out.Result, out.Fault = nil, fault.New(fault.Unknown, "the other side has stopped the operation, and its operator has to see to it").Because(ReasonPending)
	case o.failure != nil:
		out.Result, out.Fault = nil, forPeer(o.failure)
		out.Again = !o.row && !o.stored && fault.KindOf(o.failure) == fault.Unavailable
	}
	return out
}

// turnedAway answers a request for which there is no room to wait. If its operation runs,
// the answer is ReasonPending. Else it is ReasonCrowded, and the peer may send it again.
func (m *Manager) turnedAway(id instrument.OperationID, bytes int) comm.Executed {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ops[id] != nil {
		return comm.Executed{Op: string(id), Fault: stillAtIt()}
	}
	return comm.Executed{Op: string(id), Fault: crowded("requests that wait here already keep too much for one of %d bytes more", bytes), Again: true}
}

func stillAtIt() *fault.Fault {
	return fault.New(fault.Unknown, "the other side is still at it").Because(ReasonPending)
}

// forPeer is a failure as the peer gets it. What our operator should do about our disk is
// no advice for the people there.
func forPeer(err error) *fault.Fault {
	switch fault.ReasonOf(err) {
	case "store-stopped", "disk-full":
		return fault.New(fault.Unavailable, "the other side can store nothing now, and has done nothing").Because("store-stopped").WithHint("try again later")
	}
	return fault.From(err)
}

// Hear takes messages that a peer sends in the middle of an operation. Those for another
// peer's operation are dropped. Those for an operation that does not run here are kept for
// a while: they may have overtaken the request that begins it.
func (m *Manager) Hear(peer comm.Peer, s comm.Said) {
	m.at(PointMessage)
	m.mu.Lock()
	o := m.ops[instrument.OperationID(s.Op)]
	if o == nil {
		m.early.keep(peer.Key, s)
	}
	m.mu.Unlock()
	if o != nil && o.req.Peer.Key == peer.Key {
		o.mail.arrived(s.Have, s.Msgs)
	}
}

// begin starts an operation, or finds the one that runs under the id. ctx bounds only the
// wait for its leases.
func (m *Manager) begin(ctx context.Context, r Execution) (*operation, error) {
	o, err := m.unbegun(r)
	if err != nil {
		return nil, err
	}
	r = o.req
	m.mu.Lock()
	defer m.mu.Unlock()
	if running := m.ops[r.ID]; running != nil {
		if err := sameCall(running, o); err != nil {
			return nil, err
		}
		m.hearEnds(r.Peer.Key, r.heard)
		if r.Ended != nil {
			running.told = append(running.told, r.Ended)
		}
		return running, nil
	}
	if m.life.Err() != nil {
		return nil, fault.New(fault.Unavailable, "this party is shutting down").Because(ReasonShuttingDown)
	}
	if err := m.crowd.full(r); err != nil {
		return nil, err
	}
	for _, s := range m.early.claim(r.ID, r.Peer.Key) {
		o.mail.arrived(s.Have, s.Msgs)
	}
	o.mail.arrived(0, r.first)      // before the code runs, so that it does not wait for them
	m.hearEnds(r.Peer.Key, r.heard) // before its first commit, which takes them along
	m.ops[r.ID] = o
	m.crowd.enter(o)
	o.req.first, o.req.heard = nil, nil // they are not needed any more
	m.work.Add(1)
	m.hands.Run(m.life, func() { o.live(ctx) })
	return o, nil
}

// unbegun makes the operation that r describes, without starting it. Its caller finds out
// whether one runs under the same id already.
func (m *Manager) unbegun(r Execution) (*operation, error) {
	if r.Side == "" {
		r.Side = Initiator
	}
	if r.Principal == "" {
		r.Principal = m.parts.Owner
	}
	fresh := r.ID == ""
	if fresh {
		var err error
		if r.ID, err = NewOperationID(m.parts.Random); err != nil {
			return nil, err
		}
	}
	o, err := m.newOperation(r)
	if err != nil {
		return nil, err
	}
	o.fresh = fresh
	if r.Side == Initiator {
		err = o.spec.fits(r.Call)
	}
	return o, err
}

// Spawn runs f on a goroutine that Close waits for; false when the party is closing.
func (m *Manager) Spawn(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.life.Err() != nil {
		return false
	}
	m.work.Go(f)
	return true
}

// sameCall refuses a repetition whose content differs from what runs under its id.
func sameCall(running, repeated *operation) error {
	r, a := running.req, repeated.req
	before, err := running.digest()
	if err != nil {
		return err
	}
	now, err := repeated.digest()
	if err != nil {
		return err
	}
	if before != now || r.Peer.Key != a.Peer.Key || r.Principal != a.Principal {
		return keyReused(running.id)
	}
	return nil
}

func keyReused(id instrument.OperationID) error {
	return fault.New(fault.Conflict, "operation %s was begun with other content", Short(id)).
		Because(ReasonKeyReused).WithHint("use another --key for another operation")
}

// hearEnds notes the operations whose end a peer says that it has stored.
func (m *Manager) hearEnds(peer string, ids []string) {
	for _, id := range ids[:min(len(ids), maxEndsFrame)] {
		if id := instrument.OperationID(id); peer != "" && CheckOperationID(id) == nil {
			m.chores.add(chore{peer, func(w Writer) error { return w.Heard(peer, id) }})
		}
	}
}
