package protocol

import (
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

func TestARollFindsFewAndMany(t *testing.T) {
	var r roll
	for n := range 3 * few {
		id := instrument.ID(fmt.Sprint("i", n))
		if r.has(id) {
			t.Fatalf("%s is there before it came", id)
		}
		r.put(instrument.Instance{ID: id, Version: 1})
		r.put(instrument.Instance{ID: id, Version: 2})
		for m := range n + 1 {
			id := instrument.ID(fmt.Sprint("i", m))
			if i, ok := r.get(id); !ok || i.ID != id || i.Version != 2 || r.list[m].ID != id {
				t.Fatalf("of %d, %s is %+v, %v", n+1, id, i, ok)
			}
		}
	}
	if _, ok := r.get("nobody"); ok || len(r.list) != 3*few {
		t.Errorf("%d are there", len(r.list))
	}
}
