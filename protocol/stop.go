package protocol

import (
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// endAs ends an operation that does not run, as it was read: its leases are
// freed, its instruments keep what is outside. *Known if it is not so any more.
func (m *Manager) endAs(r Row, f *fault.Fault) error {
	mine, err := m.reseal(r, Running, nil)
	if err != nil {
		return err
	}
	mine.Runner = m.parts.Runner
	end, err := m.reseal(mine, Ended, f)
	if err != nil {
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

// stopAs marks an operation that does not run as stopped. Its leases stay.
func (m *Manager) stopAs(r Row, cause error) error {
	f := fault.From(stoppedBy(r.ID, cause))
	row, err := m.reseal(r, Stuck, f)
	if err != nil { // what was asked cannot be read; that it is stopped can be said all the same
		r.State = Stuck
		row, err = m.seal(r, rowBody{End: &outcome{Fault: f}})
	}
	if err != nil {
		return err
	}
	return unlessOver(m.update(func(w Writer) error { return w.EndOperation(row) }))
}

// reseal is a row with another state and, if there is one, a failure.
func (m *Manager) reseal(r Row, s State, f *fault.Fault) (Row, error) {
	body, err := m.unseal(r)
	if err != nil {
		return Row{}, err
	}
	body.End = nil
	if f != nil {
		body.End = &outcome{Fault: f}
	}
	if r.State = s; s == Ended {
		r.Ended = m.parts.Clock()
	}
	return m.seal(r, body)
}

func stoppedBy(id instrument.OperationID, cause error) error {
	f := fault.Wrap(cause, fault.Stuck, "operation %s was stopped and waits for its operator: %s", Short(id), fault.From(cause).Message).
		Because(fault.ReasonOf(cause)).WithHint("look at it with `operation show %s`; then `operation resume` or `operation abandon`", Short(id))
	if f.Reason == "" {
		f = f.Because("stuck")
	}
	return f
}

func unlessOver(err error) error {
	if known := (*Known)(nil); errors.As(err, &known) {
		return nil // it has ended meanwhile
	}
	return err
}
