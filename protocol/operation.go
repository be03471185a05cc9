package protocol

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain"
)

// operation is the host's half of one running operation. Its code runs on the
// goroutine of live, which is also the only one that changes it; peers reach it
// through its mail.
type operation struct {
	m     *Manager
	id    instrument.OperationID
	fresh bool // the id was made for this run: nobody has used it before
	req   Execution
	in    installed
	spec  Operation
	sum   sum
	seed  []byte
	begun time.Time
	mail  *mail

	leased   []instrument.Instance // as seen when the leases were taken
	held     roll                  // leased and born here, as of the last flush
	draft    *instrument.Draft     // what is not flushed
	steps    []recorded            // of this run, and of earlier ones up to flushed
	kept     map[int]recorded      // answers from outside that a rewind keeps
	times    map[int]time.Time     // when each asking step was answered first
	outcomes map[int]refusal       // of riding steps that did not go well
	n        int                   // steps taken in this run
	promised promise               // the answer that is told ahead
	open     map[int]recorded      // asked by an earlier life, the answer not kept
	flushed  int                   // steps up to here are durable
	row      bool                  // the operation row is durable
	parts    int                   // … and so many parts of the log
	posted   bool                  // … and it says that the request may have left
	resumed  bool                  // an earlier life has begun it
	stored   bool                  // the outcome is one that an earlier run has stored
	unasked  bool                  // it waits for a person, who is not here
	halted   bool                  // it was stopped: there is no outcome before its operator has seen to it
	told     []func(error)         // who asked for it again, guarded by the manager's mu
	inRoom   bool                  // see Manager.room
	noted    bool                  // the draft holds the entry of its end
	speaks   bool                  // it has ended before its peer has heard all of it
	rewinds  int
	crashes  int
	waits    time.Duration   // before the code is reached for again
	heavy    int             // what its request weighs in the crowd
	line     []instrument.ID // that we stand in line for
	leave    []func()

	over    bool // result and failure are what came of it
	result  Result
	failure error
	done    chan struct{}
}

// recorded is one step that was taken, and the host's answer if it asked.
type recorded struct {
	step    Step   // as taken in this life; of one of an earlier life number, kind and message
	earlier []byte // the digest of one of an earlier life
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

// asDigest is a digest as it was read.
func asDigest(text []byte) (d [32]byte) {
	copy(d[:], text)
	return d
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

// sum is the digest of what is asked. It is made when somebody wants it, on any goroutine.
type sum struct {
	once   sync.Once
	digest [32]byte
	err    error
}

func (o *operation) digest() ([32]byte, error) {
	o.sum.once.Do(func() { o.sum.digest, o.sum.err = digestOf(o.req) })
	return o.sum.digest, o.sum.err
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

// unreached reports whether code could not be started, which says nothing of it.
func unreached(err error) bool {
	r := fault.ReasonOf(err)
	return errors.Is(err, fault.Unavailable) && r != ReasonCrashed && r != ReasonHung
}

// pause lets a bundle come back that cannot be started now; false: this life ends.
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

// close lets everybody see the end. Code that took its goroutine with it has
// left none.
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

// asked is what digestOf is the digest of.
type asked struct {
	Side     Side
	Protocol string
	Call     Call
}

// digestOf is the digest of what is asked, equal for repetitions: the deadline
// may differ, and JSON may be spelled in another way.
func digestOf(r Execution) ([32]byte, error) {
	c := r.Call
	c.Deadline = time.Time{}
	if len(c.Args) > 0 {
		args, err := canonical(c.Args)
		if err != nil {
			return [32]byte{}, fault.Wrap(err, fault.Invalid, "the arguments of %s are not JSON", fault.Clip(c.Operation)).Because("message-malformed")
		}
		c.Args = args
	}
	a := asked{r.Side, r.Protocol, c}
	w := plain.Begin(nil, a.Call.room())
	a.spell(&w)
	text, err := ended(&w, &a)
	if err != nil {
		return [32]byte{}, fault.Wrap(err, fault.Invalid, "the call of %s cannot be written as JSON", fault.Clip(c.Operation)).Because("message-malformed")
	}
	return sha256.Sum256(text), nil
}
