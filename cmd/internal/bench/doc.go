// Package bench measures parties on this machine, real ones with real files,
// everything signed, sealed and on disk before it is said: a Pair of wallet and
// vendor over TLS on the loopback interface, and a Bank that terminals, wallets and
// an exchange ask over HTTP. Load, parties and their plugins share the same cores.
// A Machine is how long this machine takes for what all of them need. The
// command `swaperoo bench` and the benchmarks of cmd/internal/house run it.
//
//	p, err := bench.Open(ctx, dir, bench.Options{Accounts: 64})
//	r, err := p.Payments(ctx, 2000, 64)
//	fmt.Println(r.PerSecond())
package bench
