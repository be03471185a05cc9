package vendor

import (
	"context"
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// takings are the operations that are paying a part in this process: from before they are
// on the record of the payment until they have ended. For a while the store knows nothing
// of such an operation, so only this process can say that it runs.
type takings struct {
	mu  sync.Mutex
	all map[instrument.OperationID]int
}

// take notes an operation. The caller calls leave when the operation has ended or does not
// begin. An operation that two requests name at once is noted twice.
func (k *takings) take(op instrument.OperationID) (leave func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil {
		k.all = map[instrument.OperationID]int{}
	}
	k.all[op]++
	return sync.OnceFunc(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.all[op]--; k.all[op] == 0 {
			delete(k.all, op)
		}
	})
}

func (k *takings) has(op instrument.OperationID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all[op] > 0
}

// taken reports whether the taker of a part may still pay it, whatever the store says of
// its operation: it is paying in this process, or another process that lives has taken it.
func (t *Terminal) taken(p share) bool {
	if p.Taker == "" {
		return false
	}
	if p.Life == t.Protocols().Runner() {
		return t.taking.has(p.Taker)
	}
	return t.Protocols().Elsewhere(p.Life)
}

// letGo removes the claim of an operation that has not paid from the record. Other
// processes of this terminal see nothing but the record; otherwise they would wait until
// this process ends.
func (t *Terminal) letGo(ctx context.Context, key string, op instrument.OperationID) {
	ctx = context.WithoutCancel(ctx)
	i, err := t.Instruments().Lookup(ctx, controller.ClassPayment, keyPayment, key)
	if err == nil {
		err = t.Instruments().Update(ctx, func(tx *instrument.Draft) error { return unclaim(tx, i.ID, op) })
	}
	if err != nil {
		t.Log().Warn("a part that was not paid is still claimed", "error", err)
	}
}

func unclaim(tx *instrument.Draft, id instrument.ID, op instrument.OperationID) error {
	i, err := tx.Get(id)
	if err != nil {
		return err
	}
	var w whole
	if err := i.Decode(&w); err != nil {
		return err
	}
	at := slices.IndexFunc(w.Parts, func(p share) bool { return p.Taker == op })
	if at < 0 {
		return nil
	}
	w.Parts[at].Taker, w.Parts[at].Life = "", ""
	if err := i.Encode(w); err != nil {
		return err
	}
	return tx.Put(i)
}
