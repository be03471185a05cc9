package card

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/masked"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
)

// state is the state of a payment-card. The first four members are those of a
// test card's file.
type state struct {
	Account string      `json:"account"`
	Brand   string      `json:"brand"`
	Last4   string      `json:"last4"`
	Key     masked.Text `json:"key"`

	Counter    uint64   `json:"counter"`              // of the last authorisation that was made
	Pending    *intent  `json:"pending"`              // on its way, or of unknown outcome
	Unresolved []intent `json:"unresolved,omitempty"` // the latest of the older ones whose outcome was never learnt
	Receipts   []kept   `json:"receipts,omitempty"`   // the latest
}

// intent is a payment that may be charged to the card.
type intent struct {
	Reference string            `json:"reference"`
	Payee     string            `json:"payee,omitempty"` // the key of the vendor, who chooses the reference; none in what older builds have stored
	Amount    instrument.Amount `json:"amount"`
	Counter   uint64            `json:"counter"`
}

// is reports whether an intent is the payment that a vendor knows by a reference. Two
// vendors may use the same one, and none has a say in what was paid to another.
func (i intent) is(reference, payee string) bool {
	return i.Reference == reference && (i.Payee == payee || i.Payee == "")
}

// kept is a receipt as the card has it.
type kept struct {
	receipt
	Operation instrument.OperationID `json:"operation,omitempty"` // that paid; none in what older builds have stored
}

// of reports whether a receipt is that of the payment by an operation.
func (k kept) of(op instrument.OperationID, reference string) bool {
	return k.Reference == reference && (k.Operation == op || k.Operation == "")
}

// receipt is how a vendor says that a card was charged. It is the result of PAY
// and CHARGE.
type receipt struct {
	Transaction string            `json:"transaction"` // the provider's name of the payment
	Amount      instrument.Amount `json:"amount"`
	Reference   string            `json:"reference"`
	State       string            `json:"state"` // "paid"
	Refunded    instrument.Amount `json:"refunded,omitzero"`
}

const (
	maxReceipts   = 20
	maxUnresolved = 32
)

// card is the card for the making of authorisations.
func (s state) card() (onetime.Card, error) {
	raw, err := keyBytes(s.Key)
	if err != nil {
		return onetime.Card{}, err
	}
	defer clear(raw)
	key, err := onetime.NewKey(raw)
	if err != nil {
		return onetime.Card{}, err
	}
	c := onetime.Card{Account: s.Account, Brand: s.Brand, Last4: s.Last4, Key: key}
	return c, c.Check()
}

// keyBytes reads the card's key as its file spells it: base64, of either alphabet.
func keyBytes(k masked.Text) ([]byte, error) {
	text := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(string(k))
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the key of a card is base64").Because(onetime.ReasonCardMalformed)
	}
	return raw, nil
}

// intend is the pure rule of a payment that begins: the next counter is used up,
// and what it is for is on record. A counter is no less than the time, in milliseconds:
// a wallet out of a backup does not know which ones were used since, and those are all
// below.
func (s *state) intend(reference, payee string, amount instrument.Amount, now time.Time) {
	if old := s.Pending; old != nil && !old.is(reference, payee) {
		// An authorisation has no expiry, so none is ever surely over, and a vendor
		// that never answers must not be able to use a card up. The list is what a
		// person looks through; what falls off it is still in the operation's record.
		s.Unresolved = append(s.Unresolved, *old)
		s.Unresolved = s.Unresolved[max(0, len(s.Unresolved)-maxUnresolved):]
	}
	s.Counter = max(s.Counter+1, uint64(max(0, now.UnixMilli())))
	s.Pending = &intent{Reference: reference, Payee: payee, Amount: amount, Counter: s.Counter}
}

// resolve is the pure rule of an outcome: nothing of this vendor's reference is open
// any more.
func (s *state) resolve(reference, payee string) {
	if s.Pending != nil && s.Pending.is(reference, payee) {
		s.Pending = nil
	}
	var open []intent
	for _, u := range s.Unresolved {
		if !u.is(reference, payee) {
			open = append(open, u)
		}
	}
	s.Unresolved = open
}

// keep adds a receipt.
func (s *state) keep(r receipt, payee string, by instrument.OperationID) {
	s.resolve(r.Reference, payee)
	s.Receipts = append(s.Receipts, kept{r, by})
	s.Receipts = s.Receipts[max(0, len(s.Receipts)-maxReceipts):]
}
