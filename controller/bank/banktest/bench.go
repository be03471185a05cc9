package banktest

import (
	"context"
	"testing"
	"time"
)

// Benchmark makes b.N withdrawals with so many terminals and reports the rate,
// the slowest hundredth, and how the database grouped its commits.
func Benchmark(b *testing.B, h *House, terminals int) {
	b.Helper()
	load := h.Load(terminals)
	if _, err := load.Run(context.Background(), terminals); err != nil { // connections and statements are made
		b.Fatal(err)
	}
	spent := h.o.Spent
	if spent == nil {
		spent = func() (own, begun time.Duration) { return 0, 0 }
	}
	before := h.DB.Stats()
	own, begun := spent()
	b.ReportAllocs()
	b.ResetTimer()
	r, err := load.Run(context.Background(), b.N)
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	after := h.DB.Stats()
	if ownAfter, begunAfter := spent(); ownAfter > own {
		b.ReportMetric(float64((ownAfter-own).Microseconds())/float64(r.Withdrawals), "cpu-µs/withdrawal")
		b.ReportMetric(float64((begunAfter-begun).Microseconds())/float64(r.Withdrawals), "plugin-cpu-µs/withdrawal")
	}
	commits, units := float64(after.Commits-before.Commits), float64(after.Units-before.Units)
	b.ReportMetric(r.PerSecond(), "withdrawals/s")
	b.ReportMetric(float64(r.P99.Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(r.RequestP99.Microseconds())/1000, "request-p99-ms")
	b.ReportMetric(commits/r.Took.Seconds(), "commits/s")
	b.ReportMetric(units/commits, "units/commit")
	b.ReportMetric(units/float64(r.Withdrawals), "units/withdrawal")
}
