package profile

import (
	"context"

	"github.com/swaperoo/swaperoo/instrument"
)

// SetLimits replaces the limits of a principal.
func (m *Manager) SetLimits(ctx context.Context, id instrument.PrincipalID, l Limits) error {
	return m.Change(ctx, id, func(p *Principal) error { p.Limits = l; return nil })
}
