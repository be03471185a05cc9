package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// amend changes an instance whose state is an S, within a unit of work. change gets it as
// it is then, and says whether there is anything to write; it may be called again.
func amend[S any](tx *instrument.Draft, id instrument.ID, change func(*instrument.Instance, *S) (bool, error)) error {
	i, err := tx.Get(id)
	if err != nil {
		return err
	}
	var state S
	if err := i.Decode(&state); err != nil {
		return err
	}
	if write, err := change(&i, &state); err != nil || !write {
		return err
	}
	if err := i.Encode(state); err != nil {
		return err
	}
	return tx.Put(i)
}

// amend changes the record of a withdrawal, and its status accordingly, if change says
// that there is something to write.
func (b *Bank) amend(ctx context.Context, id instrument.ID, change func(*taler.Withdrawal) bool) error {
	return b.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		return amend(tx, id, func(i *instrument.Instance, w *taler.Withdrawal) (bool, error) {
			write := change(w)
			i.Status = string(w.State)
			return write, nil
		})
	})
}
