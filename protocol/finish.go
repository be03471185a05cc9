package protocol

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxResult bounds a result's value, in bytes: it must fit into a frame beside messages.
const maxResult = 384 << 10

// reasonUnanswered marks a payment, or a refund, that only this side says is done.
const reasonUnanswered fault.Reason = "payment-unanswered"

// outcome is how an operation ended, as it is stored: with a result or a fault. At a servicer
// it also holds the messages that the peer may still lack, for when the peer asks again.
type outcome struct {
	Result *Result        `json:"result,omitempty"`
	Fault  *fault.Fault   `json:"fault,omitempty"`
	Have   uint64         `json:"have,omitempty"`
	Msgs   []comm.Message `json:"msgs,omitempty"`
}

// finish ends the operation. The outcome becomes durable in one commit with all unflushed
// steps; only then does anybody hear of it.
func (o *operation) finish(st Step) (Answer, error) {
	end := o.outcomeOf(st)
	if err := o.flush(leaving{end: &end}); err != nil {
		if answer, stops := stopping(err); stops {
			return answer, nil
		}
		return o.conclude(err).answer, nil
	}
	o.mail.flushed()
	_ = o.concludeAs(end, nil)
	o.sayLastWords(end.Fault != nil)
	return o.lastAnswer(), nil
}

// sayLastWords sends the last words of an initiator. If it has none, the next request to the peer
// says that the end is stored here.
func (o *operation) sayLastWords(failed bool) {
	if o.req.Side != Initiator || !o.mail.linked {
		return
	}
	if o.speaks = o.mail.hasLastWords(failed); o.speaks {
		o.post()
	} else if o.row && o.req.Peer.Key != "" {
		o.m.ends.add(o.req.Peer.Key, string(o.id))
	}
}

// outcomeOf is the outcome that the code hands over, as far as the host believes it.
func (o *operation) outcomeOf(st Step) outcome {
	if st.Fault != nil {
		f := o.crossing(st.Fault)
		if f.Kind == fault.Suspended { // only the host may say that
			f.Kind = fault.Internal
		}
		if f.Reason == ReasonPending { // this is the end; nobody must wait for another one
			f.Reason = ReasonUndecided
		}
		if o.spec.Name == Pay && o.mail.accepted() && fault.NothingHappened(f) {
			f = fault.Wrap(f, fault.Unknown, "the peer has taken the payment, and its answer is not understood here: %s", f.Message).
				Because(f.Reason).WithHint("ask the peer before you pay again")
		}
		return outcome{Fault: f}
	}
	r := Result{}
	if st.Result != nil {
		r = *st.Result
	}
	if err := o.unfit(r); err != nil {
		o.rewind()
		return outcome{Fault: o.crossing(err)}
	}
	return outcome{Result: &r}
}

// unfit is why the host refuses a result, or nil. Above all it checks the money: nobody pays without
// the vendor, and the amount of a payment must be the price that the vendor signed and the payer
// saw, whatever the plugin says.
func (o *operation) unfit(r Result) error {
	if len(r.Value) > maxResult {
		return fault.New(fault.Internal, "the result of %s has %d bytes; %d are allowed", o.spec.Name, len(r.Value), maxResult).Because("result-too-large")
	}
	if len(r.Value) > 0 && !instrument.PeerJSON(r.Value) {
		return fault.New(fault.Internal, "the result of %s is not JSON in UTF-8, or too deep", o.spec.Name).Because("result-malformed")
	}
	if err := o.unconfirmed(); err != nil {
		return err
	}
	offer := o.req.Call.Offer
	if offer == nil || o.spec.Name != Pay || r.Amount == offer.Terms.Price {
		return nil
	}
	moved := "moved " + r.Amount.String()
	if r.Amount == (instrument.Amount{}) {
		moved = "does not say what it moved"
	}
	return fault.New(fault.Internal, "the payment %s and the offer says %s", moved, offer.Terms.Price).Because("amount-differs-from-offer").
		WithHint("tell the author of %s: the result of PAY has the offer's price as its Amount, at both sides", o.in.info.ID)
}

// unconfirmed refuses a result by which our code calls something paid, or given back, although the
// vendor's side has refused it or has said nothing. It is nil for all other results. It is not enough
// that the code has sent something: it may end with a last message to which no answer comes. If
// nothing is durable, nothing has left this party.
func (o *operation) unconfirmed() error {
	if o.spec.Name != Pay && o.spec.Name != Refund {
		return nil
	}
	if refusal, answered := o.mail.answer(); answered {
		return refusal
	}
	kind, hint := fault.Internal, "ask the vendor before you do it again"
	if !o.row {
		kind, hint = fault.Unsupported, "nothing was done"
	}
	return fault.New(kind, "the code of %s says that %s is done, and the vendor has said nothing", o.in.info.ID, o.spec.Name).Because(reasonUnanswered).
		WithHint("%s; tell the author of %s: at the initiator %s receives what the servicer answers before it ends", hint, o.in.info.ID, o.spec.Name)
}

// temporary reports whether the database may take the same unit of work a moment later.
func temporary(err error) bool {
	switch fault.ReasonOf(err) {
	case "queue-full", "database-busy", "disk-full":
		return true
	}
	return false
}

// lastAnswer is the last answer to the code.
func (o *operation) lastAnswer() Answer { return Answer{Done: true, Now: o.m.parts.Clock()} }

// concludeAs ends the run with an outcome that is durable, or with err: why there is none.
func (o *operation) concludeAs(end outcome, err error) *stopped {
	o.over = true
	switch {
	case err != nil:
		o.failure = o.crossing(err)
	case end.Fault != nil:
		o.failure = end.Fault
	default:
		o.result = *end.Result
	}
	return &stopped{o.lastAnswer()}
}

// conclude ends the run with a failure that is not durable. If nothing of the operation is
// durable, it has failed. Otherwise it cannot just fail: either its end stays open, until its
// peer asks again or the next life goes on, or it is stopped until its operator decides.
func (o *operation) conclude(err error) *stopped {
	switch {
	case !o.row && o.mail.linked && o.req.Side == Servicer && fault.KindOf(err) == fault.Unknown:
		if o.m.life.Err() == nil { // else nothing was to be stored
			o.m.parts.Log.Error("an operation could not be stored", "operation", Short(o.id), "protocol", o.in.info.ID, "error", err)
		}
		err = interrupted(o.id) // the peer must not take our disk's failure for the end
	case !o.row:
		err = withoutTrace(err)
	case o.m.life.Err() != nil: // the next one ends it
		err = interrupted(o.id)
	case o.unasked:
		o.m.parts.Log.Info("an operation waits for a person", "operation", Short(o.id), "protocol", o.in.info.ID)
		err = fault.New(fault.Unknown, "operation %s has a question, and nobody is here to be asked", Short(o.id)).Because(ReasonPending).
			WithHint("`operation resume %s` at a terminal asks it", Short(o.id))
	case fault.KindOf(err) == fault.Unavailable || fault.KindOf(err) == fault.Unknown:
		o.m.parts.Log.Error("an operation could not be ended", "operation", Short(o.id), "protocol", o.in.info.ID, "error", err)
		err = interrupted(o.id)
	default:
		err = o.stuck(err)
	}
	return o.concludeAs(outcome{}, err)
}

// withoutTrace is the failure of an operation of which nothing is durable, for its caller.
func withoutTrace(err error) error {
	switch f := fault.From(err); {
	case f.Reason == ReasonCrashed:
		return fault.Wrap(err, fault.Unavailable, "the plugin ended in the middle of the operation; nothing has happened").
			Because(ReasonCrashed).WithHint("try again; the same --key is fine")
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		if f.Reason == "" {
			return fault.Wrap(err, fault.Timeout, "the time for this operation was over before it began").Because("deadline")
		}
	}
	return err
}

// stuck stops an operation that cannot go on and of which something is durable. Its leases
// stay until its operator decides.
func (o *operation) stuck(cause error) error {
	f := stoppedBy(o.id, cause)
	o.halted = true
	o.m.parts.Log.Error("an operation was stopped", "operation", Short(o.id), "protocol", o.in.info.ID, "error", cause)
	row, err := o.toRow(Stuck, &outcome{Fault: o.crossing(f)})
	if err == nil {
		err = o.m.update(func(w Writer) error { return w.EndOperation(row) })
	}
	if err != nil {
		o.m.parts.Log.Error("a stopped operation could not be marked", "operation", Short(o.id), "error", err)
	}
	return f
}

// repeat finds the stored outcome of an earlier run under the same id, after a run that failed
// with nothing durable. The stored outcome counts: the repetition may have failed only because
// the instruments have changed since.
func (o *operation) repeat() {
	if o.failure == nil || o.row || o.fresh || o.spec.ReadOnly || o.m.life.Err() != nil {
		return
	}
	row, err := o.m.parts.Store.OperationRow(o.m.life, o.id)
	switch {
	case errors.Is(err, fault.NotFound):
	case err != nil:
		o.failure = o.crossing(fault.Wrap(err, fault.Unknown, "it cannot be seen whether operation %s has happened before", Short(o.id)).Because(ReasonPending))
	default:
		o.failure = nil
		_ = o.concludeAs(o.first(row))
	}
}

// first is the outcome that an earlier run of the same content has stored under this id.
func (o *operation) first(r Row) (outcome, error) {
	digest, err := o.digest()
	if err != nil {
		return outcome{}, err
	}
	if string(r.Digest) != string(digest[:]) || r.Peer != o.req.Peer.Key || r.Principal != o.req.Principal || r.Side != o.req.Side {
		return outcome{}, keyReused(o.id)
	}
	o.halted = r.State == Stuck
	end, err := o.m.openOutcome(r)
	if err == nil {
		o.stored = true
		o.mail.restore(end.Have, end.Msgs)
	}
	return end, err
}

func interrupted(id instrument.OperationID) error {
	return fault.New(fault.Unknown, "operation %s was interrupted before its end", Short(id)).Because(ReasonPending).
		WithHint("ask again with the same key, or look at `operation list`")
}

func memoryLost(id instrument.OperationID, s Operation) error {
	if s.ReadOnly {
		return fault.New(fault.Unavailable, "%s was interrupted; it has changed nothing", s.Name).Because("interrupted").WithHint("try again")
	}
	return fault.New(fault.Stuck, "this side does not know operation %s any more, and cannot begin in its middle", Short(id)).
		Because("memory-lost").WithHint("was an old backup restored here? its operator has to look")
}
