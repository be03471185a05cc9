// Package bank is the bank's role controller (SWAPEROO §4): C2EC, the bank that
// sells digital cash by card. It is passive. It joins two protocols that know
// nothing of each other: taler.withdraw, by which terminals and wallets set up
// and select withdrawals, and card.pay, by which it asks the payment provider
// whether the card was charged.
//
// The life of a withdrawal W (C2EC steps in brackets): SETUP → pending, SELECT
// [2] → selected, CONFIRM [7] stores the terminal's notice, VERIFY [8] asks the
// provider, and Judge decides [9]: confirmed, with the claim on the payment and
// the row in the exchange's history in the same commit, or aborted.
//
// After the end: what the exchange wires back is refunded, and so is money that
// was paid for a withdrawal which is aborted, or beyond what was due. Withdrawals
// that nobody goes on with expire; payments for them are looked for.
//
// The same calls serve native sessions and, through controller/bank/rest, Taler's
// three REST APIs.
//
// Where things are:
//
//	beginning             bank.go operator.go serve.go restored.go raise.go
//	a withdrawal          withdraw.go status.go amend.go scan.go keys.go, ended by the clock: expire.go
//	a notice of payment   worker.go; confirm.go: Judge; unfound.go second.go: payments that it did not name
//	asking a provider     provider.go providerkey.go errand.go outage.go
//	payments looked for   search.go searcher.go
//	money that goes back  giveback.go; from an exchange: transfer.go transferlist.go refusal.go handing.go standing.go creditor.go
//	what exchanges read   history.go outgoing.go credit.go, each its own: exchange.go exchangeadmin.go
//	clients               admin.go account.go till.go quota.go
//	the operator          figures.go currency.go
package bank
