package fault_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "no coins", 1: "1 coin", 2: "2 coins", 21: "21 coins", -1: "-1 coins"} {
		if got := fault.Count(n, "coin"); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
}
