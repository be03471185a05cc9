package bench_test

import (
	"os"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/bench"
	"github.com/swaperoo/swaperoo/plugins/bundled"
)

func TestMain(m *testing.M) {
	bundled.ServeIfAsked()
	bench.ServeIfAsked()
	os.Exit(m.Run())
}

func open(tb testing.TB, o bench.Options) *bench.Pair {
	tb.Helper()
	p, err := bench.Open(tb.Context(), tb.TempDir(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// What is measured is what it says: every payment is on disk at both, and units
// of work share commits where several are under way.
func TestPaymentsAreMade(t *testing.T) {
	for name, inProcess := range map[string]bool{"plugins": false, "in-process": true} {
		t.Run(name, func(t *testing.T) {
			p := open(t, bench.Options{InProcess: inProcess, Accounts: 2})
			for n, f := range []func() (bench.Rate, error){
				func() (bench.Rate, error) { return p.Payments(t.Context(), 4, 1) },
				func() (bench.Rate, error) { return p.Payments(t.Context(), 4, 2) },
				func() (bench.Rate, error) { return p.Negotiating(t.Context(), 4) },
				func() (bench.Rate, error) { _, r, err := p.InTurns(t.Context(), 4); return r, err },
				func() (bench.Rate, error) { return p.Sessions(t.Context(), 4) },
			} {
				r, err := f()
				if err != nil || r.Payments != 4 || r.PerSecond() <= 0 || r.Units < 3*4 || r.Commits == 0 {
					t.Errorf("%d: %+v, %v", n, r, err)
				}
			}
		})
	}
}

// A vendor in a process of its own says what its sessions cost.
func TestSessionsAreOpened(t *testing.T) {
	o, err := bench.OpenSessions(t.Context(), t.TempDir(), 20)
	if err != nil || o.Sessions != 20 || o.Live() < 1000 {
		t.Errorf("%+v: %.0f bytes, %v", o, o.Live(), err)
	}
	t.Logf("%.1f KiB live, %.1f KiB resident for each", o.Live()/1024, o.Resident()/1024)
}
