package card

import (
	"context"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

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

// maxFormer is how many former transactions are kept, the latest.
const maxFormer = 16

// order is what shall be charged.
type order struct {
	Token     string            `json:"token"`
	Reference string            `json:"reference"`
	Amount    instrument.Amount `json:"amount"`
	Merchant  string            `json:"merchant"`

	brand, last4 string
	provider     instrument.ID
	payer        string                 // of a PAY: the key of the wallet
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
	case len(o.Merchant) > maxText:
		return fault.New(fault.Invalid, "the merchant's name has %d bytes, and a charge takes at most %d", len(o.Merchant), maxText).
			Because("charge-malformed").WithHint("the merchant's settings have it: no card can be charged before it is shorter")
	case o.Reference == "" || len(o.Reference) > maxText:
		return fault.New(fault.Invalid, "a charge needs a reference of at most %d bytes", maxText).Because("charge-malformed")
	case o.Token == "" || len(o.Token) > 4*maxText:
		return fault.New(fault.Invalid, "a charge needs a card's token of at most %d bytes", 4*maxText).Because("charge-malformed")
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

// changePayment changes the state of a payment, which is its status, too, by a pure rule;
// what is left unchanged is not written.
func changePayment(ctx context.Context, s protocol.Session, id instrument.ID, rule func(*payment) (changed bool, err error)) (p payment, err error) {
	err = s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		p = payment{}
		if err := i.Decode(&p); err != nil {
			return err
		}
		if changed, err := rule(&p); err != nil || !changed {
			return err
		}
		return putPayment(tx, i, p)
	})
	return p, err
}

func putPayment(tx instrument.Tx, i instrument.Instance, p payment) error {
	i.Status = p.State
	if err := i.Encode(p); err != nil {
		return err
	}
	return tx.Put(i)
}
