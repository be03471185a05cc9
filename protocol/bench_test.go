package protocol_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// BenchmarkOperation is a plain operation in process, on a file: one leased
// purse is changed and the result is stored, in one commit.
func BenchmarkOperation(b *testing.B) {
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		if c.Operation == "LOOK" {
			return text("done"), nil
		}
		return text("done"), s.Update(ctx, add(c.Main(), 1))
	})
	newNode := func(b *testing.B, purses int) (*protocoltest.Node, []instrument.ID) {
		n := protocoltest.NewNode(b, protocoltest.Options{Bundles: bundles(code), Unchecked: true, File: filepath.Join(b.TempDir(), "bench.db")})
		var list []instrument.Instance
		for range purses {
			list = append(list, instance("purse", state{}))
		}
		return n, n.Create(b, list...)
	}
	for _, op := range []string{"DO", "KEYED", "LOOK"} {
		f := op
		b.Run(f+"/alone", func(b *testing.B) {
			n, ids := newNode(b, 1)
			for b.Loop() {
				if _, err := do(b, n, call(f, ids...)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(f+"/32", func(b *testing.B) {
			n, ids := newNode(b, 64)
			var next atomic.Int64
			b.SetParallelism(16) // times two cores
			b.RunParallel(func(p *testing.PB) {
				mine := ids[next.Add(1)%64]
				for p.Next() {
					if _, err := do(b, n, call(f, mine)); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
