package profile

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// ReasonCountsOtherwise marks the refusal of a sum under an id under which another sum counts.
const ReasonCountsOtherwise fault.Reason = "counts-otherwise"

// otherwise is that refusal, with what counts.
type otherwise struct {
	*fault.Fault
	before []Spending
}

func (o *otherwise) Unwrap() error { return o.Fault }

// repeats reports whether to go on with what counts under the id of an action.
// What is spent, or held by another call of this life, is not touched: nobody
// may move another sum under it.
func (h *Hold) repeats(before []Spending, a Action, over []Spending) (bool, error) {
	same := sameSums(before, a)
	held := before[0].Spent || h.m.isHeld(h.op)
	switch {
	case same && !held && h.m.livesElsewhere(before[0]):
		return false, errElsewhere
	case same:
		return !held, nil
	case !held && slices.EqualFunc(before, over, isSpending):
		return true, nil
	}
	refusal := fault.New(fault.Conflict, "another sum counts under the id of this operation").Because(ReasonCountsOtherwise).
		WithHint("use another --key for another operation")
	return false, &otherwise{refusal, before}
}

// errElsewhere is the refusal of what another process that lives has reserved: while it may begin it,
// nobody else does. Once it is on record nothing new begins under its id, and nothing counts again.
var errElsewhere = fault.New(fault.Locked, "another process is about to begin this operation").Because("operation-elsewhere").
	WithHint("let it end, then try again")

// livesElsewhere reports whether the life that made a reservation is another one that lives, and may
// be about to begin its operation. Where nobody knows which lives have ended, none is taken for that.
func (m *Manager) livesElsewhere(s Spending) bool { return m.gone != nil && !m.isGone(s) }

// sameSums reports whether the sums and classes that count are those of an action.
func sameSums(before []Spending, a Action) bool {
	return !slices.ContainsFunc(before, func(s Spending) bool { return s.Class != a.Class || s.Amount != a.Amount })
}

func isSpending(s, t Spending) bool {
	equal := s.Time.Equal(t.Time)
	s.Time = t.Time
	return equal && s == t
}

// takenOver reports whether another life than this one goes on with what an operation has reserved.
func takenOver(w Writer, op instrument.OperationID, runner string) (bool, error) {
	now, err := w.Counted(op)
	return slices.ContainsFunc(now, func(s Spending) bool { return s.Runner != runner }), err
}

// takeOver goes on with what the same operation has reserved in an earlier life.
func (h *Hold) takeOver(w Writer, before []Spending) error {
	for n := range before {
		before[n].Runner = h.m.runner
		if err := w.Count(before[n]); err != nil {
			return err
		}
	}
	h.reserved = before
	return nil
}

// isSeen reports whether an operation is on record. What cannot be found out is not seen.
func (m *Manager) isSeen(ctx context.Context, op instrument.OperationID) bool {
	if m.fate == nil {
		return false
	}
	fate, err := m.fate(ctx, op)
	return err == nil && fate != Unseen
}

// isOver reports whether the operation of what counts has moved nothing and never
// will. What cannot be found out is not over.
func (m *Manager) isOver(ctx context.Context, before []Spending) bool {
	if m.fate == nil || before[0].Spent {
		return false
	}
	over, moved, err := m.decided(ctx, before[0])
	return err == nil && over && moved == (instrument.Amount{})
}

func (m *Manager) takeOff(op instrument.OperationID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flying[op]++
}

func (m *Manager) flights(op instrument.OperationID) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.flying[op]
}

func (m *Manager) land(op instrument.OperationID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.flying[op]--; m.flying[op] <= 0 {
		delete(m.flying, op)
	}
}

// hold notes within the unit of a reservation whose it is, so that no other unit
// takes it for left behind.
func (m *Manager) hold(op instrument.OperationID, h *Hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held[op] = h
}

func (m *Manager) isHeld(op instrument.OperationID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held[op] != nil
}

func (m *Manager) release(op instrument.OperationID, h *Hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held[op] == h {
		delete(m.held, op)
	}
}
