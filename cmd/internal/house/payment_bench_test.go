package house_test

import (
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/bench"
)

// BenchmarkPayment is a payment from a prepaid account in a session that was
// negotiated before: signed, sealed and durable on both sides, over TLS on the
// loopback interface, one at a time and with 64 under way from 64 accounts. The
// second pair of rows is the same with the protocols in the parties' own process.
func BenchmarkPayment(b *testing.B) {
	for _, by := range []struct {
		name      string
		inProcess bool
	}{{"plugins", false}, {"in-process", true}} {
		for _, window := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/window-%d", by.name, window), func(b *testing.B) {
				p := payers(b, bench.Options{InProcess: by.inProcess, Accounts: 64})
				b.ReportAllocs()
				b.ResetTimer()
				r, err := p.Payments(b.Context(), b.N, window)
				b.StopTimer()
				report(b, r, err)
			})
		}
	}
}

// BenchmarkNegotiatedPayment negotiates before each payment, and the last row
// opens a session for each: what keeping the results of negotiation saves.
func BenchmarkNegotiatedPayment(b *testing.B) {
	p := payers(b, bench.Options{Accounts: 1})
	b.Run("negotiated before", func(b *testing.B) {
		r, err := p.Payments(b.Context(), b.N, 1)
		report(b, r, err)
	})
	b.Run("negotiated each", func(b *testing.B) {
		r, err := p.Negotiating(b.Context(), b.N)
		report(b, r, err)
	})
	b.Run("a session each", func(b *testing.B) {
		r, err := p.Sessions(b.Context(), b.N)
		report(b, r, err)
	})
}

// BenchmarkOpenSessions is what b.N sessions cost a vendor that keeps them open.
// A vendor needs a thousand or so to tell; run it with -benchtime 1000x.
func BenchmarkOpenSessions(b *testing.B) {
	o, err := bench.OpenSessions(b.Context(), b.TempDir(), b.N)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(o.Live()/1024, "live-KiB/session")
	b.ReportMetric(o.Resident()/1024, "resident-KiB/session")
}

func payers(b *testing.B, o bench.Options) *bench.Pair {
	p, err := bench.Open(b.Context(), b.TempDir(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.Close(); err != nil {
			b.Error(err)
		}
	})
	if _, err := p.Payments(b.Context(), 2*o.Accounts, o.Accounts); err != nil { // connections and statements are made
		b.Fatal(err)
	}
	return p
}

func report(b *testing.B, r bench.Rate, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(r.PerSecond(), "payments/s")
	b.ReportMetric(float64(r.P99.Microseconds())/1000, "p99-ms")
	b.ReportMetric(r.CommitsPerSecond(), "commits/s")
	b.ReportMetric(r.Batch(), "units/commit")
}
