package controller

import (
	"cmp"
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Usable lists the instruments that a principal may use, in the order of their ids: its own, those
// of its groups and, for an agent, those of the person for whom it acts. f restricts them; its Owner
// and Limit are ignored.
func (c *Controller) Usable(ctx context.Context, p profile.Principal, f instrument.Filter) ([]instrument.Instance, error) {
	owners, err := c.profiles.Owners(ctx, p)
	if err != nil {
		return nil, err
	}
	f.Limit = 0
	var out []instrument.Instance
	for _, f.Owner = range owners {
		held, err := c.instruments.List(ctx, f)
		if err != nil {
			return nil, err
		}
		out = append(out, held...)
	}
	slices.SortFunc(out, func(a, b instrument.Instance) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// sealer seals instruments under the keys of their owners, if owners have keys.
func (p Parts) sealer() instrument.Sealer {
	if p.Ring == nil {
		return p.Engine
	}
	return owned{p.Engine, p.Ring}
}

type owned struct {
	*crypto.Engine
	ring *crypto.Ring
}

// For implements instrument.OwnerSealer.
func (o owned) For(owner instrument.PrincipalID) (instrument.OwnerSeal, error) {
	return o.ring.For(string(owner))
}
