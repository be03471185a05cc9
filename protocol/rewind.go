package protocol

import (
	"errors"
	"maps"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxRewinds bounds how often an operation may find that somebody else was first. From the
// second attempt on it queues, so more than a few times are a defect.
const maxRewinds = 50

// refusal is the fault of a riding step with that digest. Over other reads the code may take
// another step under the same number; that one is decided anew.
type refusal struct {
	digest [32]byte
	fault  *fault.Fault
}

// again makes the code run again from the top.
func (o *operation) again() *Answer {
	o.rewind()
	b := o.beginning()
	return &Answer{Rewind: &b}
}

// rewindWith notes the refusal of a step and makes the code run again from the top.
func (o *operation) rewindWith(st Step, f *fault.Fault) *Answer {
	o.undecide(st.N)
	setAt(&o.outcomes, st.N, refusal{st.digest(), f})
	return o.again()
}

// undecided is for code that takes another step than the one that was refused: it forgets the
// refusals from there on and makes the code run again from the top.
func (o *operation) undecided(step int) *Answer {
	o.undecide(step)
	if o.rewinds++; o.rewinds > maxRewinds {
		return &o.conclude(contended(nil)).answer
	}
	return o.again()
}

// undecide forgets the refusals from a step on.
func (o *operation) undecide(from int) {
	maps.DeleteFunc(o.outcomes, func(n int, _ refusal) bool { return n >= from })
}

// rewind forgets the steps that are not flushed. Answers of servers and people are kept: what
// they have done is done, durable here or not.
func (o *operation) rewind() {
	for _, r := range o.steps[o.flushed:] {
		if r.answer.outside {
			setAt(&o.kept, r.step.N, r)
		}
	}
	o.steps = o.steps[:o.flushed]
	taken := 0
	if o.flushed > 0 {
		taken = o.steps[o.flushed-1].mail
	}
	o.mail.rewind(taken)
	if !o.spec.ReadOnly {
		o.newDraft()
	}
}

// flushFailed decides what a failed flush means. The code runs again if one of its steps was refused
// or an instrument has changed. The operation ends if its row, its instruments or the fate of
// the commit are out of its hands. Any other error becomes the answer to the asking step;
// then nothing was made durable, and the next flush tries again.
func (o *operation) flushFailed(err error) error {
	if o.m.life.Err() != nil {
		return suspended()
	}
	if known, ok := errors.AsType[*Known](err); ok {
		end, err := o.first(known.Row)
		return o.concludeAs(end, err)
	}
	if o.rewinds++; o.rewinds > maxRewinds {
		return o.conclude(contended(err))
	}
	if st, f := o.refused(err); f != nil {
		return &stopped{*o.rewindWith(st, f)}
	}
	if conflict, ok := errors.AsType[*instrument.VersionConflict](err); ok {
		return o.outrun(conflict.ID)
	}
	switch fault.KindOf(err) {
	case fault.Locked, // an instrument of the call: leased by another process
		fault.Unknown: // the commit may have happened: nothing may be built on either
		return o.conclude(err)
	}
	return err
}

// refused finds the step that no later attempt can commit: it claims a key that is taken, or
// writes an instrument that another operation holds. The fault is nil if there is none.
func (o *operation) refused(err error) (Step, *fault.Fault) {
	if taken, ok := errors.AsType[*instrument.KeyConflict](err); ok {
		return o.writer(func(i instrument.Instance) bool { return i.ID == taken.ID && i.Keys[taken.Key] != "" }), o.crossing(taken.Fault())
	}
	if held, ok := errors.AsType[*instrument.Refused](err); ok {
		return o.writer(func(i instrument.Instance) bool { return i.ID == held.ID }), o.crossing(held.Fault)
	}
	return Step{}, nil
}

// writer is the first unflushed step that writes an instance for which which is true.
func (o *operation) writer(which func(instrument.Instance) bool) Step {
	for _, r := range o.steps[o.flushed:] {
		if _, told := o.outcomes[r.step.N]; !told && slices.ContainsFunc(r.step.Writes, which) {
			return r.step
		}
	}
	return Step{}
}

// outrun deals with an instrument that somebody else has changed first: queue for it, look at
// the instruments again, and run again. What was refused before is decided anew.
func (o *operation) outrun(id instrument.ID) error {
	if err := o.queueFor(id); err != nil {
		return suspended() // only the end of this life ends the wait
	}
	if !o.row { // nothing is durable: look at the leased instances again
		if err := o.lease(o.m.life); err != nil {
			return o.conclude(err)
		}
	}
	o.undecide(o.flushed + 1)
	return &stopped{*o.again()}
}

// queueFor adds an instance to those for which this operation queues, and waits for its turn.
// It leaves all queues and enters them again in the order of the ids, so that two operations
// never wait for each other.
func (o *operation) queueFor(id instrument.ID) error {
	if slices.Contains(o.queues, id) {
		return nil
	}
	ids := append(slices.Clone(o.queues), id)
	slices.Sort(ids)
	o.leaveQueues()
	for _, id := range ids {
		leave, err := o.m.parts.Instruments.Queue(o.m.life, id)
		if err != nil {
			return err
		}
		o.queues, o.leave = append(o.queues, id), append(o.leave, leave)
	}
	return nil
}

func (o *operation) leaveQueues() {
	for _, leave := range o.leave {
		leave()
	}
	o.queues, o.leave = nil, nil
}

func contended(cause error) error {
	return fault.Wrap(cause, fault.Conflict, "too many others change the same instruments").Because("contended")
}
