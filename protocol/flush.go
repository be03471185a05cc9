package protocol

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// outcome is how an operation ended, as it is stored.
type outcome struct {
	Result *Result      `json:"result,omitempty"`
	Fault  *fault.Fault `json:"fault,omitempty"`
}

// finish ends the operation: everything unflushed and the outcome become
// durable together, and only then does anybody hear of it.
func (o *operation) finish(_ context.Context, st Step) (Answer, error) {
	end := outcome{Result: st.Result, Fault: st.Fault}
	if end.Fault == nil && end.Result == nil {
		end.Result = &Result{}
	}
	if end.Fault == nil {
		if refused := o.unlikeOffer(*end.Result); refused != nil {
			end = outcome{Fault: refused}
			o.rewind()
		}
	}
	err := o.flush(&end)
	var again *rewound
	var known *Known
	switch {
	case errors.As(err, &again):
		return again.answer, nil
	case errors.As(err, &known):
		end, err = o.first(known.Row)
	}
	switch {
	case err != nil:
		o.failure = fault.From(err)
	case end.Fault != nil:
		o.failure = end.Fault
	default:
		o.result = *end.Result
	}
	return Answer{Done: true, Now: o.m.parts.Clock()}, nil
}

// unlikeOffer is the host's own look at the money: what changed hands must be
// what the vendor signed and the payer saw, whatever the plugin says.
func (o *operation) unlikeOffer(r Result) *fault.Fault {
	offer := o.req.Call.Offer
	if offer == nil || o.spec.Name != Pay || r.Amount == offer.Terms.Price {
		return nil
	}
	return fault.New(fault.Internal, "the payment moved %s and the offer says %s", r.Amount, offer.Terms.Price).Because("amount-differs-from-offer")
}

// flush makes all unflushed steps durable in one unit of work; with an end it
// is the last one. A conflict comes back as *rewound.
func (o *operation) flush(end *outcome) error {
	if o.spec.ReadOnly {
		return nil
	}
	final := end != nil
	if !final && len(o.steps) == o.flushed && o.row {
		return nil
	}
	change, err := o.prepare(final)
	if err != nil {
		if len(o.updates) == 0 {
			return err
		}
		return &rewound{o.rewindWith(o.updates[len(o.updates)-1].n, fault.From(err))}
	}
	if err := o.commit(change, end); err != nil {
		if known := (*Known)(nil); errors.As(err, &known) {
			return err
		}
		return o.lost(err)
	}
	o.m.parts.Instruments.Committed(change)
	if !final {
		o.settled()
	}
	return nil
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
func (o *operation) commit(change *instrument.Change, end *outcome) error {
	store, final := o.m.parts.Store, end != nil
	if final && !o.row && (o.spec.Keyed || end.Fault != nil && !change.Writes()) {
		if change.Empty() {
			return nil
		}
		return o.m.parts.Store.UpdateOperations(o.m.life, func(w Writer) error { return change.Write(w) })
	}
	row, err := o.toRow(end)
	if err != nil {
		return err
	}
	return store.UpdateOperations(o.m.life, func(w Writer) error {
		if !o.row {
			if err := w.BeginOperation(row); err != nil {
				return err
			}
		}
		if err := change.Write(w); err != nil {
			return err
		}
		switch {
		case !final && !o.row:
			return o.leaseDurably(w)
		case final && o.row:
			if err := w.EndOperation(row); err != nil {
				return err
			}
			return w.Release(o.id)
		}
		return nil
	})
}

// leaseDurably makes the leases of instances that were not written hold beyond
// this process. They are taken of the versions that were seen.
func (o *operation) leaseDurably(w Writer) error {
	written := map[instrument.ID]bool{}
	for _, i := range o.draft.Written() {
		written[i.ID] = true
	}
	for id, i := range o.held {
		if written[id] {
			continue
		}
		if err := w.Lease(id, i.Version, o.id); err != nil {
			return err
		}
	}
	return nil
}

// settled is what is true after a flush that was not the last one.
func (o *operation) settled() {
	for _, i := range o.draft.Written() {
		_, held := o.held[i.ID]
		if held || o.m.parts.Instruments.Exclusive(i.Class) {
			o.held[i.ID] = i
		}
	}
	o.row = true
	o.flushed = len(o.steps)
	o.mail.flushed()
	o.leaveLines()
	o.newDraft()
}

// toRow is the operation as it is stored.
func (o *operation) toRow(end *outcome) (Row, error) {
	r := Row{
		ID: o.id, Side: o.req.Side, State: Running, Protocol: o.in.info.ID, Operation: o.spec.Name, Class: o.req.Call.Class,
		Principal: o.req.Principal, Peer: o.req.Peer.Key, Runner: o.m.parts.Runner, Digest: o.digest[:], Begun: o.begun,
	}
	var body struct {
		Call Call     `json:"call"`
		End  *outcome `json:"end,omitempty"`
	}
	body.Call, body.End = o.req.Call, end
	if end != nil {
		r.State, r.Ended = Ended, o.m.parts.Clock()
	}
	text, err := json.Marshal(body)
	if err != nil {
		return Row{}, fault.Wrap(err, fault.Internal, "operation %s cannot be written as JSON", Short(o.id))
	}
	r.Sealed, err = o.m.parts.Sealer.Seal(text, rowSeal(r.ID, r.State))
	if err != nil {
		return Row{}, fault.Wrap(err, fault.Internal, "operation %s cannot be sealed", Short(o.id))
	}
	return r, nil
}

// first is the outcome that an earlier run under the same id has stored.
func (o *operation) first(r Row) (outcome, error) {
	if string(r.Digest) != string(o.digest[:]) || r.Peer != o.req.Peer.Key {
		return outcome{}, keyReused(o.id)
	}
	return o.m.outcomeOf(r)
}

func (m *Manager) outcomeOf(r Row) (outcome, error) {
	switch r.State {
	case Running:
		return outcome{}, fault.New(fault.Unknown, "operation %s runs in another process, or was interrupted", Short(r.ID)).Because("pending")
	case Stuck:
		return outcome{}, fault.New(fault.Stuck, "operation %s was stopped and waits for its operator", Short(r.ID)).Because("stuck")
	}
	text, err := m.parts.Sealer.Open(r.Sealed, rowSeal(r.ID, r.State))
	if err != nil {
		return outcome{}, fault.Wrap(err, fault.Internal, "operation %s cannot be opened: its seal is broken", Short(r.ID)).Because("seal-broken")
	}
	var body struct{ End outcome }
	if err := json.Unmarshal(text, &body); err != nil {
		return outcome{}, fault.Wrap(err, fault.Internal, "operation %s cannot be read", Short(r.ID))
	}
	return body.End, nil
}

func rowSeal(id instrument.OperationID, s State) []byte {
	return []byte("operations\x00" + string(id) + "\x00" + string(s))
}

// stuck stops an operation whose code died twice after something had left the
// house. Its leases stay; its operator decides.
func (o *operation) stuck(cause error) {
	o.failure = fault.Wrap(cause, fault.Stuck, "operation %s was stopped: its plugin died twice", Short(o.id)).
		Because("plugin-crashed").WithHint("look at it with `operation show %s`", Short(o.id))
	row, err := o.toRow(nil)
	if err == nil {
		row.State, row.Ended = Stuck, time.Time{}
		err = o.m.parts.Store.UpdateOperations(o.m.life, func(w Writer) error { return w.EndOperation(row) })
	}
	if err != nil {
		o.m.parts.Log.Error("a stuck operation could not be marked", "operation", Short(o.id), "error", err)
	}
}
