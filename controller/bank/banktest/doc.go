// Package banktest runs a whole bank for tests and benchmarks, with real parts:
// its own database file, the managers, the bundles that it is given, the REST
// APIs on a loopback port, and a card provider that answers from memory and can
// be told to misbehave. What runs the bundles, in process or as plugins, is the
// caller's decision.
//
//	h := banktest.Open(t, banktest.Options{Bundles: bundles})
//	report, err := h.Load(32).Run(ctx, 1000)
package banktest
