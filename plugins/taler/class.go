package taler

import (
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

// The classes of this bundle.
const (
	withdrawalID = taler.ClassWithdrawal
	transferID   = taler.ClassTransfer
	returnID     = taler.ClassReturn
	exchangeID   = taler.ClassExchange
	reserveID    = taler.ClassReserve
	coinID       = taler.ClassCoin
)

// Names of unique keys.
const (
	keyWOPID      = "wopid"
	keyRequest    = "request"     // at the bank: terminal/request_uid
	keyRequestUID = "request_uid" // at the terminal, or of an exchange's transfer
	keyReservePub = "reserve_pub"
	keyProviderTx = "provider_tx" // taken by the bank together with its proof
	keyURL        = "url"
	keyWTID       = "wtid"
	keyRow        = "row"        // of a transfer: its number among the bank's
	keyPart       = "part"       // of a transfer: payment, and the how many-th it gives back of it
	keyPayment    = "payment"    // of a return: provider and transaction
	keyWithdrawal = "withdrawal" // of a reserve: bank and WOPID
	keyCoinPub    = "coin_pub"
)

// moves lists chains of statuses: each may become the next.
func moves(chains ...[]string) []instrument.Move {
	var out []instrument.Move
	for _, chain := range chains {
		for i := 1; i < len(chain); i++ {
			out = append(out, instrument.Move{From: chain[i-1], To: chain[i]})
		}
	}
	return out
}

// bankWithdrawal is the bank's view: taler.Withdrawal.
var bankWithdrawal = sdk.Class{About: instrument.Info{
	ID: withdrawalID, Title: "Withdrawal of digital cash by card",
	Keys: []string{keyWOPID, keyRequest, keyReservePub, keyProviderTx},
	Moves: moves(
		[]string{"", string(taler.StatePending), string(taler.StateSelected), string(taler.StateSelected), string(taler.StateConfirmed), string(taler.StateConfirmed)},
		[]string{string(taler.StatePending), string(taler.StateAborted)},
		[]string{string(taler.StateSelected), string(taler.StateAborted), string(taler.StateAborted)}, // for what is learnt of payments afterwards, as of one that is confirmed
	),
}}

// bankTransfer is what an exchange wires back: taler.Transfer. The bank itself
// writes it; it may stay where it is, for what is learnt on the way.
var bankTransfer = sdk.Class{About: instrument.Info{
	ID: transferID, Title: "Refund that an exchange asked for",
	Keys: []string{keyRequestUID, keyWTID, keyRow, keyPart},
	Moves: moves(
		[]string{"", string(taler.TransferPending), string(taler.TransferPending), string(taler.TransferSuccess)},
		[]string{string(taler.TransferPending), string(taler.TransferTransient), string(taler.TransferTransient), string(taler.TransferSuccess)},
		[]string{string(taler.TransferTransient), string(taler.TransferPending), string(taler.TransferPermanent)},
		[]string{string(taler.TransferTransient), string(taler.TransferPermanent)},
	),
}}

// bankReturn is money of a payment that bought nothing: taler.Return. The bank
// itself writes it, once for each payment.
var bankReturn = sdk.Class{About: instrument.Info{
	ID: returnID, Title: "Money without a withdrawal", Keys: []string{keyPayment},
	Moves: moves(
		[]string{"", string(taler.TransferPending), string(taler.TransferPending), string(taler.TransferSuccess)},
		[]string{string(taler.TransferPending), string(taler.TransferPermanent)},
	),
}}

// terminalWithdrawal is the vendor's view: taler.TerminalWithdrawal. It may stay
// in every status that is not final, for what the terminal learns on the way.
var terminalWithdrawal = sdk.Class{About: instrument.Info{
	ID: withdrawalID, Title: "Withdrawal of digital cash at this terminal",
	Keys:  []string{keyRequestUID, keyWOPID},
	Moves: terminalMoves(),
}}

func terminalMoves() []instrument.Move {
	path := []string{"", taler.TerminalNew, taler.TerminalPending, taler.TerminalSelected, taler.TerminalPaid, taler.TerminalNotified, taler.TerminalConfirmed}
	all := moves(path)
	for _, status := range path[1 : len(path)-1] {
		all = append(all, moves([]string{status, status}, []string{status, taler.TerminalAborted})...)
	}
	return all
}

// remoteWithdrawal is the client's view: its withdrawals are at a bank, and what
// it holds of them are reserves.
var remoteWithdrawal = sdk.Class{About: instrument.Info{ID: withdrawalID, Title: "Withdrawal of digital cash"}}

// exchangeClass is an exchange that this party knows: taler.ExchangeState.
var exchangeClass = sdk.Class{Rule: checkExchange, About: instrument.Info{
	ID: exchangeID, Title: "Exchange of digital cash", Keys: []string{keyURL}, Shareable: true, Address: "url",
	Fields: []instrument.Field{{Name: "url", Title: "Base URL"}},
	Moves: moves(
		[]string{"", taler.ExchangeNew, taler.ExchangeNew, taler.ExchangeActive, taler.ExchangeActive, taler.ExchangeRemoved},
		[]string{taler.ExchangeNew, taler.ExchangeAlarm, taler.ExchangeAlarm, taler.ExchangeActive, taler.ExchangeAlarm},
		[]string{taler.ExchangeAlarm, taler.ExchangeRemoved, taler.ExchangeNew, taler.ExchangeRemoved},
	),
}}

// reserveClass is the wallet's key to money at an exchange: taler.Reserve. A
// manual withdrawal goes from created to sent: nobody selects it.
var reserveClass = sdk.Class{Choose: preferNewest, About: instrument.Info{
	ID: reserveID, Title: "Reserve at an exchange", Keys: []string{keyReservePub, keyWithdrawal},
	Outside: []string{taler.ReserveSelected, taler.ReserveSent, taler.ReserveFailed},
	Moves: moves(
		[]string{"", taler.ReserveCreated, taler.ReserveSelected, taler.ReserveSent, taler.ReserveSent, taler.ReserveDone},
		[]string{taler.ReserveCreated, taler.ReserveCreated, taler.ReserveSent, taler.ReserveFailed, taler.ReserveFailed, taler.ReserveSent},
		[]string{taler.ReserveFailed, taler.ReserveDone},
		[]string{taler.ReserveSent, taler.ReserveAborted}, // what is empty
		[]string{taler.ReserveFailed, taler.ReserveAborted},
		[]string{taler.ReserveCreated, taler.ReserveAborted},
		[]string{taler.ReserveSelected, taler.ReserveSelected, taler.ReserveAborted, taler.ReserveSent}, // money that came after all
	),
}}

// coinClass is digital cash: taler.Coin.
var coinClass = sdk.Class{About: instrument.Info{
	ID: coinID, Title: "Digital cash", Keys: []string{keyCoinPub},
	Moves: moves([]string{"", taler.CoinFresh, taler.CoinFresh, taler.CoinSpent}),
}}
