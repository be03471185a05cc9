// Package client is the client's role controller (SWAPEROO §4): the active one,
// which drives the paper's steps. The command line wallet uses it.
//
// Withdraw goes through the wallet's part of the C2EC process: look at the URI
// of a QR code, agree with the person on exchange, fees and terms, make a reserve
// key, have the bank bind it to the withdrawal, pay the terminal over a session
// if asked to, wait for the bank and the exchange, and make coins. Waiting is
// state, not a running operation: calling Withdraw again with the same URI goes
// on from where the wallet's own instruments say it is.
//
// Pay goes through all steps of a session for one payment; PayTogether for a payment of
// several instruments, whose record (parent) names each operation of a part before it
// begins.
//
// Where things are:
//
//	beginning             wallet.go balance.go worth.go; shared with a group: give.go
//	a withdrawal          withdraw.go person.go agree.go register.go pay.go paid.go await.go coins.go; without a bank that knows of it: manual.go
//	its record            reserve.go onward.go; agreed to again: fees.go; asked again: patience.go
//	exchanges             exchange.go terms.go remove.go
//	a payment             payment.go choice.go usable.go payee.go again.go
//	several instruments   together.go payer.go shares.go parent.go whole.go running.go parts.go doubt.go claim.go; found and gone on with: resume.go
//	what comes back       giveback.go forgo.go; of one operation: refund.go
//	what belongs together inner.go
//	after a restore       check.go
package client
