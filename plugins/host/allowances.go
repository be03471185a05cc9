package host

import (
	"sync"

	"github.com/swaperoo/swaperoo/plugins/api"
)

// maxAllowed bounds what is kept of one life; the oldest go first. Steps that come to nothing
// leave theirs behind.
const maxAllowed = 4096

// allowances are the changes that a plugin's classes have allowed together with the steps that
// make them. They save a Check call for each: the word of the same process, for just this
// change, which counts once.
type allowances struct {
	mu    sync.Mutex
	names map[api.Allowed]bool
	order []api.Allowed // oldest first
}

// add takes the allowances of a frame. Anything that is not the name of a change is ignored.
func (a *allowances) add(names [][]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.names == nil {
		a.names = map[api.Allowed]bool{}
	}
	for _, n := range names {
		if len(n) != len(api.Allowed{}) {
			continue
		}
		name := api.Allowed(n)
		if a.names[name] {
			continue
		}
		if len(a.order) == maxAllowed {
			delete(a.names, a.order[0])
			a.order = a.order[1:]
		}
		a.names[name] = true
		a.order = append(a.order, name)
	}
}

// take reports whether a change was allowed, and forgets that.
func (a *allowances) take(name api.Allowed) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.names[name]
	delete(a.names, name)
	return known
}
