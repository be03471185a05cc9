package host

import (
	"sync"

	"github.com/swaperoo/swaperoo/plugins/api"
)

// maxAllowed bounds what is kept of one life. Steps that come to nothing leave
// theirs behind; the oldest go first.
const maxAllowed = 4096

// allowances are the changes that a plugin's classes have allowed with the steps that
// make them, so that each need not be asked through the door again. It is the word
// of the same process that would answer, for this very change, and counts once.
type allowances struct {
	mu    sync.Mutex
	names map[api.Allowed]bool
	line  []api.Allowed // as they came
}

// add takes what came with a frame; what cannot be a name is nothing.
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
		if len(a.line) == maxAllowed {
			delete(a.names, a.line[0])
			a.line = a.line[1:]
		}
		a.names[name] = true
		a.line = append(a.line, name)
	}
}

// take tells whether a change was allowed, and forgets it.
func (a *allowances) take(name api.Allowed) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.names[name]
	delete(a.names, name)
	return known
}
