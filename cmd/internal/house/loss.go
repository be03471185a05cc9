package house

import (
	"context"
	"sync"
)

// loss is the end of a store that accepts no changes any more.
type loss struct {
	once sync.Once
	done chan struct{}
	why  error // read after done
}

func newLoss() *loss { return &loss{done: make(chan struct{})} }

func (l *loss) end(why error) {
	l.once.Do(func() {
		l.why = why
		close(l.done)
	})
}

// Lost waits until the party's store accepts no changes any more, and says why; nil if ctx
// ends first. A server ends then, so that a new start reads what the disk really holds.
func (h *House) Lost(ctx context.Context) error {
	select {
	case <-h.lost.done:
		return h.lost.why
	case <-ctx.Done():
		return nil
	}
}
