package instrument

import (
	"cmp"
	"context"
)

// walked is how many instances a walk reads at a time, unless it is told otherwise.
const walked = 256

// Walk hands the instances that a filter chooses to each, in the order of their ids,
// as long as each wants more; the filter's limit is how many are read at a time. An
// instance that cannot be opened, because it was altered or is locked, goes to closed:
// an error of closed ends the walk, nil goes on with the next. List, which fails at
// the first of them, is for callers that want all or none.
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
