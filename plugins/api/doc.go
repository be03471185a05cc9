// Package api is the door between the host and a plugin, version 1: the
// handshake, what a bundle says of itself, and the translation between the
// messages of plugins/api/wire and the types of instrument, protocol and comm.
// Both halves, plugins/host and plugins/sdk, use it, so that a frame means the
// same on both sides.
//
// Write functions never fail. Read functions take what the other side sent and
// refuse, as fault.Invalid, what could not have been written by them; whether a
// plugin may say it is for the host to judge.
//
// Where things are:
//
//	the handshake         handshake.go
//	a description         description.go describe.go; what is refused: check.go
//	an operation          begin.go step.go answer.go, of values.go; what is refused: plausible.go
//	allowed in advance    allowed.go
package api
