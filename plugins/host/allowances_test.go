package host

import (
	"encoding/binary"
	"testing"

	"github.com/swaperoo/swaperoo/plugins/api"
)

func TestNamesOfChangesAreBounded(t *testing.T) {
	var a allowances
	named := func(n int) []byte {
		name := make([]byte, len(api.Allowed{}))
		binary.BigEndian.PutUint64(name, uint64(n))
		return name
	}
	a.add([][]byte{nil, {1}, make([]byte, 33)}) // not names
	for n := range maxAllowed + 1 {
		a.add([][]byte{named(n), named(n)})
	}
	if len(a.names) != maxAllowed || len(a.order) != maxAllowed {
		t.Errorf("%d names, %d in order", len(a.names), len(a.order))
	}
	for name, row := range map[string]struct {
		n    int
		want bool
	}{"the oldest": {0, false}, "the second": {1, true}, "the last": {maxAllowed, true}} {
		if got := a.take(api.Allowed(named(row.n))); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
		if a.take(api.Allowed(named(row.n))) {
			t.Errorf("%s counts twice", name)
		}
	}
}
