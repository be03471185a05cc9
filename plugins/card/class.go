package card

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

// The classes of this bundle.
const (
	cardID     instrument.ClassID = "payment-card"
	paymentID  instrument.ClassID = "card-payment"
	providerID instrument.ClassID = "card-provider"
)

// keyReference is the unique key of a payment: a reference is paid once.
const keyReference = "reference"

// Statuses.
const (
	active   = "active"
	removed  = "removed"
	pending  = "pending" // it may have been charged: the provider knows
	paid     = "paid"
	declined = "declined" // nothing was charged; may be tried again

	refunding = "refunding" // it may be coming back: the provider knows
	refunded  = "refunded"  // final: all of it has come back
)

var keptMoves = []instrument.Move{{From: "", To: active}, {From: active, To: active}, {From: active, To: removed}}

// providerMoves let the key be changed of a provider that was removed: it is asked about
// what was paid there, and gives it back.
var providerMoves = append(slices.Clone(keptMoves), instrument.Move{From: removed, To: removed})

// paymentCard is the wallet's view.
var paymentCard = sdk.Class{Rule: checkCard, About: instrument.Info{
	ID: cardID, Title: "Payment card", Keys: []string{"account"}, Moves: keptMoves,
	Fields: []instrument.Field{
		{Name: "account", Title: "Account at the provider"},
		{Name: "brand", Title: "Brand"},
		{Name: "last4", Title: "Last four digits"},
		{Name: "key", Title: "Key", Secret: true},
	},
}}

// acceptedCard is the vendor's view: it takes such cards and holds none.
var acceptedCard = sdk.Class{About: instrument.Info{ID: cardID, Title: "Payment card"}}

// cardPayment is the vendor's: one payment.
var cardPayment = sdk.Class{Rule: checkPayment, About: instrument.Info{
	ID: paymentID, Title: "Payment by card", Keys: []string{keyReference}, Outside: []string{pending, refunding},
	Moves: []instrument.Move{
		{From: "", To: pending},
		{From: pending, To: pending},
		{From: pending, To: paid},
		{From: pending, To: declined},
		{From: declined, To: pending},
		{From: paid, To: paid}, // found by LOOKUP, and then answered
		{From: paid, To: refunding},
		{From: refunding, To: paid},
		{From: refunding, To: refunded},
	},
}}

// cardProvider is a provider, for vendor and bank: providerState.
var cardProvider = sdk.Class{Rule: checkProvider, About: instrument.Info{
	ID: providerID, Title: "Card payment provider", Keys: []string{"name"}, Moves: providerMoves, Shareable: true, Address: "url",
	Fields: []instrument.Field{
		{Name: "name", Title: "Name"},
		{Name: "kind", Title: "Kind: simulator or wallee"},
		{Name: "url", Title: "Base URL"},
		{Name: "space", Title: "Space, of wallee"},
		{Name: "user", Title: "Application user, of wallee"},
		{Name: "key", Title: "The user's key, of wallee", Secret: true},
	},
}}

// checkProvider is the class's own rule: its provider is one that this bundle
// speaks to, with all that is needed for that.
func checkProvider(_, after *instrument.Instance) error {
	var p providerState
	if err := after.Decode(&p); err != nil {
		return fault.Wrap(err, fault.Invalid, "a member of the provider is of another kind than a provider's").Because(reasonProviderMalformed)
	}
	_, err := p.client(after.ID)
	return err
}

// checkCard is the class's own rule: a card is complete, stays on its account,
// and its counter never goes back, or an authorisation could be made twice.
func checkCard(before, after *instrument.Instance) error {
	var is state
	if err := after.Decode(&is); err != nil { // a person has written it
		return fault.Wrap(err, fault.Invalid, "a member of the card is of another kind than a card's").Because("card-malformed")
	}
	if _, err := is.card(); err != nil {
		return err
	}
	if before == nil {
		return nil
	}
	var was state
	if err := before.Decode(&was); err != nil {
		return err
	}
	if was.Account != is.Account { // the key may have been mistyped, or be renewed
		return fault.New(fault.Invalid, "a card cannot become another card").Because("card-changed")
	}
	if is.Counter < was.Counter {
		return fault.New(fault.Conflict, "the counter of a card cannot go back").Because("counter-reused")
	}
	return nil
}
