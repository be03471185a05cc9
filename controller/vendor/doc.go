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
//
// Besides, a wallet pays for what an application sells: alone (purchase), with several
// instruments (a whole of parts), or from an account that it keeps here and pays into
// by card (top-up). What is paid can be given back.
//
// Where things are:
//
//	beginning             terminal.go door.go servicing.go withdrawals.go screen.go account.go
//	a withdrawal          withdraw.go order.go terms.go record.go onward.go abort.go; held to the quote: agreed.go
//	its payment           charge.go, by a wallet: sale.go, at the reader: reader.go
//	card payments         cardpayment.go reference.go provider.go; of unknown outcome: settle.go unheard.go
//	what is sold          purchase.go prices.go customer.go strangers.go; an account: topup.go owed.go
//	several instruments   whole.go part.go taking.go payments.go
//	what goes back        refund.go refunded.go
package vendor
