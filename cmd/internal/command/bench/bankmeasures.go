package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/bench"
)

// How much one round does at a bank.
const (
	tills        = 32
	manyTills    = 4000
	oneTill      = 500
	historyRows  = 1_000_000
	looks        = 2000
	follows      = 200
	manyPolls    = 10_000
	pollsChanged = 500
)

// withdrawals makes whole ones at a bank in a process of its own, through plugins
// and with protocols in process.
func withdrawals(ctx context.Context, dir string) (out []result, err error) {
	for _, by := range []struct {
		name            string
		inProcess       bool
		limit, limitCPU string
	}{{"through plugins", false, "≥ 1,400", "≤ 800"}, {"in process", true, "≥ 2,000", "≤ 550"}} {
		got, err := atBank(ctx, filepath.Join(dir, by.name), by.inProcess, func(b *bench.Bank) ([]result, error) {
			many, err := b.Withdraw(ctx, manyTills, tills)
			if err != nil {
				return nil, err
			}
			one, err := b.Withdraw(ctx, oneTill, 1)
			return []result{
				{
					fmt.Sprintf("%d tills, %s", tills, by.name), "withdrawals/s", many.PerSecond(), by.limit,
					fmt.Sprintf("%.0f commits/s, %.1f units/commit", many.CommitsPerSecond(), many.Batch()),
				},
				{"slowest hundredth of requests, " + by.name, "ms", milliseconds(many.RequestP99), "≤ 30", ""},
				{
					"processors for each, " + by.name, "µs", float64((many.Bank + many.Plugins).Microseconds()), by.limitCPU,
					fmt.Sprintf("bank %d, plugins %d", many.Bank.Microseconds(), many.Plugins.Microseconds()),
				},
				{"one till, " + by.name, "ms", milliseconds(one.P50), "≤ 3", fmt.Sprintf("p99 %.1f ms", milliseconds(one.P99))},
			}, err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

func history(ctx context.Context, dir string) ([]result, error) {
	return atBank(ctx, dir, true, func(b *bench.Bank) ([]result, error) {
		p, err := b.History(ctx, historyRows, looks, follows)
		of := fmt.Sprintf("%d rows", p.Rows)
		return []result{
			{"page of 100 rows, median", "ms", milliseconds(p.P50), "≤ 0.5", of},
			{"page of 100 rows, slowest hundredth", "ms", milliseconds(p.P99), "≤ 3", of},
			{"following", "rows/s", p.PerSecond(), "≥ 50,000", fmt.Sprintf("%d rows", p.Read)},
		}, err
	})
}

func polls(ctx context.Context, dir string) ([]result, error) {
	return atBank(ctx, dir, true, func(b *bench.Bank) ([]result, error) {
		p, err := b.Poll(ctx, manyPolls, pollsChanged)
		held, woken := fmt.Sprintf("%d held", p.Held), fmt.Sprintf("%d woken", pollsChanged)
		return []result{
			{"heap and stacks of a request that waits", "KiB", p.Live() / 1024, "≤ 20", held},
			{"resident memory of a request that waits", "KiB", p.Resident() / 1024, "≤ 20", held},
			{"answered behind the change, median", "ms", milliseconds(p.P50), "≤ 1", woken},
			{"answered behind the change, slowest hundredth", "ms", milliseconds(p.P99), "≤ 5", woken},
		}, err
	})
}

// atBank measures at a new bank.
func atBank(ctx context.Context, dir string, inProcess bool, measure func(*bench.Bank) ([]result, error)) (_ []result, err error) {
	b, err := bench.OpenBank(ctx, dir, inProcess)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := b.Close(); err == nil {
			err = closed
		}
	}()
	return measure(b)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
