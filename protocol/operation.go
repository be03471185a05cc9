package protocol

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// operation is the host's half of one running operation. Its code runs on the goroutine of
// live, and only that goroutine changes it. Peers reach it through its mail.
type operation struct {
	// What it is: fixed when it begins.
	m       *Manager
	id      instrument.OperationID
	fresh   bool // the id was made for this run: nobody has used it before
	resumed bool // an earlier life has begun it
	req     Execution
	in      installed
	spec    Operation
	sum     sum
	seed    []byte
	begun   time.Time
	mail    *mail

	// The run of its code.
	leased   []instrument.Instance // as seen when the leases were taken
	held     roll                  // leased or created here, as of the last flush
	draft    *instrument.Draft     // the changes that are not flushed
	noted    bool                  // the draft holds the journal entry of the end
	n        int                   // number of the last step that was taken in this run
	steps    []recorded            // all steps so far; those up to flushed may be of earlier runs
	kept     map[int]recorded      // answers of servers and people, by step: a rewind keeps them
	times    map[int]time.Time     // when each asking step was answered first
	outcomes map[int]refusal       // of riding steps that were refused
	promised promise               // the answer that was given ahead of its step
	open     map[int]recorded      // questions of an earlier life, by step; their answers are lost

	// What is durable of it.
	flushed int  // the steps up to this number
	row     bool // its row
	parts   int  // so many parts of its log
	posted  bool // the note that its request may have left

	// How it gets on.
	rewinds int
	crashes int
	waits   time.Duration   // the pause before its code is started again
	queues  []instrument.ID // for these it queues: see queueFor
	leave   []func()        // leaves each of these queues
	heavy   int             // what its request weighs in the crowd
	inRoom  bool            // it takes a place in Manager.room
	unasked bool            // it has a question for a person, and nobody is here
	halted  bool            // it was stopped: its operator decides how it ends

	// How it ended.
	over    bool // result and failure are its outcome
	result  Result
	failure error
	stored  bool          // the outcome is one that an earlier run has stored
	speaks  bool          // its last messages have still to reach the peer
	told    []func(error) // Execution.Ended of repetitions; guarded by Manager.mu
	done    chan struct{}
}

// recorded is one step that was taken, with the host's answer if it is an asking step.
type recorded struct {
	step    Step   // of an earlier life only number, kind and message are known
	earlier []byte // the digest of a step of an earlier life
	answer  Answer
	mail    int // messages read from the peer up to and with this step
}

// digest is compared with that of the step which the code takes when it runs again. It is
// computed when it is needed: most operations end in their first flush, without a comparison.
func (r recorded) digest() [32]byte {
	if r.earlier == nil {
		return r.step.digest()
	}
	return asDigest(r.earlier)
}

func (m *Manager) newOperation(r Execution) (*operation, error) {
	in, err := m.find(r.Protocol)
	if err != nil {
		return nil, err
	}
	spec, err := m.Operation(r.Protocol, r.Call.Class, r.Peer.Role, r.Call.Operation)
	if err != nil {
		return nil, err
	}
	if len(r.Call.Args) > 0 && !instrument.PeerJSON(r.Call.Args) {
		return nil, fault.New(fault.Invalid, "the arguments of %s are not JSON in UTF-8, or too deep", fault.Clip(r.Call.Operation)).Because("message-malformed")
	}
	seed := make([]byte, 32)
	if _, err := io.ReadFull(m.parts.Random, seed); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "no random bytes for an operation")
	}
	o := &operation{
		m: m, id: r.ID, req: r, in: in, spec: spec, seed: seed, begun: m.parts.Clock(), mail: newMail(r),
		done: make(chan struct{}),
	}
	o.mail.aside, o.mail.from = &m.aside, r.Peer.Key
	return o, nil
}

// live runs the operation to its end. caller bounds the wait for leases only: once begun,
// the operation goes on without its caller.
func (o *operation) live(caller context.Context) {
	defer o.m.work.Done()
	defer o.close()
	if o.req.resumes { // the peer goes on with an operation of which nothing is here
		_ = o.conclude(memoryLost(o.id, o.spec))
	} else if err := o.lease(caller); err != nil {
		_ = o.conclude(err)
	} else {
		o.m.at(PointBegin)
		o.drive()
	}
	o.repeat()
}

// drive runs the code until it has ended. Code that dies before anything is durable has done
// nothing, and the operation fails. Code that dies later is run again, once; then the
// operation is stopped.
func (o *operation) drive() {
	ctx, cancel := context.WithCancel(o.m.life)
	defer cancel()
	for {
		err := o.run(ctx)
		switch {
		case o.over:
			return
		case o.m.life.Err() != nil || errors.Is(err, fault.Suspended):
			_ = o.conclude(interrupted(o.id))
			return
		case err == nil:
			err = o.broken("the code has ended without a result")
		}
		if !o.row {
			_ = o.conclude(err)
			return
		}
		if o.n == 0 && unreached(err) { // the code has not run
			if !o.pause() {
				_ = o.conclude(interrupted(o.id))
				return
			}
			continue
		}
		if o.crashes++; o.crashes > 1 || breaksRules(err) {
			_ = o.concludeAs(outcome{}, o.stuck(err))
			return
		}
		o.m.parts.Log.Warn("the code of an operation died and is run again", "operation", Short(o.id), "protocol", o.in.info.ID, "error", err)
		o.leaveQueues()
		o.undecide(o.flushed + 1)
		o.rewind()
	}
}

// unreached reports whether the code could not be started, which is not its own defect.
func unreached(err error) bool {
	r := fault.ReasonOf(err)
	return errors.Is(err, fault.Unavailable) && r != ReasonCrashed && r != ReasonHung
}

// pause waits a moment for a bundle that cannot be started now; false: this life ends.
func (o *operation) pause() bool {
	o.waits = min(max(2*o.waits, firstPause), lastPause)
	select {
	case <-time.After(o.waits):
		return true
	case <-o.m.life.Done():
		return false
	}
}

// run runs the code, over and over after rewinds, until it ends or dies.
func (o *operation) run(ctx context.Context) error {
	if s, ok := o.in.protocol.(Stepper); ok {
		return s.RunSteps(ctx, o.beginning(), o)
	}
	log := func() *slog.Logger {
		return o.m.parts.Log.With("protocol", o.in.info.ID, "operation", Short(o.id))
	}
	return run(ctx, o.in.protocol, o.beginning(), o, log)
}

// beginning is what the code starts from, at first and after each rewind.
func (o *operation) beginning() Begin {
	o.n = 0
	b := Begin{
		Op: o.id, Protocol: o.in.info.ID, Side: o.req.Side, Peer: o.req.Peer, Call: o.req.Call,
		Leased: o.leased, Seed: o.seed, Now: o.begun, Recorded: len(o.steps),
	}
	if len(o.outcomes) > 0 {
		b.Outcomes = make(map[int]*fault.Fault, len(o.outcomes))
		for n, r := range o.outcomes {
			b.Outcomes[n] = r.fault
		}
	}
	b.Ahead = o.aheadAtBegin()
	return b
}

// lease takes the instruments of the call, within ctx. A read-only operation gets copies and
// leases nothing. Shareable instances are not leased, and are read when they are needed.
func (o *operation) lease(ctx context.Context) error {
	im := o.m.parts.Instruments
	o.leased, o.held = nil, roll{}
	if o.spec.ReadOnly {
		for _, id := range o.req.Call.Instruments {
			i, err := im.View(ctx, id)
			if err != nil {
				return err
			}
			o.leased = append(o.leased, i)
		}
		return o.reachable(o.leased)
	}
	seen, err := im.Lease(ctx, o.id, o.req.Call.Instruments)
	if err != nil {
		return err
	}
	for _, i := range seen {
		if im.Exclusive(i.Class) && !o.held.has(i.ID) {
			o.leased = append(o.leased, i)
			o.held.put(i)
		}
	}
	o.newDraft()
	return o.reachable(seen)
}

// reachable refuses instruments of classes that the bundle does not bring.
func (o *operation) reachable(list []instrument.Instance) error {
	for _, i := range list {
		if !o.in.reach[i.Class] {
			return notReached(o.in.info.ID, i.Class).WithHint("name an instrument of the class that is used")
		}
	}
	return nil
}

func (o *operation) newDraft() {
	o.noted = false
	o.draft = o.m.parts.Instruments.NewDraft(o.m.life, o.id)
	for _, i := range o.held.list {
		o.draft.Hold(i)
	}
}

// close gives back what the operation holds and tells everybody of its end. Code that has
// ended its goroutine (runtime.Goexit) has left no outcome, which breaks the rules.
func (o *operation) close() {
	if !o.over {
		_ = o.conclude(o.broken("the code ended its goroutine"))
	}
	o.m.at(PointEnd)
	o.m.parts.Instruments.Release(o.id)
	o.leaveQueues()
	o.mail.leave()
	o.m.mu.Lock()
	delete(o.m.ops, o.id)
	o.m.crowd.leave(o)
	told := o.told
	o.m.mu.Unlock()
	if o.req.Ended != nil {
		o.req.Ended(o.failure)
	}
	for _, ended := range told {
		ended(o.failure)
	}
	close(o.done)
}

func notReached(protocol string, class instrument.ClassID) *fault.Fault {
	return fault.New(fault.Denied, "%s may not reach instruments of class %s", protocol, class).Because("class-not-granted")
}
