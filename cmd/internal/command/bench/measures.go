package bench

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/swaperoo/swaperoo/cmd/internal/bench"
)

// How much one round does: some seconds each.
const (
	accounts  = 64
	warmup    = 100
	singly    = 500
	together  = 3000
	manyOpen  = 1000
	oneAtOnce = 1
)

// payments pays through plugins and with protocols in process, one at a time and
// with as many under way as there are accounts, and compares paying in a session
// with negotiating for each payment.
func payments(ctx context.Context, dir string) (out []result, err error) {
	for _, by := range []struct {
		name              string
		inProcess         bool
		limitOne, limitIn string
	}{{"through plugins", false, "≥ 350", "≥ 1,500"}, {"in process", true, "≥ 550", "≥ 1,900"}} {
		got, err := paid(ctx, filepath.Join(dir, by.name), by.name, bench.Options{InProcess: by.inProcess, Accounts: accounts}, by.limitOne, by.limitIn)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

func paid(ctx context.Context, dir, name string, o bench.Options, limitOne, limitMany string) (out []result, err error) {
	p, err := bench.Open(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := p.Close(); err == nil {
			err = closed
		}
	}()
	if _, err := p.Payments(ctx, warmup, accounts); err != nil { // connections and statements are made
		return nil, err
	}
	one, err := p.Payments(ctx, singly, oneAtOnce)
	if err != nil {
		return nil, err
	}
	many, err := p.Payments(ctx, together, accounts)
	if err != nil {
		return nil, err
	}
	inSession, each, err := p.InTurns(ctx, singly)
	if err != nil {
		return nil, err
	}
	sessions, err := p.Sessions(ctx, singly)
	if err != nil {
		return nil, err
	}
	return []result{
		rate("one at a time, "+name, one, limitOne),
		rate(fmt.Sprintf("%d at a time, %s", accounts, name), many, limitMany),
		rate("negotiated each, "+name, each, ""),
		rate("a session each, "+name, sessions, ""),
		{what: "in a session against negotiated each", unit: "times", value: inSession.PerSecond() / each.PerSecond(), limit: "≥ 1.6", beside: "in turns"},
	}, nil
}

func rate(what string, r bench.Rate, limit string) result {
	return result{what, "payments/s", r.PerSecond(), limit, fmt.Sprintf("p99 %.1f ms, %.0f commits/s, %.1f units/commit",
		float64(r.P99.Microseconds())/1000, r.CommitsPerSecond(), r.Batch())}
}

// sessions opens many at a vendor in a process of its own.
func sessions(ctx context.Context, dir string) ([]result, error) {
	o, err := bench.OpenSessions(ctx, dir, manyOpen)
	if err != nil {
		return nil, err
	}
	open := fmt.Sprintf("%d open", o.Sessions)
	return []result{
		{"heap and stacks of a session", "KiB", o.Live() / 1024, "≤ 64", open},
		{"resident memory of a session", "KiB", o.Resident() / 1024, "≤ 64", open},
	}, nil
}
