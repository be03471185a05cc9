package protocol

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Update runs the closure over copies and holds its writes back as one step. The step is
// numbered when the closure has ended: reads inside the closure are steps before it.
func (s *author) Update(_ context.Context, f func(instrument.Tx) error) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	tx := &authorTx{s: s}
	err = f(tx)
	tx.over = true
	switch {
	case s.end != nil: // whatever the closure made of it
		return suspended()
	case err != nil:
		return err
	}
	if len(tx.writes.list) == 0 {
		return nil
	}
	st := Step{Kind: StepUpdate, Writes: tx.writes.list}
	if err := s.ride(st); err != nil {
		return err
	}
	if outcome := s.begin.Outcomes[s.n]; outcome != nil {
		return outcome
	}
	for _, i := range tx.writes.list {
		s.hold(i)
	}
	return nil
}

// hold remembers a written instance as later steps see it, if it is leased or was made here:
// nobody else changes it, so its next version is known.
func (s *author) hold(i instrument.Instance) {
	if i.Version == 0 || s.held.has(i.ID) {
		i.Version++
		s.held.put(i)
	}
}

// authorTx is the Tx of one closure.
type authorTx struct {
	s      *author
	seen   roll // read here, not held
	writes roll
	over   bool
}

// exchange asks from inside the closure, and only there.
func (t *authorTx) exchange(st Step) (Answer, error) {
	if t.over {
		return Answer{}, misused()
	}
	return t.s.exchange(st)
}

func (t *authorTx) Get(id instrument.ID) (instrument.Instance, error) {
	i, err := t.look(id)
	if err != nil {
		return instrument.Instance{}, err
	}
	return i.Clone(), nil
}

// look is Get without a copy, for callers that do not change what the instance points to.
func (t *authorTx) look(id instrument.ID) (instrument.Instance, error) {
	for _, known := range [...]*roll{&t.writes, &t.s.held, &t.seen} {
		if i, ok := known.get(id); ok {
			return i, nil
		}
	}
	if id == "" && t.s.Side() == Servicer {
		return instrument.Instance{}, fault.New(fault.Invalid, "this operation has no instrument at the side that serves").Because("instrument-missing").WithHint(hintServing)
	}
	if id == "" { // the call names no instrument
		return instrument.Instance{}, fault.New(fault.Invalid, "this operation needs an instrument, and none is given: which one?").Because("instrument-missing").
			WithHint("`instrument list` shows those that there are")
	}
	answer, err := t.exchange(Step{Kind: StepGet, Get: id})
	if err != nil {
		return instrument.Instance{}, err
	}
	if answer.Instance == nil {
		return instrument.Instance{}, missing("instance")
	}
	t.seen.put(*answer.Instance)
	return *answer.Instance, nil
}

func (t *authorTx) Find(class instrument.ClassID, key, value string) (instrument.ID, error) {
	for _, known := range [...]*roll{&t.writes, &t.s.held} {
		var least instrument.ID // so that the order of the list does not matter
		for _, i := range known.list {
			if i.Class == class && i.Keys[key] == value && value != "" && (least == "" || i.ID < least) {
				least = i.ID
			}
		}
		if least != "" {
			return least, nil
		}
	}
	if err := t.reach(class); err != nil {
		return "", err
	}
	answer, err := t.exchange(Step{Kind: StepFind, Find: &Lookup{Class: class, Key: key, Value: value}})
	return answer.Found, err
}

func (t *authorTx) Create(i instrument.Instance) (instrument.ID, error) {
	if i.ID == "" {
		id, err := t.newID()
		if err != nil {
			return "", err
		}
		i.ID = id
	}
	i.Version = 0
	return i.ID, t.write(i)
}

func (t *authorTx) Put(i instrument.Instance) error {
	before, err := t.look(i.ID)
	if err != nil {
		return err
	}
	if before.Version != i.Version {
		return fault.New(fault.Internal, "%s %s was put back with version %d, read with %d", i.Class, i.ID, i.Version, before.Version)
	}
	return t.write(i)
}

func (t *authorTx) write(i instrument.Instance) error {
	if err := t.reach(i.Class); err != nil {
		return err
	}
	t.writes.put(i.Clone())
	return nil
}

// reach refuses a class that the bundle does not bring. Where the door does not know the classes,
// as in process, the host refuses it with the same fault.
func (t *authorTx) reach(class instrument.ClassID) error {
	if d, knows := t.s.door.(reacher); knows && !d.Reaches(class) {
		return notReached(t.s.begin.Protocol, class)
	}
	return nil
}

// newID derives an id from the operation, so that the same run makes the same
// ids and Random stays the protocol's own.
func (t *authorTx) newID() (instrument.ID, error) {
	seed := sha256.Sum256(fmt.Appendf(nil, "instance %x %d %d", t.s.begin.Seed, t.s.n, len(t.writes.list)))
	return instrument.NewID(t.s.now, bytes.NewReader(seed[:]))
}
