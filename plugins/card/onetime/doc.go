// Package onetime is the one-time authorisation of a card: what a wallet hands to
// a vendor instead of anything that could be charged again. The card class of a
// wallet makes authorisations, the card's provider checks them; nobody between
// the two can change one or use it twice, nor is it taken from another wallet.
//
// A card here is an account at a provider and a key that only the wallet and the
// provider hold. A card number is nowhere: brand and last four digits are all
// that a person sees of a card.
//
//	a, err := onetime.Authorise(card, counter, merchant, amount, reference, payer)
//	token := a.Token() // goes to the vendor, who passes it on to the provider
package onetime
