// Package protocoltest is for tests of protocols, and of what hosts them: whole
// nodes made of real parts (a database in memory, a real engine, the Instrument
// and the Protocol Manager) and pairs of them that talk over a wire which loses,
// doubles and delays frames on request.
//
//	pair := protocoltest.NewPair(t, walletBundles, vendorBundles)
//	result, err := pair.Execute(ctx, "coupon.redeem", call)
//
// Every protocol that a node installs is checked on the way: each Update closure
// is run twice, and a closure that does something else the second time fails
// the test. TestProtocol checks what a protocol says of itself.
package protocoltest
