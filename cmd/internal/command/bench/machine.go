package bench

import (
	"context"

	"github.com/swaperoo/swaperoo/cmd/internal/bench"
)

// often is how often a round does each of what a machine is measured by.
const often = 2000

func machine(ctx context.Context, dir string) ([]result, error) {
	m, err := bench.MeasureMachine(ctx, dir, often)
	return []result{
		{"a page of 4 KiB to the disk (fsync)", "ms", milliseconds(m.Disk), "", "0.10 on the machine of the prototype with which the limits were found"},
		{"a line to another process and back", "ms", milliseconds(m.Line), "", ""},
		{"a request over HTTP that does nothing", "ms", milliseconds(m.Request), "", ""},
		{"SHA-256 of a MiB", "ms", milliseconds(m.Sum), "", ""},
	}, err
}
