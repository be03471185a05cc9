package protocol

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// Ahead is the answer to a step that code in a plugin has not taken yet. If that is just the next
// one it takes, it goes on without asking, and the step is the first of its next exchange: that
// saves a turn through the door. To the host it is a step like any other, taken, recorded and
// answered in its turn; what it has promised is what it answers then.
type Ahead struct {
	Now      time.Time
	Message  json.RawMessage      // of a Recv
	Instance *instrument.Instance // of a Get of it
}

// mostAhead bounds what goes ahead in vain, in bytes.
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

// Is reports whether the host answers what was told ahead.
func (a *Ahead) Is(b Answer) bool {
	if b.Fault != nil || !a.Now.Equal(b.Now) || !bytes.Equal(a.Message, b.Message) || (a.Instance == nil) != (b.Instance == nil) {
		return false
	}
	return a.Instance == nil || a.Instance.ID == b.Instance.ID && a.Instance.Version == b.Instance.Version && bytes.Equal(a.Instance.State, b.Instance.State)
}

// answer is what the code gets, copies of it.
func (a *Ahead) answer() Answer {
	return Answer{Now: a.Now, Message: a.Message, Instance: a.Instance}
}

// promise is what the host has told ahead, of step n.
type promise struct {
	n     int
	ahead *Ahead
}

// foremost is what a run most likely begins with: a servicer's with the message that has come with
// the request, an initiator's with its instrument, if that is not leased.
func (o *operation) foremost() *Ahead {
	if o.req.Side == Servicer {
		return o.promise(1, &Ahead{Message: o.mail.next()})
	}
	return o.promise(1, o.main())
}

// follows is what most likely comes after a step: whoever has found an instance reads it, and whoever
// has heard the answer of the peer reads the instrument of the call again.
func (o *operation) follows(st Step, a Answer) *Ahead {
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

// glimpse is an instance as Get would find it now. An operation that only reads keeps no draft that
// would make it the same a moment later.
func (o *operation) glimpse(id instrument.ID) *Ahead {
	if o.spec.ReadOnly || !o.elsewhere() {
		return nil
	}
	i, err := o.draft.Peek(id)
	if err != nil || !o.in.reach[i.Class] {
		return nil
	}
	return &Ahead{Instance: &i}
}

// promise notes what is told ahead of step n, and when: the step is answered with that time, or with
// the one of an earlier run. What was recorded is answered from the record.
func (o *operation) promise(n int, a *Ahead) *Ahead {
	o.promised = promise{}
	if a == nil || n <= len(o.steps) || !o.elsewhere() {
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

// keep has a step answered as was told ahead. If it is another one, nobody has been told: later the
// same is looked at anew.
func (o *operation) keep(st Step) {
	p := o.promised
	o.promised = promise{}
	switch {
	case p.n == st.N && p.ahead.Answers(st):
		note(&o.times, st.N, p.ahead.Now)
	case p.ahead != nil && o.draft != nil:
		o.draft.Unpeek()
	}
}

func (o *operation) elsewhere() bool {
	_, is := o.in.protocol.(Stepper)
	return is
}
