package bench_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/bench"
)

// Each of what a machine is measured by was done, and takes time.
func TestAMachineTakesTime(t *testing.T) {
	m, err := bench.MeasureMachine(t.Context(), t.TempDir(), 3)
	if err != nil || m.Disk <= 0 || m.Line <= 0 || m.Request <= 0 || m.Sum <= 0 {
		t.Errorf("%+v, %v", m, err)
	}
}
