package protocol

import (
	"errors"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// rewound carries the answer that sends the code back to the top.
type rewound struct{ answer Answer }

func (*rewound) Error() string { return "the operation was rewound" }

// rewindWith notes what a step returns and sends the code back to the top.
func (o *operation) rewindWith(step int, outcome *fault.Fault) Answer {
	o.outcomes[step] = outcome
	o.rewind()
	b := o.beginning()
	return Answer{Rewind: &b}
}

// rewind forgets the unflushed tail. Answers that came from outside are kept:
// what was asked has happened, durable here or not.
func (o *operation) rewind() {
	for n := o.flushed; n < len(o.steps); n++ {
		switch o.steps[n].kind {
		case StepFetch, StepInvoke, StepAsk:
			o.kept[n+1] = o.steps[n]
		}
	}
	o.steps = o.steps[:o.flushed]
	taken := 0
	if o.flushed > 0 {
		taken = o.steps[o.flushed-1].mail
	}
	o.mail.rewind(taken)
	if !o.spec.ReadOnly {
		o.newDraft()
	}
}

// lost decides what a failed flush means: run again, with the outcome of the
// step that claimed a taken key, or fail.
func (o *operation) lost(err error) error {
	if o.rewinds++; o.rewinds > maxRewinds {
		return fault.Wrap(err, fault.Conflict, "too many others change the same instruments").Because("contended")
	}
	var taken *instrument.KeyConflict
	if errors.As(err, &taken) {
		for _, u := range o.updates {
			if slices.Contains(u.ids, taken.ID) {
				return &rewound{o.rewindWith(u.n, taken.Fault())}
			}
		}
		return taken.Fault()
	}
	conflict, ok := instrument.AsVersionConflict(err)
	if !ok {
		return err
	}
	leave, err := o.m.parts.Instruments.StandInLine(o.m.life, conflict.ID)
	if err != nil {
		return err
	}
	o.leave = append(o.leave, leave)
	if !o.row { // nothing is durable: look at the leased instances again
		if err := o.lease(o.m.life); err != nil {
			return err
		}
	}
	o.rewind()
	b := o.beginning()
	return &rewound{Answer{Rewind: &b}}
}
