// Package card is the first-party bundle for paying by card (SWAPEROO §2): one
// protocol, card.pay, and three instrument classes.
//
//	payment-card   the wallet's card: an account at a provider, a key, a counter
//	card-payment   one payment at a vendor, by its reference
//	card-provider  where a vendor charges cards, and a bank asks what became of it
//	               and has money given back: the simulator, or wallee (wallee)
//
// What goes from wallet to vendor is a one-time authorisation (onetime): nobody
// can charge it again or change what it says. The wallet and the vendor each
// store their intent before anything leaves; a vendor that does not know what
// became of a payment asks the provider by reference before it tries again.
//
// Where things are:
//
//	what there is         bundle.go class.go state.go payment.go
//	paying                pay.go charge.go lookup.go
//	what comes back       refund.go returned.go
//	providers             client.go provider.go simulator.go wallee.go walleefacts.go
package card
