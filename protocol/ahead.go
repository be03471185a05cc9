package protocol

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// Ahead is the answer to a step that code in a plugin has not taken yet, sent along with an earlier
// answer. If the code takes just that step next, it need not go through the door for it, and hands
// the step over with its next exchange. To the host it is a step like any other, recorded in its
// turn and answered as was promised.
type Ahead struct {
	Now      time.Time
	Message  json.RawMessage      // of a Recv
	Instance *instrument.Instance // of a Get of it
}

// mostAhead bounds an answer that goes ahead, in bytes: the code may never use it.
const mostAhead = 16 << 10

// Answers reports whether it answers this step; nil answers none.
func (a *Ahead) Answers(st Step) bool {
	switch {
	case a == nil:
		return false
	case st.Kind == StepRecv:
		return len(a.Message) > 0
	}
	return st.Kind == StepGet && a.Instance != nil && a.Instance.ID == st.Get
}

// Is reports whether the host's answer is the one that has gone ahead.
func (a *Ahead) Is(b Answer) bool {
	if b.Fault != nil || !a.Now.Equal(b.Now) || !bytes.Equal(a.Message, b.Message) || (a.Instance == nil) != (b.Instance == nil) {
		return false
	}
	return a.Instance == nil || a.Instance.ID == b.Instance.ID && a.Instance.Version == b.Instance.Version && bytes.Equal(a.Instance.State, b.Instance.State)
}

// answer is the answer that the code gets. It shares memory with a.
func (a *Ahead) answer() Answer {
	return Answer{Now: a.Now, Message: a.Message, Instance: a.Instance}
}

// promise is the answer to step n that has gone ahead.
type promise struct {
	n     int
	ahead *Ahead
}

// aheadAtBegin answers the step with which a run most likely begins. A servicer reads the message
// that has come with the request; an initiator reads its main instrument, if it is not leased.
func (o *operation) aheadAtBegin() *Ahead {
	if o.req.Side == Servicer {
		return o.promise(1, &Ahead{Message: o.mail.next()})
	}
	return o.promise(1, o.main())
}

// aheadAfter answers the step that most likely comes after st. Code that has found an instance reads
// it; an initiator that has a message of its peer reads its main instrument again.
func (o *operation) aheadAfter(st Step, a Answer) *Ahead {
	switch {
	case a.Fault != nil:
		return nil
	case st.Kind == StepFind && a.Found != "":
		return o.promise(st.N+1, o.glimpse(a.Found))
	case st.Kind == StepRecv && o.req.Side == Initiator:
		return o.promise(st.N+1, o.main())
	}
	return nil
}

func (o *operation) main() *Ahead {
	id := o.req.Call.Main()
	if o.held.has(id) || id == "" {
		return nil
	}
	return o.glimpse(id)
}

// glimpse is an instance as Get would find it now. A read-only operation has no draft that would
// keep the answer the same until the step is taken, and gets none.
func (o *operation) glimpse(id instrument.ID) *Ahead {
	if o.spec.ReadOnly || !o.inPlugin() {
		return nil
	}
	i, err := o.draft.Peek(id)
	if err != nil || !o.in.reach[i.Class] {
		return nil
	}
	return &Ahead{Instance: &i}
}

// promise notes that a goes ahead as the answer to step n, and gives it its time: that of an
// earlier run, or now. Nothing goes ahead of a step that is on record.
func (o *operation) promise(n int, a *Ahead) *Ahead {
	o.promised = promise{}
	if a == nil || n <= len(o.steps) || !o.inPlugin() {
		return nil
	}
	if size := len(a.Message); size > mostAhead || size == 0 && a.Instance == nil || a.Instance != nil && len(a.Instance.State) > mostAhead {
		return nil
	}
	var again bool
	if a.Now, again = o.times[n]; !again {
		a.Now = o.m.parts.Clock()
	}
	o.promised = promise{n, a}
	return a
}

// keepPromise makes the answer to a step the one that has gone ahead. If the code took another step, the
// promise is void, and what was looked at for it is looked at anew later.
func (o *operation) keepPromise(st Step) {
	p := o.promised
	o.promised = promise{}
	switch {
	case p.n == st.N && p.ahead.Answers(st):
		setAt(&o.times, st.N, p.ahead.Now)
	case p.ahead != nil && o.draft != nil:
		o.draft.Unpeek()
	}
}

// inPlugin reports whether the code runs in a plugin.
func (o *operation) inPlugin() bool {
	_, is := o.in.protocol.(Stepper)
	return is
}
