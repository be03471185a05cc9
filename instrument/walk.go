package instrument

import (
	"cmp"
	"context"
)

// walked is how many instances a walk reads at a time, unless it is told otherwise.
const walked = 256

// Walk reads the instances that a filter chooses in the order of their ids, for as long as
// each wants more; the filter's limit is how many are read at a time. One that cannot be opened,
// for it was altered or is locked, is closed's, whose error ends the walk: nil goes on behind it. List is for
// who wants all of them or none.
func (m *Manager) Walk(ctx context.Context, f Filter, each func(Instance) (more bool, err error), closed func(ID, error) error) error {
	f.Limit = cmp.Or(f.Limit, walked)
	for {
		rows, err := m.store.Rows(ctx, f)
		if err != nil {
			return err
		}
		for _, r := range rows {
			f.After = r.ID
			i, err := m.open(r)
			if err != nil {
				if err := closed(r.ID, err); err != nil {
					return err
				}
				continue
			}
			if more, err := each(i); err != nil || !more {
				return err
			}
		}
		if len(rows) < f.Limit {
			return nil
		}
	}
}
