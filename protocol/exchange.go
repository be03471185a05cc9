package protocol

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxRewinds bounds how often an operation may be too late. It stands in line
// from the second attempt, so more than a few are a defect.
const maxRewinds = 50

// Exchange is the Door: it takes the code's steps and answers the last one.
func (o *operation) Exchange(ctx context.Context, steps []Step) (Answer, error) {
	if o.m.life.Err() != nil {
		return Answer{Suspended: true}, nil
	}
	for i, st := range steps {
		if st.N != o.n+1 || o.n >= maxSteps {
			return Answer{}, o.broken("step %d came after step %d", st.N, o.n)
		}
		o.n++
		asks := st.Kind >= StepResult
		if asks != (i == len(steps)-1) {
			return Answer{}, o.broken("step %d asks in the middle, or nothing asks at the end", st.N)
		}
		if o.n <= len(o.steps) {
			again := o.steps[o.n-1]
			if again.kind != st.Kind || again.digest != st.digest() {
				return Answer{}, o.broken("step %d differs from the one that was recorded", st.N)
			}
			if asks {
				return again.answer, nil
			}
			continue
		}
		if asks {
			return o.answer(ctx, st)
		}
		o.record(st, Answer{})
		if refusal := o.ride(st); refusal != nil {
			return o.rewindWith(st.N, refusal), nil
		}
	}
	return Answer{}, o.broken("an exchange without steps")
}

// ride takes a step that needs no answer. A refusal is what the step returns
// when the code has run again.
func (o *operation) ride(st Step) *fault.Fault {
	if o.outcomes[st.N] != nil {
		return nil // it did not go well in an earlier run: the code was told, and nothing of it counts
	}
	if st.Kind == StepSend {
		if !o.mail.reachesPeer() {
			return fault.New(fault.Unsupported, "%s has no peer to talk to here", o.spec.Name).Because("no-peer")
		}
		if err := o.mail.write(st.Body); err != nil {
			return fault.From(err)
		}
		return nil
	}
	if o.spec.ReadOnly {
		return fault.New(fault.Denied, "%s only reads and may not change instruments", o.spec.Name).Because("read-only")
	}
	made := madeUpdate{n: st.N}
	for _, w := range st.Writes {
		if err := o.write(w); err != nil {
			return fault.From(err)
		}
		made.ids = append(made.ids, w.ID)
	}
	o.updates = append(o.updates, made)
	return nil
}

// write puts one written instance into the draft, checked against what the
// protocol may reach and what the class permits.
func (o *operation) write(i instrument.Instance) error {
	if !o.in.reach[i.Class] {
		return notReached(o.in.info.ID, i.Class)
	}
	if i.Version == 0 {
		if i.Owner == "" {
			i.Owner = o.req.Principal
		}
		_, err := o.draft.Create(i)
		return err
	}
	before, err := o.draft.Get(i.ID)
	if err != nil {
		return err
	}
	i.Owner = before.Owner
	if before.Class != i.Class {
		return notReached(o.in.info.ID, before.Class)
	}
	return o.draft.Put(i)
}

// answer takes an asking step.
func (o *operation) answer(ctx context.Context, st Step) (Answer, error) {
	var a Answer
	var err error
	switch st.Kind {
	case StepResult:
		return o.finish(ctx, st)
	case StepRecv:
		a, err = o.receive(ctx)
	case StepFetch:
		a, err = o.fetch(ctx, st)
	case StepGet:
		a, err = o.get(st.Get)
	case StepFind:
		a, err = o.findKey(st.Find)
	case StepAsk:
		a, err = o.askPerson(ctx, st)
	case StepInvoke:
		err = fault.New(fault.Denied, "%s has not been granted any other protocol", o.in.info.ID).Because("invoke-denied")
	default:
		return Answer{}, o.broken("step %d is of an unknown kind", st.N)
	}
	var again *rewound
	switch {
	case errors.As(err, &again):
		return again.answer, nil
	case errors.Is(err, fault.Suspended):
		return Answer{Suspended: true}, nil
	case err != nil:
		a = Answer{Fault: fault.From(err)}
	}
	a.Now = o.m.parts.Clock()
	o.record(st, a)
	return a, nil
}

func (o *operation) record(st Step, a Answer) {
	o.steps = append(o.steps, recorded{kind: st.Kind, digest: st.digest(), answer: a, mail: o.mail.taken()})
}

// digest is equal for the same step of the same code over the same answers.
func (st Step) digest() [32]byte {
	text, err := json.Marshal(st)
	if err != nil {
		return [32]byte{}
	}
	return sha256.Sum256(text)
}

// broken is the fault of code, or of a plugin, that does not keep the rules.
func (o *operation) broken(format string, args ...any) error {
	return fault.New(fault.Internal, "%s in %s broke the rules of an operation: "+format,
		append([]any{o.in.info.ID, o.spec.Name}, args...)...).Because("steps-broken")
}
