package protocol

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// restore makes an operation of an earlier life from its row and log. It fails if either
// cannot be opened, or if the installed code takes other steps (code-changed).
func (m *Manager) restore(ctx context.Context, r Row) (*operation, error) {
	body, err := m.unseal(r)
	if err != nil {
		return nil, err
	}
	var c Call
	if err := json.Unmarshal(body.Call, &c); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "operation %s cannot be read", Short(r.ID))
	}
	parts, err := m.readLog(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	first := parts[0].Opening
	x := Execution{
		ID: r.ID, Side: r.Side, Protocol: r.Protocol, Principal: r.Principal, Peer: first.Peer, Call: c,
		Offer: first.Offer, Payer: first.Payer,
	}
	if first.Linked && r.Side == Initiator {
		x.Link = m.parts.Reach(x)
	}
	o, err := m.newOperation(x)
	if err != nil {
		return nil, err
	}
	if first.Replay != o.in.info.Replay && parts[0].Last == nil {
		return nil, codeChanged(r.ID, o.in.info)
	}
	if parts[0].Last != nil {
		end, err := m.openOutcome(r)
		if err != nil {
			return nil, err
		}
		_ = o.concludeAs(end, nil)
	}
	o.begun, o.seed, o.leased = r.Begun, first.Seed, first.Leased
	o.sum.once.Do(func() { o.sum.digest = asDigest(r.Digest) })
	o.mail.linked = first.Linked
	o.row, o.resumed, o.parts = true, true, len(parts)
	o.replay(parts)
	return o, nil
}

// readLog opens the log of an operation: at least its first part.
func (m *Manager) readLog(ctx context.Context, id instrument.OperationID) ([]logPart, error) {
	sealed, err := m.parts.Store.OperationLog(ctx, id)
	if err != nil {
		return nil, err
	}
	parts := make([]logPart, len(sealed))
	for n, s := range sealed {
		if parts[n], err = m.openPart(id, n+1, s); err != nil {
			return nil, err
		}
	}
	if len(parts) == 0 || parts[0].Opening == nil {
		return nil, fault.New(fault.Internal, "operation %s runs and has no log", Short(id)).Because("log-incomplete")
	}
	return parts, nil
}

// replay restores the steps, questions and mail of an operation from its log.
func (o *operation) replay(parts []logPart) {
	var heard, sent uint64
	var out []comm.Message
	for _, p := range parts {
		for _, l := range p.Steps {
			r := l.restored()
			o.steps = append(o.steps, r)
			if l.Answer != nil {
				setAt(&o.times, l.N, l.Answer.Now)
			}
			switch {
			case l.Refused != nil:
				setAt(&o.outcomes, l.N, refusal{r.digest(), l.Refused})
			case l.Kind == StepSend:
				sent++
				out = append(out, comm.Message{N: sent, Body: l.Body})
			}
		}
		if p.Open != nil {
			setAt(&o.open, p.Open.N, p.Open.restored())
		}
		heard, o.posted = max(heard, p.Heard), o.posted || p.Posted
		if p.Over != nil {
			o.mail.finished(p.Over)
		}
		if p.Last != nil {
			o.speaks, o.posted = true, true
			o.mail.restore(p.Last.Have, p.Last.Msgs)
			return
		}
	}
	for _, r := range o.steps { // their answers are not lost
		delete(o.open, r.step.N)
	}
	o.flushed = len(o.steps)
	taken := 0
	if o.flushed > 0 {
		taken = o.steps[o.flushed-1].mail
	}
	o.mail.revive(out, heard, sent, taken, o.posted)
}

// codeChanged is the error for an operation that was begun by code which takes other steps.
func codeChanged(id instrument.OperationID, now Info) error {
	return fault.New(fault.Unknown, "operation %s was begun by other code of %s than is installed now; what it had begun is kept with its instruments", Short(id), now.ID).
		Because("code-changed").WithHint("start it again with another --key; it goes on from there")
}
