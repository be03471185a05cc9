// Package taler is the first-party bundle that turns card money into GNU Taler's
// digital cash: protocols and instrument classes (SWAPEROO §2), each installed by
// the parties that need it (Bundle).
//
//	taler.withdraw        SETUP, SELECT, CONFIRM, ABORT between terminal, wallet and bank
//	taler.batch-withdraw  the wallet makes coins of a reserve at an exchange of protocol 15 to 25
//	taler.withdraw-26     the same at an exchange of protocol 26 and later
//	taler.exchange        wallet and terminal read and verify an exchange's keys
//
//	taler-withdrawal                             bank and terminal; a wallet's are at the bank
//	taler-exchange                               wallet and terminal
//	taler-reserve, taler-coin                    wallet
//	taler-transfer, taler-return, taler-quota    bank
//
// Both sides of an operation stand next to each other in one file; what an
// operation changes is decided by pure functions over the states of comm/taler.
// The bundle holds no configuration: an exchange is an instance of
// taler-exchange, and its URL is the only address that can be asked.
//
// Where things are:
//
//	what there is         bundle.go class.go; how a rule changes a state: change.go
//	at the bank           withdraw.go setup.go select.go confirm.go abort.go quota.go
//	coins                 coinwithdrawal.go form.go plan.go planchet.go
//	a reserve             reserve.go prepare.go agreed.go
//	a batch of coins      mint.go answer.go; refused: refused.go clean.go word.go
//	an exchange           exchange.go refresh.go terms.go termstext.go moved.go; its keys: verify.go denomination.go
package taler
