// Package client is the client's role controller (SWAPEROO §4): the active one,
// which drives the paper's steps. The command line wallet uses it.
//
// Withdraw goes through the wallet's part of the C2EC process: look at the URI
// of a QR code, agree with the person on exchange, fees and terms, make a reserve
// key, have the bank bind it to the withdrawal, pay the terminal over a session
// if asked to, wait for the bank and the exchange, and make coins. Waiting is
// state, not a running operation: calling Withdraw again with the same URI goes
// on from where the wallet's own instruments say it is.
package client
