package protocol

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// receive gives the code the peer's next message. If it is not here yet, the code's steps are
// flushed, messages are sent, and then it waits.
func (o *operation) receive(ctx context.Context) (Answer, error) {
	if !o.mail.linked {
		return Answer{}, noPeer(o.spec.Name)
	}
	if body, ok, err := o.mail.take(); ok || err != nil {
		return Answer{Message: body}, err
	}
	if o.waitsOnly() {
		o.leaveQueues()
		defer o.m.listen(o)()
		body, err := o.mail.await(ctx, o.req.Call.Deadline, o.m.parts.Clock)
		return Answer{Message: body}, err
	}
	if err := o.flush(leaving{posts: o.req.Side == Initiator}); err != nil {
		return Answer{}, err
	}
	if o.late() { // a request that has not left does not leave any more
		if err := o.mail.expire(); err != nil {
			return Answer{}, err
		}
	}
	o.post()
	body, err := o.outsideRoom(func() (json.RawMessage, error) { return o.mail.await(ctx, o.req.Call.Deadline, o.m.parts.Clock) })
	return Answer{Message: body}, err
}

// waitsOnly reports whether a peer has begun this operation without a message, and nothing
// was done for it. Such a wait is not flushed: peers that begin operations and say nothing
// fill no table.
func (o *operation) waitsOnly() bool {
	return o.req.Side == Servicer && !o.row && o.mail.silent() && (o.draft == nil || len(o.draft.Written()) == 0)
}

func (o *operation) late() bool {
	d := o.req.Call.Deadline
	return !d.IsZero() && !o.m.parts.Clock().Before(d)
}

// inquire puts a question to a server or a person. The question is durable before it leaves;
// its answer becomes durable with the next flush. After a rewind the answer is at hand and
// the question is not repeated. An earlier life may have lost the answer; then the question
// is repeated only if that is harmless, and else the code gets lostAnswer.
func (o *operation) inquire(ctx context.Context, st Step) (Answer, error) {
	if done, ok := o.kept[st.N]; ok {
		if done.digest() != st.digest() {
			return Answer{}, o.diverged(done, st)
		}
		return done.answer, nil
	}
	before, again := o.open[st.N] // the question of an earlier life
	if again && before.digest() != st.digest() {
		return Answer{}, o.diverged(before, st)
	}
	a, err := o.question(ctx, st, again)
	if _, stops := stopping(err); stops || err == nil || !again || st.reads() {
		return a, err
	}
	return Answer{}, lostAnswer(err) // why it fails now says nothing of the first time
}

// question makes a question durable and then puts it. again: an earlier life may have put it.
func (o *operation) question(ctx context.Context, st Step, again bool) (Answer, error) {
	if again && st.Kind == StepFetch && !st.Fetch.Repeat {
		return Answer{}, lostAnswer(nil)
	}
	send, err := o.sender(st)
	if err != nil {
		return Answer{}, err
	}
	if err := o.flush(leaving{asks: &st, posts: o.req.Side == Initiator && o.mail.waiting()}); err != nil {
		return Answer{}, err
	}
	if o.mail.waiting() {
		o.post() // what was said before the question leaves before it
	}
	a, err := send(ctx)
	if o.m.life.Err() != nil && err != nil {
		return Answer{}, suspended()
	}
	if err != nil {
		if again && !st.reads() {
			err = lostAnswer(err)
		}
		a.Fault = o.crossing(err)
	}
	a.outside = true
	return a, nil
}

// lostAnswer is the answer to a question that an earlier life has put, or was about to put,
// and that must not be repeated: nobody here knows what it has done.
func lostAnswer(cause error) error {
	return fault.Wrap(cause, fault.Unknown, "the answer was lost when this party ended in the middle").Because(ReasonAnswerLost).
		WithHint("ask by reference what has become of it")
}

// sender checks a question and returns the function that puts it. Nothing is durable yet.
func (o *operation) sender(st Step) (func(context.Context) (Answer, error), error) {
	if st.Kind == StepAsk {
		return o.asker(st.Prompt)
	}
	if st.Fetch == nil {
		return nil, o.broken("a request without content")
	}
	r, err := o.allowed(*st.Fetch)
	if err != nil {
		return nil, err
	}
	if o.spec.ReadOnly && !st.Fetch.Repeat {
		return nil, fault.New(fault.Denied, "%s only reads and may not send this request", o.spec.Name).Because("read-only")
	}
	r.Header["Idempotency-Key"] = o.key(st.N)
	return func(ctx context.Context) (Answer, error) {
		o.m.at(PointBeforeFetch)
		got, err := o.m.parts.Fetch(ctx, r)
		o.m.at(PointAfterFetch)
		if err != nil {
			return Answer{}, err
		}
		return Answer{Response: &got}, nil
	}, nil
}

// hintServing is of faults of the code that serves. The initiator's person reads them.
const hintServing = "a defect of the plugin at the side that serves: whoever runs it can tell its author"

// asker is sender for a question to a person. It waits for the answer until the operation's
// deadline; later the peer has given up.
func (o *operation) asker(p *Prompt) (func(context.Context) (Answer, error), error) {
	switch {
	case p == nil:
		return nil, o.broken("a question without content")
	case o.late():
		return nil, notAnswered()
	}
	switch none := fault.New(fault.Unsupported, "nobody is here to be asked").Because(ReasonNoPerson); {
	case o.req.Side == Servicer:
		return nil, none.WithHint(hintServing)
	case o.m.parts.Ask == nil && o.resumed: // the operation waits until a person is here again
		o.unasked = true
		return nil, suspended()
	case o.m.parts.Ask == nil:
		return nil, none.WithHint("repeat it at a terminal, and not told to be silent; the question is: %s", fault.Line(p.Text))
	}
	return func(ctx context.Context) (Answer, error) {
		if d := o.req.Call.Deadline; !d.IsZero() {
			within, done := context.WithTimeoutCause(ctx, d.Sub(o.m.parts.Clock()), notAnswered())
			defer done()
			ctx = within
		}
		text, err := o.m.parts.Ask(ctx, Question{Prompt: *p, Protocol: o.in.info.ID, Name: o.req.Call.Operation, Peer: o.req.Peer})
		return Answer{Text: text}, err
	}, nil
}

func notAnswered() error {
	return fault.New(fault.Timeout, "nobody has answered in time").Because(ReasonQuestionOver).WithHint("begin it again")
}

// key is the idempotency key of a request to a server, which makes sending it twice harmless.
// It is the same for one operation and step, however often the code runs. Both sides of an
// operation share its id and may use the same server; so the servicer's key is marked.
func (o *operation) key(step int) string {
	if o.req.Side == Servicer {
		return string(o.id) + "-servicer-" + strconv.Itoa(step)
	}
	return string(o.id) + "-" + strconv.Itoa(step)
}

// allowed is the request that is sent for the code's: to the origin (scheme, host, port) that
// the named instrument holds, and below its path. Others are fault.Denied.
func (o *operation) allowed(r Request) (comm.Fetch, error) {
	holder, err := o.read(r.Address)
	if err != nil {
		return comm.Fetch{}, err
	}
	info, err := o.m.parts.Instruments.Info(holder.Class)
	if err != nil {
		return comm.Fetch{}, err
	}
	granted, err := address(holder, info.Address)
	if err != nil {
		return comm.Fetch{}, err
	}
	target, err := below(granted, r.Path)
	if err != nil {
		return comm.Fetch{}, err
	}
	header := map[string]string{}
	for k, v := range r.Header {
		if !strings.EqualFold(k, "Idempotency-Key") { // the host's alone
			header[k] = v
		}
	}
	return comm.Fetch{
		Method: r.Method, URL: target, Header: header, Body: r.Body, Timeout: r.Timeout, Limit: r.Limit, Redirects: r.Repeat,
	}, nil
}

// get reads an instance that is not leased. The next flush fails if it has changed by then.
func (o *operation) get(id instrument.ID) (Answer, error) {
	i, err := o.read(id)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Instance: &i}, nil
}

// read is get for the host's own use.
func (o *operation) read(id instrument.ID) (instrument.Instance, error) {
	var i instrument.Instance
	var err error
	if o.spec.ReadOnly {
		i, err = o.glance(id)
	} else {
		i, err = o.draft.Look(id)
	}
	if err != nil {
		return instrument.Instance{}, err
	}
	if !o.in.reach[i.Class] {
		return instrument.Instance{}, notReached(o.in.info.ID, i.Class)
	}
	return i, nil
}

// glance is read for a read-only operation. The instruments of its call are as they were when
// it began.
func (o *operation) glance(id instrument.ID) (instrument.Instance, error) {
	for _, i := range o.leased {
		if i.ID == id {
			return i, nil
		}
	}
	return o.m.parts.Instruments.View(o.m.life, id)
}

// findKey looks an instance up by a unique key of its class; Found is empty if there is none.
func (o *operation) findKey(l *Lookup) (Answer, error) {
	if l == nil || !o.in.reach[l.Class] {
		return Answer{}, fault.New(fault.Denied, "%s may not look there", o.in.info.ID).Because("class-not-granted")
	}
	var id instrument.ID
	var err error
	if o.spec.ReadOnly {
		var i instrument.Instance
		i, err = o.m.parts.Instruments.Lookup(o.m.life, l.Class, l.Key, l.Value)
		id = i.ID
	} else {
		id, err = o.draft.Find(l.Class, l.Key, l.Value)
	}
	return Answer{Found: id}, err
}
