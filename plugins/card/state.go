package card

import (
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

// state is the state of a payment-card. The first four members are those of a
// test card's file.
type state struct {
	Account string  `json:"account"`
	Brand   string  `json:"brand"`
	Last4   string  `json:"last4"`
	Key     keyText `json:"key"`

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
	maxFormer     = 16 // the latest
)

// card is the card for the making of authorisations.
func (s state) card() (onetime.Card, error) {
	raw, err := s.Key.bytes()
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

// keyText is the card's key as its file spells it: base64, of either alphabet. It
// prints as [secret].
type keyText string

func (k keyText) bytes() ([]byte, error) {
	text := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(string(k))
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the key of a card is base64").Because(onetime.ReasonCardMalformed)
	}
	return raw, nil
}

// String hides the secret.
func (keyText) String() string { return "[secret]" }

// GoString hides the secret from %#v.
func (keyText) GoString() string { return "[secret]" }

// Format hides the secret from every verb of fmt.
func (keyText) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

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

// payment is the state of a card-payment.
type payment struct {
	Reference   string            `json:"reference"`
	Amount      instrument.Amount `json:"amount"`
	Merchant    string            `json:"merchant"`
	Provider    instrument.ID     `json:"provider"` // the card-provider instance
	State       string            `json:"state"`    // as the status
	Transaction string            `json:"transaction,omitempty"`
	Brand       string            `json:"brand,omitempty"`
	Last4       string            `json:"last4,omitempty"`
	Reason      string            `json:"reason,omitempty"` // why it was declined
	Changed     int64             `json:"changed"`          // unix seconds; of a pending one: when it was sent last
	// Payer is the key of the wallet whose PAY it is, none of a card in the terminal's
	// own reader; Operation is the first PAY that was answered with paid.
	Payer     string                 `json:"payer,omitempty"`
	Operation instrument.OperationID `json:"operation,omitempty"`
	// Former are the transactions of attempts before this one, which were declined: the
	// provider goes on to tell of them.
	Former []string `json:"former,omitempty"`
	sdk.Returned
	Returning *sdk.Refund `json:"returning,omitempty"` // that the provider was asked for and has not answered
}

// mayArrive says that a charge was sent so lately that the provider may get it yet.
func (p payment) mayArrive(now time.Time) bool {
	return p.State == pending && now.Before(time.Unix(p.Changed, 0).Add(arrivesWithin))
}

func (p payment) receipt() receipt {
	return receipt{Transaction: p.Transaction, Amount: p.Amount, Reference: p.Reference, State: p.State}
}

// order is what shall be charged.
type order struct {
	Token     string            `json:"token"`
	Reference string            `json:"reference"`
	Amount    instrument.Amount `json:"amount"`
	Merchant  string            `json:"merchant"`

	brand, last4 string
	provider     instrument.ID
	payer        string                 // of a PAY
	operation    instrument.OperationID // of a PAY
	once         bool                   // it pays for one operation only
}

const maxText = 256

// mayHave says whose payment one on record is: its payer's, or a vendor's who asks
// for itself. What was declined is nobody's. Where the vendor's offer says that a
// charge is for one operation, the first one that was answered has it.
func (o order) mayHave(old payment) bool {
	if o.payer == "" || old.State == declined {
		return true
	}
	return old.Payer == o.payer && (!o.once || old.Operation == "" || old.Operation == o.operation)
}

func (o order) check() error {
	switch {
	case o.Reference == "" || len(o.Reference) > maxText || len(o.Merchant) > maxText || o.Token == "" || len(o.Token) > 4*maxText:
		return fault.New(fault.Invalid, "a charge needs a token, a reference and a merchant of at most %d bytes", maxText).Because("charge-malformed")
	case o.Amount.IsZero():
		return fault.New(fault.Invalid, "a charge of nothing is none").Because("amount-too-small")
	case o.provider == "":
		return fault.New(fault.Invalid, "a charge needs a card-provider").Because("instrument-missing")
	}
	return nil
}

// begun is the pure rule of a charge that begins over what is known of its
// reference; old is nil if that is nothing. A paid one stays as it is, and of one
// that may be on its way it is kept since when, whose it is and where: nothing is sent
// before that provider was asked.
func begun(old *payment, o order, now time.Time) (payment, error) {
	if old != nil && (old.Amount != o.Amount || !o.mayHave(*old)) {
		return payment{}, referenceReused()
	}
	if old != nil && old.State == paid {
		p := *old
		p.answers(o)
		return p, nil
	}
	if old != nil && old.State == declined {
		if err := o.mayMove(*old); err != nil {
			return payment{}, err
		}
	}
	p := payment{
		Reference: o.Reference, Amount: o.Amount, Merchant: o.Merchant, Provider: o.provider,
		State: pending, Brand: o.brand, Last4: o.last4, Changed: now.Unix(), Returned: sdk.NothingOf(o.Amount), Payer: o.payer,
	}
	switch {
	case old == nil:
	case old.State == pending:
		p.Changed, p.Payer, p.Provider, p.Former = old.Changed, old.Payer, old.Provider, old.attempts()
	case old.Provider == o.provider:
		p.Former = old.attempts()
	}
	return p, nil
}

// mayMove refuses to charge at another provider than the one where an earlier attempt has
// come to nothing, unless the charge is for one operation: of what is asked about elsewhere
// by the reference, as a withdrawal is by its bank, nobody would look for it there.
func (o order) mayMove(old payment) error {
	if old.Provider == o.provider || o.once {
		return nil
	}
	return fault.New(fault.Conflict, "this was to be charged at another provider before, where nothing was paid").
		Because("provider-replaced").WithHint("begin it anew: another withdrawal, or another label")
}

// attempts are the transactions of a payment that are over, for the one that begins over it.
func (p payment) attempts() []string { return p.over(p.Transaction) }

// over are the transactions that are over, with one more if it has a name.
func (p payment) over(transaction string) []string {
	all := slices.Clone(p.Former)
	if transaction != "" && !slices.Contains(all, transaction) {
		all = append(all, transaction)
	}
	return all[max(0, len(all)-maxFormer):]
}

// answers notes the first PAY that is answered with paid.
func (p *payment) answers(o order) {
	if p.Operation == "" {
		p.Operation = o.operation
	}
}

func referenceReused() error {
	return fault.New(fault.Conflict, "the reference names another payment already").Because("reference-reused")
}

// settled is the pure rule of what became of a charge. What is paid stays paid.
func settled(p payment, to, transaction, reason string, now time.Time) payment {
	if p.State == pending && to != pending {
		p.State, p.Reason, p.Changed = to, reason, now.Unix()
		if transaction != "" {
			p.Transaction = transaction
		}
	}
	return p
}
