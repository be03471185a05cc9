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
package bank
