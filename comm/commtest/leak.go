package commtest

import (
	"context"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests of a package with connections. It fails if a goroutine is
// left by then:
//
//	func TestMain(m *testing.M) { commtest.Main(m) }
func Main(m *testing.M) { goleak.VerifyTestMain(lingering{m}) }

// lingering are tests whose last goroutines get time to end: goleak alone waits
// half a second, and a busy machine may need longer.
type lingering struct{ m *testing.M }

// Run implements goleak.TestingM.
func (l lingering) Run() int {
	code := l.m.Run()
	if code == 0 {
		_ = leaks() // goleak looks once more and says what is left
	}
	return code
}

// noLeaks fails the test if a goroutine is left after its own clean-up.
func noLeaks(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := leaks(before); err != nil {
			t.Error(err)
		}
	})
}

// leaks says which goroutines do not end while patience lasts.
func leaks(but ...goleak.Option) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if err := goleak.Find(but...); err == nil || ctx.Err() != nil {
			return err
		}
	}
}
