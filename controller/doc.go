// Package controller is the paper's Wallet Controller (SWAPEROO §3.4, §5): the
// one interface that the outside world sees of a wallet. It coordinates the
// Instrument, Protocol, Profile and Communication Managers and the Cryptographic
// Engine through the steps of §5.1 to §5.6, once for all three roles.
//
// An active party drives a Session: InitiateSession, InstrumentClasses,
// NegotiateProtocol, SelectProtocol, AvailableOperations, Instruments, Execute,
// Close. A passive party has its Controller Serve connections. The role packages
// client, vendor and bank say only what differs between them.
//
// Where things are:
//
//	beginning             controller.go owners.go kept.go key.go
//	a session             session.go connect.go negotiate.go joint.go transcript.go; remembered beyond it: remember.go
//	its servicer          serve.go intercept.go
//	offers                invoice.go offer.go offerjson.go genuine.go overdue.go
//	operations            transaction.go, of an initiator: execute.go link.go, of a servicer: served.go
//	their limits          limits.go turn.go
//	of earlier lives      resume.go whereabouts.go
//	events                event.go
//	small parts           encode.go twice.go
package controller
