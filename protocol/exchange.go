package protocol

import (
	"context"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Exchange implements Door: it takes the code's steps and answers the last one. Steps up to
// the record are compared with it instead of being taken again.
func (o *operation) Exchange(ctx context.Context, steps []Step) (Answer, error) {
	if o.m.life.Err() != nil {
		return Answer{Suspended: true}, nil
	}
	o.m.at(PointSteps)
	defer o.m.at(PointAnswer)
	for i, st := range steps {
		asks := st.Kind >= StepResult
		switch {
		case o.over:
			return Answer{}, o.broken("step %d came after the end", st.N)
		case st.N != o.n+1:
			return Answer{}, o.broken("step %d came after step %d", st.N, o.n)
		case st.N > maxSteps:
			return Answer{}, tooManySteps()
		case asks != (i == len(steps)-1):
			return Answer{}, o.broken("step %d asks in the middle, or nothing asks at the end", st.N)
		}
		o.n++
		if o.n <= len(o.steps) {
			again := o.steps[o.n-1]
			if again.digest() != st.digest() {
				return Answer{}, o.diverged(again, st)
			}
			if asks {
				return again.answer, nil
			}
			continue
		}
		if asks {
			return o.answer(ctx, st)
		}
		if answer := o.ride(st); answer != nil {
			return *answer, nil
		}
	}
	return Answer{}, o.broken("an exchange without steps")
}

// ride takes a step that needs no answer. If the step is refused, the answer is a rewind: the
// code runs again from the top, and there the step returns its refusal.
func (o *operation) ride(st Step) *Answer {
	if told, ok := o.outcomes[st.N]; ok {
		if told.digest == st.digest() { // the code gets the refusal; the step has no effect
			o.record(st, Answer{})
			return nil
		}
		return o.undecided(st.N)
	}
	if refusal := o.take(st); refusal != nil {
		return o.rewindWith(st, o.crossing(refusal))
	}
	o.record(st, Answer{})
	return nil
}

// take carries out a riding step, in memory. The error is its refusal.
func (o *operation) take(st Step) error {
	switch {
	case st.Kind == StepSend && !o.mail.linked:
		return noPeer(o.spec.Name)
	case st.Kind == StepSend:
		return o.mail.write(st.Body)
	case st.Kind != StepUpdate:
		return o.broken("step %d is of an unknown kind", st.N)
	case o.spec.ReadOnly:
		return fault.New(fault.Denied, "%s only reads and may not change instruments", o.spec.Name).Because("read-only")
	}
	for _, w := range st.Writes {
		if err := o.write(w); err != nil {
			return err
		}
	}
	return nil
}

// write puts one instance into the draft, after checking that the protocol may reach its class
// and that the class permits the change. Nobody changes what i points to any more.
func (o *operation) write(i instrument.Instance) error {
	if !o.in.reach[i.Class] {
		return notReached(o.in.info.ID, i.Class)
	}
	if i.Version == 0 {
		owner, err := o.owner(i)
		if err != nil {
			return err
		}
		i.Owner = owner
		_, err = o.draft.CreateGiven(i)
		return err
	}
	was, err := o.draft.Look(i.ID)
	if err != nil {
		return err
	}
	i.Owner = was.Owner
	return o.draft.PutGiven(i)
}

// owner is to whom a new instance belongs. The code may choose the principal for whom the
// operation runs, or the owner of an instrument that the call names or the operation has
// changed; nobody else.
func (o *operation) owner(i instrument.Instance) (instrument.PrincipalID, error) {
	if i.Owner == "" || i.Owner == o.req.Principal {
		return o.req.Principal, nil
	}
	for _, id := range o.req.Call.Instruments {
		given, err := o.m.parts.Instruments.View(o.m.life, id)
		if err != nil {
			return "", err
		}
		if given.Owner == i.Owner {
			return i.Owner, nil
		}
	}
	for _, changed := range o.draft.Written() {
		if changed.Owner == i.Owner {
			return i.Owner, nil
		}
	}
	return "", fault.New(fault.Denied, "%s may not make a %s for somebody else", o.in.info.ID, i.Class).Because("owner-not-granted")
}

// answer takes an asking step.
func (o *operation) answer(ctx context.Context, st Step) (Answer, error) {
	o.keepPromise(st)
	var a Answer
	var err error
	switch st.Kind {
	case StepResult:
		return o.finish(st)
	case StepRecv:
		a, err = o.receive(ctx)
	case StepFetch, StepAsk:
		a, err = o.inquire(ctx, st)
	case StepGet:
		a, err = o.get(st.Get)
	case StepFind:
		a, err = o.findKey(st.Find)
	default:
		return Answer{}, o.broken("step %d is of an unknown kind", st.N)
	}
	if end, stops := stopping(err); stops {
		return end, nil
	}
	if st.Kind != StepRecv && breaksRules(err) { // the error of Recv may be the peer's
		return Answer{}, err
	}
	if err != nil {
		a = Answer{Fault: o.crossing(err)}
	}
	a.Now = o.time(st.N)
	o.record(st, a)
	a.Ahead = o.aheadAfter(st, a)
	return a, nil
}

// time is when a step was answered first. Code that runs again gets the same time, and so
// makes the same instances under the same ids. With another time a refused step would look
// new in each run, and would be refused for ever.
func (o *operation) time(step int) time.Time {
	t, again := o.times[step]
	if !again {
		t = o.m.parts.Clock()
		setAt(&o.times, step, t)
	}
	return t
}

// setAt puts v into a map, and makes the map if there is none: most operations need none.
func setAt[V any](in *map[int]V, step int, v V) {
	if *in == nil {
		*in = map[int]V{}
	}
	(*in)[step] = v
}

// breaksRules reports whether the code has broken the rules and must not go on.
func breaksRules(err error) bool {
	r := fault.ReasonOf(err)
	return r == "steps-broken" || r == "steps-diverged"
}

// stopped carries the answer that ends a run: back to the top, or for good.
type stopped struct{ answer Answer }

func (*stopped) Error() string { return "the run has ended" }

// stopping tells errors that end the run from those that the code is told.
func stopping(err error) (Answer, bool) {
	var s *stopped
	switch {
	case errors.As(err, &s):
		return s.answer, true
	case errors.Is(err, fault.Suspended):
		return Answer{Suspended: true}, true
	}
	return Answer{}, false
}

// crossing is an error as the code and the caller get it, at first and when repeated: without
// its cause. The cause of an internal error goes to this side's log.
func (o *operation) crossing(err error) *fault.Fault {
	f := fault.From(err)
	if f.Kind == fault.Internal {
		o.m.parts.Log.Error("an operation met a defect", "operation", Short(o.id), "protocol", o.in.info.ID, "error", err)
	}
	return &fault.Fault{Kind: f.Kind, Reason: f.Reason, Message: f.Message, Hint: f.Hint}
}

// record notes that a step was taken and answered.
func (o *operation) record(st Step, a Answer) {
	delete(o.open, st.N)
	if o.steps == nil {
		o.steps = make([]recorded, 0, fewSteps)
	}
	o.steps = append(o.steps, recorded{step: st, answer: a, mail: o.mail.taken()})
}

// fewSteps is how many steps most operations take.
const fewSteps = 2

// broken is the fault of code, or of a plugin, that does not keep the rules.
func (o *operation) broken(format string, args ...any) error {
	return fault.New(fault.Internal, "%s in %s broke the rules of an operation: "+format,
		append([]any{o.in.info.ID, o.spec.Name}, args...)...).Because("steps-broken")
}

// diverged is the error of code that takes another step than before over the same answers. It
// is stopped and its operator is told, for going on would be guessing.
func (o *operation) diverged(before recorded, now Step) error {
	what := "with other content"
	if before.step.Kind != now.Kind {
		what = "where it was " + before.step.Kind.String()
	}
	return fault.New(fault.Internal, "run again, step %d of %s in %s is %s, %s", now.N, o.in.info.ID, o.spec.Name, now.Kind, what).
		Because("steps-diverged")
}

func noPeer(operation string) error {
	return fault.New(fault.Unsupported, "%s has no peer to talk to here", operation).Because("no-peer")
}
