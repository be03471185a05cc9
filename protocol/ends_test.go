package protocol

import (
	"fmt"
	"slices"
	"testing"
)

// TestAnEndTravelsOnce: what one frame carries no other does, until it is given
// back unheard; and of more than fit, the newest are kept.
func TestAnEndTravelsOnce(t *testing.T) {
	var e ends
	if got := e.take("shop"); len(got) != 0 {
		t.Errorf("of nothing there is %v", got)
	}
	e.add("shop", "a", "b", "a")
	e.add("bank", "x")
	first := e.take("shop")
	if !slices.Equal(first, []string{"a", "b"}) {
		t.Errorf("the first frame carries %v", first)
	}
	e.add("shop", "c")
	if got := e.take("shop"); !slices.Equal(got, []string{"c"}) {
		t.Errorf("the second frame carries %v", got)
	}
	e.add("shop", first...) // the first one was lost
	if got := e.take("shop"); !slices.Equal(got, first) {
		t.Errorf("after a loss a frame carries %v", got)
	}
	if got := e.take("bank"); !slices.Equal(got, []string{"x"}) {
		t.Errorf("another peer is told %v", got)
	}

	for n := range maxEnds + 3 {
		e.add("shop", fmt.Sprint(n))
	}
	var all []string
	for got := e.take("shop"); len(got) > 0; got = e.take("shop") {
		if len(got) > maxEndsFrame {
			t.Errorf("a frame carries %d", len(got))
		}
		all = append(all, got...)
	}
	if len(all) != maxEnds || all[0] != "3" || all[maxEnds-1] != fmt.Sprint(maxEnds+2) {
		t.Errorf("%d of too many are kept, from %s to %s", len(all), all[0], all[len(all)-1])
	}
	if len(e.byPeer) != 0 {
		t.Errorf("%d peers are remembered who have all been told", len(e.byPeer))
	}
}
