package protocol

import (
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// leaving is why a flush is due: something is about to leave this party, or the operation
// ends.
type leaving struct {
	asks  *Step    // a question to a server or a person
	posts bool     // an initiator's request to its peer
	end   *outcome // the end; this is the last flush
}

// flush makes all unflushed steps durable in one unit of work. The error is *stopped if the
// run is over: the code has to run again, or an earlier run has ended the operation. After
// any other error nothing was made durable, and the next flush tries again.
func (o *operation) flush(l leaving) error {
	if o.spec.ReadOnly { // nothing is durable of it; its messages may leave
		o.afterFlush()
		return nil
	}
	if l.end == nil && o.nothingToFlush(l) { // nor does it stand in a queue to leave: only who has something to write does
		return nil
	}
	if l.end != nil {
		if err := o.journalEnd(l.end); err != nil {
			return err
		}
	}
	change, err := o.prepare(l.end != nil)
	if err != nil {
		return err
	}
	o.m.at(PointBeforeFlush)
	if err := o.insist(func() error { return o.commit(change, l) }); err != nil {
		return o.flushFailed(err)
	}
	o.m.at(PointAfterFlush)
	o.m.parts.Instruments.Committed(change)
	o.posted = o.posted || l.posts
	if l.end == nil {
		o.afterFlush()
	}
	return nil
}

// insist tries a commit until a database that is busy or full for a while takes it, once
// something of the operation is durable. Its failure must not look to the code like the
// answer of a peer or a server.
func (o *operation) insist(commit func() error) error {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := commit()
		if err == nil || !o.row || !temporary(err) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-o.m.life.Done():
			return err // which ends the run
		}
	}
}

// nothingToFlush reports whether there is nothing to flush.
func (o *operation) nothingToFlush(l leaving) bool {
	return o.row && len(o.steps) == o.flushed && l.asks == nil && (o.posted || !l.posts)
}

// prepare makes the change of the instruments; the leases stay with it unless it is final.
func (o *operation) prepare(final bool) (*instrument.Change, error) {
	if final {
		return o.draft.Prepare()
	}
	return o.draft.PrepareLeased()
}

// commit writes the change and the operation row. An operation that ends in its first flush
// needs no row in two cases: a key of its class makes it safe to repeat, or it has failed and
// changed nothing.
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
	log, err := o.sealedLog(l)
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

// sealedLog is what the flush writes into the log: its next part, or the last words of an
// initiator that ends; nil for nothing.
func (o *operation) sealedLog(l leaving) ([]byte, error) {
	switch {
	case l.end == nil:
		return o.m.sealPart(o.id, o.parts+1, o.part(l))
	case o.mail.hasLastWords(l.end.Fault != nil):
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

// unitOfInstruments is the part of unit that writes the row and the instruments.
func (o *operation) unitOfInstruments(w Writer, row Row, change *instrument.Change, final bool) error {
	if !o.row {
		if err := w.BeginOperation(row); err != nil {
			return err
		}
		// Instruments that are leased and only read must have the version that was
		// seen. A flush that is not the last one also leases them durably.
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

// validate applies prove to each leased instance that is not written.
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
