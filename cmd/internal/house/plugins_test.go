package house_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
)

func TestAServersPluginsLeaveItTheProcessors(t *testing.T) {
	for _, c := range []struct {
		role      comm.Role
		have, get int
	}{
		{comm.Bank, 1, 1},
		{comm.Bank, 2, 1},
		{comm.Vendor, 8, 2},
		{comm.Client, 8, 0}, // all
	} {
		if got := house.Processors(c.role, c.have); got != c.get {
			t.Errorf("each plugin of a %v with %d processors is told to use %d, not %d", c.role, c.have, got, c.get)
		}
	}
}
