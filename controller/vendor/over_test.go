package vendor

import (
	"errors"
	"testing"
)

// TestASaleIsOverOnce: who finds it over after somebody else has does not wait, with all
// sales, for a listener that has gone.
func TestASaleIsOverOnce(t *testing.T) {
	s := &sale{done: make(chan error, 1)}
	till := &Terminal{selling: map[string]*sale{s.w.Reference(): s}}
	first := errors.New("it was aborted")
	till.over(s, first)
	till.over(s, errors.New("it is paid already"))
	if err := <-s.done; !errors.Is(err, first) || len(till.selling) != 0 {
		t.Errorf("%v, and %d on sale", err, len(till.selling))
	}
}
