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

// operation is the host's half of one running operation. Its code runs on the
// goroutine of live, which is also the only one that changes it; peers reach it
// through its mail.
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
	noted    bool                  // the draft holds the entry of its end
	n        int                   // steps taken in this run
	steps    []recorded            // of this run, and of earlier ones up to flushed
	kept     map[int]recorded      // answers from outside that a rewind keeps
	times    map[int]time.Time     // when each asking step was answered first
	outcomes map[int]refusal       // of riding steps that were refused
	promised promise               // the answer that was told ahead
	open     map[int]recorded      // asked in an earlier life, which has not kept the answer

	// What is durable of it.
	flushed int  // steps up to this one
	row     bool // its row
	parts   int  // so many parts of its log
	posted  bool // that its request may have left

	// How it gets on.
	rewinds int
	crashes int
	waits   time.Duration   // the pause before its code is started again
	line    []instrument.ID // those that it stands in line for
	leave   []func()        // leaves each of these lines
	heavy   int             // what its request weighs in the crowd
	inRoom  bool            // see Manager.room
	unasked bool            // it waits for a person, who is not here
	halted  bool            // it was stopped: it has no outcome before its operator has decided

	// How it ended.
	over    bool // then result and failure are its outcome
	result  Result
	failure error
	stored  bool          // the outcome is one that an earlier run has stored
	speaks  bool          // its last messages have still to reach the peer
	told    []func(error) // Ended of those who asked for it again; guarded by the manager's mu
	done    chan struct{}
}

// recorded is one step that was taken, and the host's answer if it asked.
type recorded struct {
	step    Step   // of an earlier life only number, kind and message are known
	earlier []byte // the digest of a step of an earlier life
	answer  Answer
	mail    int // messages taken from the peer up to and with this step
}

// digest is what the step is compared with when the code runs again. It is not
// kept: most operations end in their first flush, and nobody compares.
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

// live runs the operation to its end. caller bounds only the wait for leases:
// once begun, the operation goes on when its caller hangs up.
func (o *operation) live(caller context.Context) {
	defer o.m.work.Done()
	defer o.close()
	if o.req.resumes { // a peer goes on with what this side has ended, or never had
		_ = o.conclude(memoryLost(o.id, o.spec))
	} else if err := o.lease(caller); err != nil {
		_ = o.conclude(err)
	} else {
		o.m.at(PointBegin)
		o.drive()
	}
	o.repeat()
}

// drive runs the code until it has ended. Code that dies before anything is
// durable has done nothing; later it is run again, once.
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
		if o.n == 0 && unreached(err) { // that says nothing of the code
			if !o.pause() {
				_ = o.conclude(interrupted(o.id))
				return
			}
			continue
		}
		if o.crashes++; o.crashes > 1 || breaks(err) {
			_ = o.concludeAs(outcome{}, o.stuck(err))
			return
		}
		o.m.parts.Log.Warn("the code of an operation died and is run again", "operation", Short(o.id), "protocol", o.in.info.ID, "error", err)
		o.leaveLine()
		o.undecide(o.flushed + 1)
		o.rewind()
	}
}

// unreached reports whether the code could not be started, which is no fault of its own.
func unreached(err error) bool {
	r := fault.ReasonOf(err)
	return errors.Is(err, fault.Unavailable) && r != ReasonCrashed && r != ReasonHung
}

// pause gives a bundle that cannot be started now time to come back; false: this life
// ends.
func (o *operation) pause() bool {
	o.waits = min(max(2*o.waits, firstPause), lastPause)
	select {
	case <-time.After(o.waits):
		return true
	case <-o.m.life.Done():
		return false
	}
}

// run hands the code one Begin after another until it ends or dies.
func (o *operation) run(ctx context.Context) error {
	if s, ok := o.in.protocol.(Stepper); ok {
		return s.RunSteps(ctx, o.beginning(), o)
	}
	log := func() *slog.Logger {
		return o.m.parts.Log.With("protocol", o.in.info.ID, "operation", Short(o.id))
	}
	return run(ctx, o.in.protocol, o.beginning(), o, log)
}

// beginning is what the code starts from, the first time and after a rewind.
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
	b.Ahead = o.foremost()
	return b
}

// lease takes the instruments of the call. A read-only operation gets copies
// and holds nothing; shareable instances are read when they are needed.
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

// reachable refuses instruments of classes that are not the bundle's own.
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

// close lets everybody see the end. Code that has ended its own goroutine
// (runtime.Goexit) has left no outcome, which is a breach of the rules.
func (o *operation) close() {
	if !o.over {
		_ = o.conclude(o.broken("the code ended its goroutine"))
	}
	o.m.at(PointEnd)
	o.m.parts.Instruments.Release(o.id)
	o.leaveLine()
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
