package prepaid

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

// The classes of this bundle.
const (
	accountID instrument.ClassID = "prepaid"
	paymentID instrument.ClassID = "prepaid-payment"
	creditID  instrument.ClassID = "prepaid-credit"
)

// Unique keys: an account is opened once, a payment is made once, a source is
// credited once.
const (
	keyAccount = "account"
	keyPayment = "payment"
	keySource  = "source"
)

// Statuses.
const (
	opening  = "opening"  // purse: the vendor may know the account
	active   = "active"   // purse
	refused  = "refused"  // purse, final: the vendor does not open it
	removed  = "removed"  // purse, final: given up empty
	open     = "open"     // ledger
	paid     = "paid"     // payment
	refunded = "refunded" // payment, final: nothing is left to refund
	credited = "credited" // credit, final
)

// purseClass is the wallet's view. It is shareable: payments that are under way
// together hold back what they may cost.
var purseClass = sdk.Class{Rule: checkPurse, Choose: prefer, About: instrument.Info{
	ID: accountID, Title: "Prepaid account", Keys: []string{keyAccount}, Shareable: true, Peer: "vendor_key", Currency: "currency",
	Moves: []instrument.Move{
		{From: "", To: opening},
		{From: opening, To: opening},
		{From: opening, To: active},
		{From: opening, To: refused},
		{From: opening, To: removed},
		{From: active, To: active},
		{From: active, To: removed},
	},
	Fields: []instrument.Field{
		{Name: "account", Title: "Number of the account"},
		{Name: "vendor", Title: "Vendor"},
		{Name: "balance", Title: "Can be spent"},
	},
}}

// ledgerClass is the vendor's view.
var ledgerClass = sdk.Class{Rule: checkLedger, About: instrument.Info{
	ID: accountID, Title: "Prepaid account", Keys: []string{keyAccount}, Shareable: true,
	Moves:  []instrument.Move{{From: "", To: open}, {From: open, To: open}},
	Fields: []instrument.Field{{Name: "account", Title: "Number of the account"}, {Name: "balance", Title: "Balance"}},
}}

// paymentClass is the vendor's: one payment, by the operation that made it.
var paymentClass = sdk.Class{Rule: checkPayment, About: instrument.Info{
	ID: paymentID, Title: "Payment from a prepaid account", Keys: []string{keyPayment}, Shareable: true,
	Moves:  []instrument.Move{{From: "", To: paid}, {From: paid, To: paid}, {From: paid, To: refunded}},
	Fields: []instrument.Field{{Name: "account", Title: "Account"}, {Name: "amount", Title: "Amount"}, {Name: "refunded", Title: "Refunded"}},
}}

// creditClass is the vendor's: one sum that was paid in.
var creditClass = sdk.Class{About: instrument.Info{
	ID: creditID, Title: "Credit of a prepaid account", Keys: []string{keySource}, Shareable: true,
	Moves:  []instrument.Move{{From: "", To: credited}},
	Fields: []instrument.Field{{Name: "account", Title: "Account"}, {Name: "amount", Title: "Amount"}, {Name: "source", Title: "Source"}},
}}

// next is the pure table of a purse's status.
func next(status, event string) (string, error) {
	for _, m := range []struct{ from, event, to string }{
		{opening, evAsk, opening},
		{opening, evOpened, active},
		{opening, evRefused, refused},
		{active, evOpened, active}, // two answers to two questions
		{active, evRefused, active},
		{active, evUse, active},
	} {
		if m.from == status && m.event == event {
			return m.to, nil
		}
	}
	return "", fault.New(fault.Conflict, "this account is %s", status).Because("account-unusable").
		WithHint("an account that is opening is opened by OPEN; one that is not open any more by a new one")
}

// Events of next.
const (
	evAsk     = "OPEN is asked for"
	evOpened  = "OPEN is answered"
	evRefused = "OPEN is refused for good"
	evUse     = "a payment or a statement"
)
