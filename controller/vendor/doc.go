// Package vendor is the vendor's role controller (SWAPEROO §4): the payment
// terminal at which a customer buys digital cash. Towards customers it is
// passive, and services the sessions of their wallets; towards its bank it is
// itself a client (paper §5), over REST or a native session alike.
//
// Withdraw goes through the terminal's part of the C2EC process in its order:
// SETUP at the bank, fees and terms of service to the customer, QR code, wait for
// a wallet to select, check that it is the wallet in front of us, card, CONFIRM,
// wait for the verdict, receipt. What the terminal knows is in its own
// taler-withdrawal instrument before each step, so it can go on after a crash.
package vendor
