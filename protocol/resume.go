package protocol

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxResumed is how many operations of earlier lives run at a time.
const maxResumed = 64

// Resume takes over the operations that ended lives of this node have left running, and goes
// on with them: their code runs again over what was recorded. It also repeats the last words
// of operations that have ended. It returns how many it goes on with, and does not wait for
// their ends. A life that has not ended (Parts.Gone) keeps its operations. One whose protocol
// is not installed, or that is held for a person (Parts.Held), is left as it is.
func (m *Manager) Resume(ctx context.Context) (int, error) {
	running, err := m.parts.Store.OperationRows(ctx, Filter{State: Running, Runner: m.parts.Runner, NotRunner: true})
	if err != nil {
		return 0, err
	}
	speaking, err := m.parts.Store.OperationRows(ctx, Filter{State: Ended, Side: Initiator, Runner: m.parts.Runner, NotRunner: true, Logged: true})
	if err != nil {
		return 0, err
	}
	n, err := m.resumeOwn(ctx)
	if err != nil {
		return n, err
	}
	for _, r := range append(running, speaking...) {
		if !m.parts.Gone(r.Runner) || m.parts.Held(r.ID) {
			continue
		}
		taken, err := m.takeOver(ctx, r)
		if err != nil {
			return n, err
		}
		if taken {
			n++
		}
	}
	return n, nil
}

// resumeOwn goes on with operations that this life has taken over and could not run then.
func (m *Manager) resumeOwn(ctx context.Context) (n int, err error) {
	rows, err := m.parts.Store.OperationRows(ctx, Filter{State: Running, Runner: m.parts.Runner})
	for _, r := range rows {
		if m.Runs(r.ID) {
			continue
		}
		// It may have run when it was listed, and ended since. It writes its end before
		// it stops to run, so its row tells.
		now, err := m.parts.Store.OperationRow(ctx, r.ID)
		if err != nil || now.State != Running || now.Runner != m.parts.Runner {
			continue
		}
		if err := m.goOn(ctx, now); err != nil {
			return n, err
		}
		n++
	}
	return n, err
}

// Resumed waits, within ctx, until the operations that Resume has taken over have ended, and
// reports whether they have. It does not wait for those that a peer has begun: the peer goes
// on with them when it connects again. It returns false early when no peer of those that are
// left could be reached.
func (m *Manager) Resumed(ctx context.Context) bool {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		left := m.resuming()
		if len(left) == 0 {
			return true
		}
		if !slices.ContainsFunc(left, func(o *operation) bool { return !o.mail.away() }) {
			return false
		}
		select {
		case <-left[0].done:
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

// FoundAgain waits, within ctx, for the operations of earlier lives whose peer could not be
// reached, once p names an address of that peer which they did not know. They try it at their
// next attempt.
func (m *Manager) FoundAgain(ctx context.Context, p comm.Peer) {
	for _, o := range m.resuming() {
		at := o.req.Peer
		if at.Key != p.Key || !o.mail.away() || !slices.ContainsFunc(p.Addresses, func(a string) bool { return !slices.Contains(at.Addresses, a) }) {
			continue
		}
		select {
		case <-o.done:
		case <-ctx.Done():
			return
		}
	}
}

// Resuming are the operations for which Resumed waits.
func (m *Manager) Resuming() []Execution {
	var out []Execution
	for _, o := range m.resuming() {
		out = append(out, o.req)
	}
	return out
}

func (m *Manager) resuming() (left []*operation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.ops {
		if o.resumed && o.req.Side == Initiator {
			left = append(left, o)
		}
	}
	return left
}

// takeOver makes an operation of another life ours and goes on with it.
func (m *Manager) takeOver(ctx context.Context, r Row) (bool, error) {
	if _, err := m.find(r.Protocol); err != nil {
		m.parts.Log.Warn("an interrupted operation waits for its protocol", "operation", Short(r.ID), "protocol", r.Protocol)
		return false, nil
	}
	if m.ofAnother(ctx, r) {
		return false, nil
	}
	mine := r
	mine.Runner = m.parts.Runner
	err := m.update(func(w Writer) error { return w.TakeOver(mine, r) })
	if _, ok := errors.AsType[*Known](err); ok {
		return false, nil // somebody else was first
	}
	if err != nil {
		return false, err
	}
	return true, m.goOn(ctx, mine)
}

// ofAnother reports whether an operation is another user's, whose keys are not open here. Then
// it waits for that user, even if all its instruments are a group's: what it makes is theirs.
func (m *Manager) ofAnother(ctx context.Context, r Row) bool {
	_, err := m.parts.Instruments.List(ctx, instrument.Filter{Lease: r.ID})
	return errors.Is(err, fault.Locked) || !m.parts.Instruments.Opens(r.Principal)
}

// goOn runs an operation again whose row names us as its runner. If its code has changed since,
// it ends as fault.Unknown. If it cannot be read, it is stopped. If the database is away, it
// stays ours for a later resumeOwn.
func (m *Manager) goOn(ctx context.Context, r Row) error {
	o, err := m.restore(ctx, r)
	switch {
	case err == nil:
		return m.launch(o)
	case fault.ReasonOf(err) == "code-changed":
		return unlessOver(m.endAs(r, fault.From(err)))
	case errors.Is(err, fault.Unavailable), ctx.Err() != nil:
		return err
	}
	m.parts.Log.Error("an operation cannot be run again", "operation", Short(r.ID), "protocol", r.Protocol, "error", err)
	return m.stopAs(r, err)
}

// launch registers a restored operation and runs it when there is room. It does nothing if
// one runs under the same id.
func (m *Manager) launch(o *operation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.life.Err() != nil {
		return suspended()
	}
	if m.ops[o.id] != nil {
		return nil
	}
	m.ops[o.id] = o
	m.crowd.enter(o)
	m.work.Add(1)
	go o.relive()
	return nil
}

// relive is live for an operation of an earlier life.
func (o *operation) relive() {
	defer o.m.work.Done()
	defer o.close()
	if !o.enterRoom() {
		_ = o.conclude(interrupted(o.id))
		return
	}
	defer o.leaveRoom()
	if o.speaks { // it has ended, and only its last words are on the way
		o.post()
		return
	}
	if err := o.reclaim(); err != nil {
		_ = o.conclude(err)
		return
	}
	if o.posted { // sent again at once, without waiting for the code
		o.post()
	}
	o.drive()
}

// enterRoom waits for one of the maxResumed places; false: this life ends.
func (o *operation) enterRoom() bool {
	select {
	case o.m.room <- struct{}{}:
		o.inRoom = true
		return true
	case <-o.m.life.Done():
		return false
	}
}

func (o *operation) leaveRoom() {
	if o.inRoom {
		o.inRoom = false
		<-o.m.room
	}
}

// outsideRoom gives up the place of this operation while it waits for its peer.
func (o *operation) outsideRoom(wait func() (json.RawMessage, error)) (json.RawMessage, error) {
	if !o.inRoom {
		return wait()
	}
	o.leaveRoom()
	body, err := wait()
	if !o.enterRoom() {
		return nil, suspended()
	}
	return body, err
}

// reclaim takes the durable leases of the operation in memory as well, as lease does.
func (o *operation) reclaim() error {
	im := o.m.parts.Instruments
	mine, err := im.List(o.m.life, instrument.Filter{Lease: o.id})
	if err != nil {
		return err
	}
	ids := make([]instrument.ID, len(mine))
	for n, i := range mine {
		ids[n] = i.ID
	}
	if mine, err = im.Lease(o.m.life, o.id, ids); err != nil {
		return err
	}
	for _, i := range mine {
		o.held.put(i)
	}
	o.newDraft()
	return nil
}
