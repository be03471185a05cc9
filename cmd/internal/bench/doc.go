// Package bench measures a wallet and a vendor on this machine: real parties with
// real files, over TLS on the loopback interface, everything signed, sealed and on
// disk before it is said. Load, wallet, vendor and their plugins share the same
// cores. The command `swaperoo bench` and the benchmarks of cmd/internal/house run
// it.
//
//	p, err := bench.Open(ctx, dir, bench.Options{Accounts: 64})
//	r, err := p.Payments(ctx, 2000, 64)
//	fmt.Println(r.PerSecond())
package bench
