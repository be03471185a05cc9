// Package sdk is what the author of a plugin imports, next to instrument,
// protocol and comm. A plugin is a program whose main function calls Main with
// its Bundle; the host starts it when one of its protocols or classes is used
// for the first time and ends it with itself. See plugins/example/coupon.
//
// The rules for protocol code are those of protocol.Session. Besides, a plugin
// has no configuration, no environment and no standard input or output: what it
// needs on a node is an instrument of its own class, what it has to tell goes
// through Session.Log.
//
// Where things are:
//
//	a plugin              main.go bundle.go class.go moves.go
//	ready-made protocols  simple.go several.go once.go; refunds: refund.go returned.go
//	the door              server.go operate.go fits.go ahead.go
package sdk
