package client

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// With are the instruments of an operation for which the person names none: those with
// which it was begun before, or the only usable one of the class if the operation declares
// that it wants one. Any other operation gets none.
func (w *Wallet) With(ctx context.Context, s *controller.Session, t controller.Transaction) ([]instrument.ID, error) {
	o, err := s.Operation(t.Class, t.Operation)
	if err != nil || o.Instruments != protocol.WantsMain {
		return nil, err
	}
	if t.ID != "" {
		begun, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(t.ID)})
		if err != nil {
			return nil, err
		}
		if len(begun) > 0 {
			return begun[0].Instruments, nil
		}
	}
	held, err := w.usable(ctx, t.Class)
	if err != nil {
		return nil, err
	}
	if fit, err := w.payable(held, t.Class, instrument.Amount{}, s.Peer().Key); err != nil {
		return nil, err
	} else if len(fit) > 0 {
		held = fit
	}
	i, err := one(held, t.Class)
	return []instrument.ID{i.ID}, err
}

// usable lists the instruments of a class with which an operation can begin.
func (w *Wallet) usable(ctx context.Context, class instrument.ClassID) ([]instrument.Instance, error) {
	info, err := w.Instruments().Info(class)
	if err != nil {
		return nil, err
	}
	held, err := w.Usable(ctx, w.user, instrument.Filter{Class: class})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(held, func(i instrument.Instance) bool {
		return !info.Usable(i.Status)
	}), nil
}

// payable leaves out of the instruments of a class those that are for another peer, or of another
// currency than the price if there is one, as far as the class says so.
func (w *Wallet) payable(held []instrument.Instance, class instrument.ClassID, price instrument.Amount, peer string) ([]instrument.Instance, error) {
	info, err := w.Instruments().Info(class)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(held), func(i instrument.Instance) bool {
		other := func(member, wanted string) bool {
			var state map[string]json.RawMessage
			var is string
			return i.Decode(&state) == nil && json.Unmarshal(state[member], &is) == nil && is != wanted
		}
		return info.Peer != "" && other(info.Peer, peer) || info.Currency != "" && price != (instrument.Amount{}) && other(info.Currency, price.Currency)
	}), nil
}

// unusable says why an instrument that the person has named cannot pay. It is there, so it
// is a conflict, as where an operation finds the same.
func (w *Wallet) unusable(ctx context.Context, id instrument.ID) error {
	i, err := w.Instruments().View(ctx, id)
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "the %s that was named cannot be used: it is %s, or not this user's", i.Class, i.Status).Because("instrument-unusable").
		WithHint("look at `wallet instrument list`, or name none")
}

// one is the only instrument of a class that can be used.
func one(held []instrument.Instance, class instrument.ClassID) (instrument.Instance, error) {
	switch len(held) {
	case 0:
		f := fault.New(fault.NotFound, "this wallet has no %s that can be used", class).Because("instrument-missing")
		if class == ClassCard {
			return instrument.Instance{}, f.WithHint("add one with `wallet instrument add %s`", class)
		}
		return instrument.Instance{}, f.WithHint("`wallet instrument add %[1]s` adds one, unless it comes from an operation with the vendor: in a session `operations %[1]s` shows those that there are", class)
	case 1:
		return held[0], nil
	}
	return instrument.Instance{}, fault.New(fault.Invalid, "this wallet has %d instruments of class %s", len(held), class).Because("input-needed").
		WithHint("say which: --instrument NAME or ID; `wallet instrument list --class %s` shows those that there are", class)
}

// card finds the card to pay with: the one that the person has named, that the withdrawal was to be
// paid with before, or the only one.
func (r *withdrawal) card(ctx context.Context) (instrument.ID, error) {
	if r.want.Card != "" {
		return r.want.Card, nil
	}
	all, err := r.w.usable(ctx, ClassCard)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(all, func(i instrument.Instance) bool { return i.ID == r.payer }) {
		return r.payer, nil
	}
	i, err := one(all, ClassCard)
	return i.ID, err
}
