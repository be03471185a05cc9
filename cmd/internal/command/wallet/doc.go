// Package wallet is the command line of the wallet: the client's role controller
// with a person in front of it.
//
// Where things are:
//
//	beginning             wallet.go open.go init.go settings.go config.go status.go asker.go trust.go
//	instruments           balance.go instrument.go add.go give.go check.go exchange.go
//	a withdrawal          withdraw.go person.go language.go awaiting.go
//	a payment             pay.go which.go; of several instruments: together.go payments.go resuming.go
//	what comes back       refund.go
//	operations            operation.go abandon.go
//	a session, by hand    session.go steps.go stepsexecute.go stepsshown.go words.go
//	peers and people      peer.go people.go profile.go limit.go limitsshown.go
//	copies                backup.go
package wallet
