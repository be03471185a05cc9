package serve

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How far the heap of a server grows before it is collected, in percent of what lives: a server keeps
// little in memory and makes much garbage, and to collect it as often as Go does by itself cost a bank a third of
// its withdrawals. Where thousands wait, what lives is no longer little, and they would take five times what they need.
const (
	mostGrowth  = 400
	leastGrowth = 50
	roomy       = 64 << 20 // bytes that the heap may always grow by, four times 16 MiB
)

// GrowHeap has the heap of this process grow by four times what lives before it is collected, but by no more than
// 64 MiB, or a half if that is more. It holds from now on.
func GrowHeap() {
	debug.SetGCPercent(mostGrowth)
	(&cycle{percent: mostGrowth}).again()
}

// cycle is garbage, and what is left of it looks at each collection how much lived.
type cycle struct {
	percent int
	samples [2]metrics.Sample
}

func (c *cycle) again() { runtime.SetFinalizer(c, (*cycle).collected) }

func (c *cycle) collected() {
	c.samples[0].Name, c.samples[1].Name = "/gc/heap/live:bytes", "/gc/scan/stack:bytes"
	metrics.Read(c.samples[:])
	if p := growth(c.samples[0].Value.Uint64() + c.samples[1].Value.Uint64()); p != c.percent {
		c.percent = p
		debug.SetGCPercent(p)
	}
	c.again()
}

// growth is in percent of what lives, in steps that a heap which rests does not leave at each collection.
func growth(live uint64) int {
	p := int(roomy * 100 / max(live, 1))
	return min(max(p/25*25, leastGrowth), mostGrowth)
}
