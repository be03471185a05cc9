package protocol

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Retry lets an operation that was stopped run again over what was recorded, after its operator
// has seen to the cause. It is fault.Conflict if the operation was not stopped, and
// fault.Locked if another process was faster. One that cannot be opened is left as it is. A
// process that only looks (Parts.Looking) does not run it, but frees it for one that works.
func (m *Manager) Retry(ctx context.Context, id instrument.OperationID) error {
	r, err := m.parts.Store.OperationRow(ctx, id)
	if err != nil {
		return err
	}
	if r.State != Stuck {
		return fault.New(fault.Conflict, "operation %s is %s and was not stopped", Short(id), r.State).Because("not-stuck")
	}
	mine, err := m.reseal(r, Running, nil)
	if err != nil {
		return unreadable(id, err)
	}
	if mine.Runner = m.parts.Runner; m.parts.Looking {
		mine.Runner = nobody
	}
	if err := m.update(func(w Writer) error { return w.TakeOver(mine, r) }); err != nil {
		return runsElsewhere(id, err)
	}
	if m.parts.Looking {
		return nil
	}
	return m.goOn(ctx, mine)
}

// nobody is the runner of an operation that whoever works may take.
const nobody = ""

// Abandon ends an operation that cannot or shall not go on, and frees its instruments, which it
// returns. Nothing is deleted: keys, records and the states of its instruments stay.
//
// It is fault.Conflict while something of value may be outside: a message or request without
// its answer, or an instrument in a status that its class lists in Info.Outside. It is
// fault.Locked while the operation runs, here or in another process that lives.
func (m *Manager) Abandon(ctx context.Context, id instrument.OperationID) (left []instrument.Instance, err error) {
	r, err := m.parts.Store.OperationRow(ctx, id)
	if err != nil {
		return nil, err
	}
	switch {
	case r.State == Ended:
		return nil, fault.New(fault.Conflict, "operation %s has ended", Short(id)).Because("operation-ended")
	case m.Runs(id), r.State == Running && r.Runner != m.parts.Runner && !m.parts.Gone(r.Runner):
		return nil, fault.New(fault.Locked, "operation %s runs, here or in another process", Short(id)).Because("operation-runs").
			WithHint("end that process first")
	}
	if left, err = m.mayEnd(ctx, r); err != nil {
		return nil, m.abandonable(r, err)
	}
	return left, runsElsewhere(id, m.endAs(r, fault.New(fault.Unknown,
		"operation %s was abandoned by its operator; what it had begun is kept with its instruments", Short(id)).Because(ReasonAbandoned)))
}

// Forgo ends the wait of an operation of ours for its peer, by the word of its owner: the peer
// may be gone for good. Whatever the peer has done or still does stays unknown here. The code
// gets fault.Unknown, ReasonForgone, instead of the peer's answer, and ends as after any other
// unknown outcome. Its instruments keep their states and are free. Nothing is deleted.
//
// An end that came first counts, and is no error. It is fault.Conflict if the operation does
// not run here or does not wait for a peer, and fault.Unknown, ReasonPending, if it does not
// end within ctx.
func (m *Manager) Forgo(ctx context.Context, id instrument.OperationID) error {
	m.mu.Lock()
	o := m.ops[id]
	m.mu.Unlock()
	if o == nil {
		r, err := m.parts.Store.OperationRow(ctx, id)
		if err != nil || r.State == Ended {
			return err
		}
		return fault.New(fault.Conflict, "operation %s does not run here", Short(id)).Because("operation-not-run").
			WithHint("look at it with `operation show %s`; if another process runs it, end that one first", Short(id))
	}
	if !o.mail.forgo(fault.New(fault.Unknown, "operation %s was given up by its owner before its peer had said how it has ended there", Short(id)).
		Because(ReasonForgone).WithHint("ask its peer what it has done; something new needs another --key")) {
		if o.req.Side == Servicer {
			return fault.New(fault.Conflict, "operation %s was begun by its peer, and goes on when that comes back", Short(id)).Because("peer-not-awaited").
				WithHint("only what was stopped is given up here; go on serving, so that its peer can end it")
		}
		return fault.New(fault.Conflict, "operation %s does not wait for a peer", Short(id)).Because("peer-not-awaited").WithHint("let it go on with `operation resume`")
	}
	select {
	case <-o.done:
		return nil
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Unknown, "operation %s has not ended yet", Short(id)).Because(ReasonPending)
	}
}

// forgo ends the wait of an initiator for its peer as if the peer had ended with why; false: it
// does not wait for one.
func (b *mail) forgo(why error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.side != Initiator || !b.linked {
		return false
	}
	if !b.ended {
		b.ended, b.failure = true, why
		b.ring()
	}
	return true
}

// abandonable is the error for an operation that may not be abandoned. If it cannot be opened
// either, the error says that it cannot go on.
func (m *Manager) abandonable(r Row, err error) error {
	if _, broken := m.unseal(r); broken != nil || fault.ReasonOf(err) == "seal-broken" {
		f := fault.From(err)
		return fault.Wrap(f.Unwrap(), f.Kind, "%s; and it cannot be opened to go on", f.Message).Because(f.Reason).
			WithHint("nothing was changed, and its instruments stay as they are: `restore` makes what is stored anew out of a backup")
	}
	return err
}

// mayEnd lists the instruments of an operation. It is fault.Conflict, reasonOutside, if
// something of value may be outside.
func (m *Manager) mayEnd(ctx context.Context, r Row) ([]instrument.Instance, error) {
	parts, err := m.readLog(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	if what := unanswered(r.Side, parts); what != "" {
		return nil, valueOutside(r.ID, what)
	}
	held, err := m.parts.Instruments.List(ctx, instrument.Filter{Lease: r.ID})
	if err != nil {
		return nil, err
	}
	for _, i := range held {
		if info, err := m.parts.Instruments.Info(i.Class); err == nil && slices.Contains(info.Outside, i.Status) {
			return nil, valueOutside(r.ID, fmt.Sprintf("a %s is %s", i.Class, i.Status))
		}
	}
	return held, nil
}

// unanswered says in words what was sent and has no answer, according to the log; empty: nothing.
func unanswered(side Side, parts []logPart) string {
	posted, over, well, asks := false, false, false, false
	last := 0
	for _, p := range parts {
		posted, over = posted || p.Posted, over || p.Over != nil
		well = well || p.Over != nil && p.Over.Fault == nil
		for _, l := range p.Steps {
			last = l.N
		}
		asks = p.Open != nil && !p.Open.Reads && p.Open.N > last
	}
	switch {
	case side == Initiator && posted && !over:
		return "its peer has not said how it has ended there"
	case side == Initiator && well:
		return "its peer has ended well, and only this side is left to do"
	case asks:
		return "a server was asked and its answer is not known"
	}
	return ""
}

// reasonOutside is why an operation is not abandoned.
const reasonOutside fault.Reason = "value-outside"

func valueOutside(id instrument.OperationID, what string) error {
	return fault.New(fault.Conflict, "operation %s is not abandoned while something of value may be outside: %s", Short(id), what).
		Because(reasonOutside).WithHint("let it go on with `operation resume`")
}

// runsElsewhere is fault.Locked for *Known: another process was faster.
func runsElsewhere(id instrument.OperationID, err error) error {
	if _, ok := errors.AsType[*Known](err); ok {
		return fault.Wrap(err, fault.Locked, "operation %s was taken by another process meanwhile", Short(id)).Because("operation-runs")
	}
	return err
}

// Unheard lists the operations that a peer has begun here and whose end it has not
// acknowledged, for the answer that opens a session.
func (m *Manager) Unheard(ctx context.Context, peer comm.Peer) ([]string, error) {
	if peer.Key == "" {
		return nil, nil
	}
	rows, err := m.parts.Store.OperationRows(ctx, Filter{Peer: peer.Key, Unheard: true, Limit: maxEndsFrame})
	if err != nil {
		return nil, err
	}
	out := make([]string, len(rows))
	for n, r := range rows {
		out[n] = string(r.ID)
	}
	return out, nil
}

// TellEnds takes a servicer's list of operations whose end here it does not know. The next
// request to it names those that have ended. Those that run need no word.
func (m *Manager) TellEnds(ctx context.Context, peer comm.Peer, open []string) {
	for _, text := range open[:min(len(open), maxEndsFrame)] {
		id := instrument.OperationID(text)
		if CheckOperationID(id) != nil {
			continue
		}
		r, err := m.parts.Store.OperationRow(ctx, id)
		if err == nil && r.State == Ended && r.Side == Initiator && r.Peer == peer.Key {
			m.ends.add(peer.Key, text)
		}
	}
}
