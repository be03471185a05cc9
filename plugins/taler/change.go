package taler

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// verdict is what a pure rule says of a state: the instance stays as it is, or
// takes this status, the state that the rule has left and these unique keys.
type verdict struct {
	status string
	change bool
	claims map[string]string
}

// stay leaves the instance as it is.
var stay = verdict{}

func become(status string) verdict { return verdict{status: status, change: true} }

// claiming takes a unique key along.
func (v verdict) claiming(key, value string) verdict {
	v.claims = map[string]string{key: value}
	return v
}

// change reads an instance, lets a pure rule decide and writes what it says. It
// returns the state as it is then.
func change[S any](ctx context.Context, s protocol.Session, id instrument.ID, rule func(status string, state *S) (verdict, error)) (S, error) {
	var out S
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, state, err := read[S](tx, id)
		if err != nil {
			return err
		}
		v, err := rule(i.Status, &state)
		if err != nil {
			return err
		}
		out = state
		if !v.change {
			return nil
		}
		for key, value := range v.claims {
			claim(&i, key, value)
		}
		return put(tx, i, v.status, state)
	})
	return out, err
}

// look reads an instance and its state.
func look[S any](ctx context.Context, s protocol.Session, id instrument.ID) (status string, state S, err error) {
	err = s.Update(ctx, func(tx instrument.Tx) error {
		i, got, err := read[S](tx, id)
		status, state = i.Status, got
		return err
	})
	return status, state, err
}

func read[S any](tx instrument.Tx, id instrument.ID) (instrument.Instance, S, error) {
	var state S
	if id == "" {
		return instrument.Instance{}, state, fault.New(fault.Invalid, "this operation needs an instrument").Because("instrument-missing")
	}
	i, err := tx.Get(id)
	if err != nil {
		return instrument.Instance{}, state, err
	}
	err = i.Decode(&state)
	return i, state, err
}

func put(tx instrument.Tx, i instrument.Instance, status string, state any) error {
	i.Status = status
	if err := i.Encode(state); err != nil {
		return err
	}
	return tx.Put(i)
}

// claim adds a unique key to an instance.
func claim(i *instrument.Instance, key, value string) {
	if i.Keys == nil {
		i.Keys = map[string]string{}
	}
	i.Keys[key] = value
}
