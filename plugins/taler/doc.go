// Package taler is the first-party bundle that turns card money into GNU Taler's
// digital cash: three protocols and four instrument classes (SWAPEROO §2), each
// installed by the party that needs it.
//
//	taler.withdraw        SETUP, SELECT, CONFIRM, ABORT between terminal, wallet and bank
//	taler.batch-withdraw  the wallet makes coins of a reserve at an exchange
//	taler.exchange        wallet and terminal read and verify an exchange's keys
//
// Both sides of an operation stand next to each other in one file; what an
// operation changes is decided by pure functions over the states of comm/taler.
// The bundle holds no configuration: an exchange is an instance of
// taler-exchange, and its URL is the only address that can be asked.
package taler
