package serve

import "context"

// Context ends when ctx does or when the parent has gone: for a command that is
// started by a parent and does not serve. leave ends the watch.
func (p *Parent) Context(ctx context.Context) (with context.Context, leave func()) {
	with, cancel := context.WithCancel(ctx)
	end := p.watch(cancel)
	return with, func() { end(); cancel() }
}
