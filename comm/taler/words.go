package taler

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// The instrument classes of digital cash. The bundle that brings them and the
// controllers that name them to it use the same words.
const (
	ClassWithdrawal instrument.ClassID = "taler-withdrawal" // the one that a bank deals in with terminals and wallets
	ClassTransfer   instrument.ClassID = "taler-transfer"
	ClassReturn     instrument.ClassID = "taler-return"
	ClassQuota      instrument.ClassID = "taler-quota"
	ClassExchange   instrument.ClassID = "taler-exchange"
	ClassReserve    instrument.ClassID = "taler-reserve"
	ClassCoin       instrument.ClassID = "taler-coin"
)

// The protocols between a bank and its terminals and wallets, and with an exchange.
// The last two are the forms of a withdrawal, by the generation of the exchange's own
// protocol.
const (
	ProtocolWithdraw      = "taler.withdraw"
	ProtocolExchange      = "taler.exchange"
	ProtocolBatchWithdraw = "taler.batch-withdraw" // 15 to 25: a signature for each coin
	ProtocolWithdraw26    = "taler.withdraw-26"    // 26 and later: one for all of them
)

// The operations of taler.withdraw.
const (
	OperationSetUp   = "SETUP"   // vendor → bank: a new withdrawal
	OperationSelect  = "SELECT"  // client → bank: this reserve shall get the money
	OperationConfirm = "CONFIRM" // vendor → bank: the card was charged, ask the provider
	OperationAbort   = "ABORT"   // vendor or client → bank: give it up
	OperationStatus  = "STATUS"  // of the routes alone: look at it
)

// The operations of taler.exchange.
const (
	OperationRefresh = "REFRESH" // read and verify the exchange's keys
	OperationTerms   = "TERMS"   // read its terms of service
	OperationAccept  = "ACCEPT"  // a person accepted them
)

// The operations of a withdrawal of coins, in either form.
const (
	OperationPreview  = "PREVIEW"  // what an amount becomes
	OperationPrepare  = "PREPARE"  // a new reserve
	OperationProve    = "PROVE"    // this wallet has the reserve's key
	OperationAwait    = "AWAIT"    // has the money arrived?
	OperationWithdraw = "WITHDRAW" // make coins of it
	OperationAbandon  = "ABANDON"  // the money will not come
)

// Reasons for which coins are not made that have no code of Taler's.
const (
	ReasonRefusalUnproven fault.Reason = "refusal-unproven"       // the exchange has to show its own signature for it, or an answer was lost
	ReasonCoinSignature   fault.Reason = "coin-signature-invalid" // the exchange has signed something else
	ReasonExchangeFailed  fault.Reason = "exchange-failed"        // for the time being
)
