package protocol

import (
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// leaving is why a flush is due: something is about to leave the house, or the
// operation ends.
type leaving struct {
	asks  *Step    // this step asks a server or a person
	posts bool     // an initiator's request goes to its peer
	end   *outcome // the last flush
}

// flush makes all unflushed steps durable in one unit of work; with an end it
// is the last one. It returns *stopped when the run is over: the code has to run
// again, or an earlier run has ended the operation. After any other error
// nothing is durable and the next flush tries again.
func (o *operation) flush(l leaving) error {
	if o.spec.ReadOnly { // keeps nothing; but what it has said is said
		o.afterFlush()
		return nil
	}
	if l.end == nil && o.isDurable(l) { // so that it stands in no line: who is outrun has something to write
		return nil
	}
	if l.end != nil {
		if err := o.note(l.end); err != nil {
			return err
		}
	}
	change, err := o.prepare(l.end != nil)
	if err != nil {
		return err
	}
	o.m.at(PointBeforeFlush)
	if err := o.insist(func() error { return o.commit(change, l) }); err != nil {
		return o.lost(err)
	}
	o.m.at(PointAfterFlush)
	o.m.parts.Instruments.Committed(change)
	o.posted = o.posted || l.posts
	if l.end == nil {
		o.afterFlush()
	}
	return nil
}

// insist waits for a database that is busy for a moment, once something is outside
// that only this run can end: that it is busy must not look like a peer's or a
// server's answer.
func (o *operation) insist(commit func() error) error {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := commit()
		if err == nil || !o.row || !passing(err) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-o.m.life.Done():
			return err // which ends the run
		}
	}
}

// isDurable reports whether all that is to be on disk before it leaves is there.
func (o *operation) isDurable(l leaving) bool {
	return o.row && len(o.steps) == o.flushed && l.asks == nil && (o.posted || !l.posts)
}

func (o *operation) prepare(final bool) (*instrument.Change, error) {
	if final {
		return o.draft.Prepare()
	}
	return o.draft.PrepareLeased()
}

// commit writes the change, and the operation row where one is needed: not for
// an operation that ends in its first flush and either is safe to repeat by a
// key of its class or has changed nothing.
func (o *operation) commit(change *instrument.Change, l leaving) error {
	if end := l.end; end != nil && !o.row && (o.spec.Keyed || end.Fault != nil && !change.Writes()) {
		if change.Empty() {
			return nil
		}
		return o.m.update(func(w Writer) error {
			if err := o.validate(w.Validate); err != nil {
				return err
			}
			return change.Write(w)
		})
	}
	row, err := o.toRow(state(l.end), l.end)
	if err != nil {
		return err
	}
	log, err := o.sealed(l)
	if err != nil {
		return err
	}
	if err := o.m.update(func(w Writer) error { return o.unit(w, row, change, log) }); err != nil {
		return err
	}
	o.row = true
	if l.end == nil {
		o.parts++
	}
	return nil
}

// sealed is the log of the flush: the next part of it, or what an initiator
// still has to say when it has ended; nil for none.
func (o *operation) sealed(l leaving) ([]byte, error) {
	switch {
	case l.end == nil:
		return o.m.sealPart(o.id, o.parts+1, o.part(l))
	case o.mail.unheard(l.end.Fault != nil):
		return o.m.sealPart(o.id, 1, o.farewell())
	}
	return nil, nil
}

func state(end *outcome) State {
	if end == nil {
		return Running
	}
	return Ended
}

// unit is the unit of work of a flush.
func (o *operation) unit(w Writer, row Row, change *instrument.Change, log []byte) error {
	final := row.State == Ended
	if err := o.unitOfInstruments(w, row, change, final); err != nil {
		return err
	}
	part := o.parts + 1
	if final {
		if o.parts > 0 {
			if err := w.Forget(o.id); err != nil {
				return err
			}
		}
		part = 1
	}
	if log == nil {
		return nil
	}
	return w.Log(o.id, row.Runner, part, log)
}

func (o *operation) unitOfInstruments(w Writer, row Row, change *instrument.Change, final bool) error {
	if !o.row {
		if err := w.BeginOperation(row); err != nil {
			return err
		}
		// Instruments that are leased and only read: they become ours durably, of
		// the version that was seen; the last flush just looks that they still have it.
		prove := w.Validate
		if !final {
			prove = func(id instrument.ID, seen int64) error { return w.Lease(id, seen, o.id) }
		}
		if err := o.validate(prove); err != nil {
			return err
		}
		return change.Write(w)
	}
	if err := change.Write(w); err != nil || !final {
		return err
	}
	if err := w.EndOperation(row); err != nil {
		return err
	}
	return w.Release(o.id)
}

// validate proves the leased instances that are not written.
func (o *operation) validate(prove func(instrument.ID, int64) error) error {
	for _, i := range o.held.list {
		if o.draft.Writes(i.ID) {
			continue
		}
		if err := prove(i.ID, i.Version); err != nil {
			return err
		}
	}
	return nil
}

// afterFlush is what is true after a flush that was not the last one.
func (o *operation) afterFlush() {
	o.flushed = len(o.steps)
	o.mail.flushed()
	o.leaveQueues()
	if o.spec.ReadOnly {
		return
	}
	for _, i := range o.draft.Kept() {
		o.held.put(i)
	}
	o.newDraft()
}
