// Package prepaid is the first-party bundle for accounts that are kept at a
// vendor: charged once, then paid from in small amounts (SWAPEROO §2, §5.4). One
// class and two protocols:
//
//	prepaid          the account: in the wallet a purse with its key, at the vendor the ledger
//	prepaid-payment  at the vendor: one payment, what signed for it and what was refunded of it
//	prepaid-credit   at the vendor: one sum that was paid in, by its source
//
//	prepaid.signed   each payment is signed by the account's key, each receipt by the vendor's
//	prepaid.plain    no signatures: for small amounts over a line that may be in clear
//
// A payment is one message each way. Several may be under way on one account: the
// purse holds back what they may cost, and the vendor takes each counter once, in
// any order within a window.
//
// Where things are:
//
//	what there is         bundle.go class.go protocol.go line.go
//	states                purse.go ledger.go marks.go payment.go statement.go; as JSON: statejson.go messagejson.go
//	operations            open.go pay.go credit.go balance.go refund.go catchup.go
package prepaid
