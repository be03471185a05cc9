package protocol

import (
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// endAs ends an operation that does not run: its leases are freed, and its instruments keep their
// states. r is its row as it was read; *Known if that has changed. If the row cannot be opened,
// its call is lost, and the clear part and this end are kept.
func (m *Manager) endAs(r Row, f *fault.Fault) error {
	body, err := m.unseal(r)
	if err != nil && fault.ReasonOf(err) != "seal-broken" {
		return err
	}
	mine := r
	mine.State, mine.Runner = Running, m.parts.Runner
	if mine, err = m.seal(mine, rowBody{Call: body.Call}); err != nil {
		return err
	}
	end := mine
	end.State, end.Ended = Ended, m.parts.Clock()
	if end, err = m.seal(end, rowBody{Call: body.Call, End: &outcome{Fault: f}}); err != nil {
		return err
	}
	return m.update(func(w Writer) error {
		if err := w.TakeOver(mine, r); err != nil {
			return err
		}
		if err := w.EndOperation(end); err != nil {
			return err
		}
		if err := w.Forget(r.ID); err != nil {
			return err
		}
		return w.Release(r.ID)
	})
}

// stopAs marks an operation that does not run as stopped. Its leases stay. What cannot be opened of
// it stays as it is.
func (m *Manager) stopAs(r Row, cause error) error {
	row, err := m.reseal(r, Stuck, fault.From(stoppedBy(r.ID, cause)))
	if fault.ReasonOf(err) == "seal-broken" {
		row, err = r, nil
		row.State = Stuck
	}
	if err != nil {
		return err
	}
	return unlessOver(m.update(func(w Writer) error { return w.EndOperation(row) }))
}

// reseal is the row of an operation that has not ended, with another state and, if there is
// one, the failure for which it was stopped.
func (m *Manager) reseal(r Row, s State, f *fault.Fault) (Row, error) {
	body, err := m.unseal(r)
	if err != nil {
		return Row{}, err
	}
	body.End = nil
	if f != nil {
		body.End = &outcome{Fault: f}
	}
	r.State = s
	return m.seal(r, body)
}

// stoppedBy is the failure of an operation that was stopped because of cause.
func stoppedBy(id instrument.OperationID, cause error) error {
	f := fault.Wrap(cause, fault.Stuck, "operation %s was stopped and waits for its operator: %s", Short(id), fault.From(cause).Message).
		Because(fault.ReasonOf(cause)).WithHint("look at it with `operation show %s`; then `operation resume` or `operation abandon`", Short(id))
	switch f.Reason {
	case "":
		return f.Because("stuck")
	case "seal-broken":
		return f.WithHint(hintBroken, Short(id))
	case "protocol-unknown": // its plugin was removed, or is not the one that was added
		return f.WithHint("`plugin list` says what there is; with the plugin of this protocol `operation resume %s` goes on", Short(id))
	}
	return f
}

// hintBroken is what a person can do about an operation that cannot be opened.
const hintBroken = "`operation show %s` shows what can still be read of it, `restore` makes what is stored anew out of a backup; " +
	"without one `operation abandon %[1]s` frees its instruments, unless something of value may be outside"

// unreadable is the error for a person who wants to go on with an operation of which something
// cannot be opened.
func unreadable(id instrument.OperationID, err error) error {
	if fault.ReasonOf(err) != "seal-broken" || errors.Is(err, fault.Stuck) {
		return err
	}
	f := fault.From(err)
	return fault.Wrap(f.Unwrap(), f.Kind, "%s; it cannot go on, and nothing was changed", f.Message).Because("seal-broken").
		WithHint(hintBroken, Short(id))
}

// unlessOver drops *Known: the operation has gone on or ended meanwhile.
func unlessOver(err error) error {
	if _, ok := errors.AsType[*Known](err); ok {
		return nil // it has ended meanwhile
	}
	return err
}
