package instrument

import "context"

// Recent is View for who needs some committed state of an instance and not the
// present one: it may be how this process has left it, and another process may have
// changed it since. That is enough for what never changes of an instance, and for
// who only wants to know what to do next and has it proved when he does it.
func (m *Manager) Recent(ctx context.Context, id ID) (Instance, error) {
	if row, ok := m.written.find(id); ok {
		return m.open(row)
	}
	return m.View(ctx, id)
}

// newer is View for who has seen a version a moment ago: what this process has
// committed above it was committed since. It is ours then, and another process may
// have committed a later one.
func (m *Manager) newer(ctx context.Context, id ID, seen int64) (_ Instance, ours bool, err error) {
	if row, ok := m.written.find(id); ok && seen > 0 && row.Version > seen {
		i, err := m.open(row)
		return i, true, err
	}
	i, err := m.View(ctx, id)
	return i, false, err
}

// remember keeps what was committed: rows as they are stored, sealed, and who has
// claimed which keys. Where owners have keys of their own rows are not kept: they are sealed
// anew, for other owners, too, without another version.
func (m *Manager) remember(c *Change) {
	_, owners := m.sealer.(OwnerSealer)
	for _, w := range c.writes {
		for _, k := range w.claims {
			m.claims.add(k, w.row.ID)
		}
		if owners {
			continue
		}
		row := w.row
		row.Keys = nil
		m.written.addOver(row.ID, row, func(old Row) bool { return row.Version > old.Version })
	}
}
