package controller

import (
	"cmp"
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Usable lists the instruments that a filter chooses among those that a
// principal may use: its own, those of its groups, and an agent's person's. They
// are in the order of their ids; the filter's owner and limit do not count.
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
