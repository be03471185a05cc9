package host

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// maxLines is how many lines of one plugin our log takes in a second.
const maxLines = 200

// paced is the log of what a plugin says itself, of at most maxLines lines a second: more would fill
// the disk and drown what others say. Further lines are left out, and their number is logged with
// the next line, or at the end. Lines below the level of the log do not count.
type paced struct {
	slog.Handler
	*pacing
}

// pacing is the count that all handlers of one plugin share.
type pacing struct {
	clock func() time.Time

	mu    sync.Mutex
	since time.Time
	lines int
	left  int
}

func newPaced(log *slog.Logger, clock func() time.Time) paced {
	return paced{log.Handler(), &pacing{clock: clock}}
}

// Handle implements slog.Handler.
func (p paced) Handle(ctx context.Context, r slog.Record) error {
	passes, left := p.take()
	if !passes {
		return nil
	}
	p.tell(left)
	return p.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (p paced) WithAttrs(a []slog.Attr) slog.Handler { return paced{p.Handler.WithAttrs(a), p.pacing} }

// WithGroup implements slog.Handler.
func (p paced) WithGroup(name string) slog.Handler { return paced{p.Handler.WithGroup(name), p.pacing} }

// end logs how many lines were left out and are not counted in the log yet.
func (p paced) end() {
	p.mu.Lock()
	left := p.left
	p.left = 0
	p.mu.Unlock()
	p.tell(left)
}

func (p paced) tell(left int) {
	if left > 0 {
		slog.New(p.Handler).Warn("a plugin says too much: lines were left out", "lines", left, "most", maxLines, "within", time.Second)
	}
}

// take counts a line. A clock that was set back begins anew.
func (p *pacing) take() (passes bool, left int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.clock(); now.Sub(p.since).Abs() >= time.Second {
		p.since, p.lines = now, 0
		left, p.left = p.left, 0
	}
	if p.lines++; p.lines > maxLines {
		p.left++
		return false, 0
	}
	return true, left
}
