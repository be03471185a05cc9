// Package taler holds GNU Taler's cryptography as pure functions: GNUnet's
// base32, binary forms of amounts and times, signed structures, the key
// derivation function, RSA blind signatures and the statements that an exchange
// signs. A wallet verifies with it, an exchange signs with it.
//
// Nothing here reads a clock, keeps state or talks to anybody. Every function
// that has a published vector is tested with it (testdata names the sources).
//
//	pub, _ := taler.ParseRSAPublicKey(key)
//	blinded, _ := taler.Blind(pub, secret, coinHash)
package taler
