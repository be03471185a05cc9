package serve_test

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/serve"
)

// TestTheHeapGrowsByLittleWhereMuchLives: what waits takes what it needs and half of that, and not
// five times. A server in which little lives collects as seldom as before.
func TestTheHeapGrowsByLittleWhereMuchLives(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	serve.GrowHeap()
	grows := func(live []byte, want uint64) {
		t.Helper()
		percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		for range 1000 { // what is done behind a collection may be seen some later
			runtime.GC()
			if metrics.Read(percent); percent[0].Value.Uint64() == want {
				runtime.KeepAlive(live)
				return
			}
		}
		t.Errorf("with %d MiB in it, the heap grows by %d %%, want %d", len(live)>>20, percent[0].Value.Uint64(), want)
	}
	grows(nil, 400)
	grows(make([]byte, 200<<20), 50)
	grows(nil, 400)
}
