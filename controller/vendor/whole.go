package vendor

import (
	"context"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Statuses of a payment of several instruments. From open it becomes either paid, and the
// vendor delivers, or closed, and it is given back.
const (
	PaymentOpen   = "open"
	PaymentPaid   = "paid"
	PaymentClosed = "closed"
)

// Payments are the vendor's own classes, which no plugin brings.
func Payments() protocol.Bundle {
	return protocol.Bundle{Name: "payments", Classes: []instrument.Class{controller.Kept{Rule: checkWhole, About: instrument.Info{
		ID: controller.ClassPayment, Title: "Payment of several instruments", Keys: []string{keyPayment}, Shareable: true,
		Moves: []instrument.Move{
			{From: "", To: PaymentOpen},
			{From: PaymentOpen, To: PaymentOpen},
			{From: PaymentOpen, To: PaymentPaid},
			{From: PaymentOpen, To: PaymentClosed},
			{From: PaymentPaid, To: PaymentPaid}, // the vendor gives a part back
			{From: "", To: PaymentPaid},          // … of a payment that was alone
			{From: PaymentClosed, To: PaymentClosed},
		},
		Fields: []instrument.Field{{Name: "name", Title: "Name"}, {Name: "total", Title: "Total"}},
	}}}}
}

const keyPayment = "payment" // see whole.key

// whole is the vendor's record of a payment of several instruments.
type whole struct {
	Payer   string                   `json:"payer"` // the key of the wallet
	Name    string                   `json:"name"`
	Total   instrument.Amount        `json:"total"`
	Product string                   `json:"product,omitempty"` // what it is for, if its parts say so
	Parts   []share                  `json:"parts"`
	Begun   time.Time                `json:"begun,omitzero"`
	Granted []instrument.OperationID `json:"granted,omitempty"` // the payments that the vendor lets their payer have back
	Alone   bool                     `json:"alone,omitempty"`   // the payment is one operation, not several parts; we gave it its name

	running map[instrument.OperationID]bool // of the operations that were looked up: it is paying, or may be about to
}

// share is one part. It is on record before it is taken, with the latest operations that
// have tried to pay it.
type share struct {
	Name       string                   `json:"name"`
	Class      instrument.ClassID       `json:"class"`
	Amount     instrument.Amount        `json:"amount"`
	Operations []instrument.OperationID `json:"operations"`
	Paid       instrument.OperationID   `json:"paid,omitempty"`  // the one that has paid it
	Taker      instrument.OperationID   `json:"taker,omitempty"` // the last one that may pay it, unless it has failed
	Life       string                   `json:"life,omitempty"`  // the process in which the taker runs
}

const maxShares = 32

// key is the unique key of a payment. Two payers may choose the same name, and no name
// that a payer chooses leads to a payment that was made alone.
func (w whole) key() string {
	if w.Alone {
		return w.Payer + ":" + w.Name
	}
	return w.Payer + "/" + w.Name
}

// has reports whether an operation has tried to pay a part of it.
func (w whole) has(op instrument.OperationID) bool {
	return slices.ContainsFunc(w.Parts, func(p share) bool { return slices.Contains(p.Operations, op) })
}

// idle reports whether no part has paid and none is being paid.
func (w whole) idle() bool {
	return !slices.ContainsFunc(w.Parts, func(p share) bool { return p.Paid != "" || p.Taker != "" })
}

// paidSum is how much of it was paid.
func (w whole) paidSum() (sum instrument.Amount, err error) {
	sum = instrument.ZeroOf(w.Total.Currency)
	for _, p := range w.Parts {
		if p.Paid == "" {
			continue
		}
		if sum, err = sum.Add(p.Amount); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// add is the pure rule by which an operation claims a part that it is going to pay. Of two
// operations at once, one is on the record first and the other is refused, even while
// nothing else is known of the first.
func (w *whole) add(s share, op instrument.OperationID, life string) error {
	at := slices.IndexFunc(w.Parts, func(p share) bool { return p.Name == s.Name })
	if at < 0 {
		if err := w.fits(s); err != nil {
			return err
		}
		if len(w.Parts) == maxShares {
			return fault.New(fault.Conflict, "a payment has at most %d parts, those that failed included", maxShares).Because("parts-too-many")
		}
		s.Operations, s.Taker, s.Life = []instrument.OperationID{op}, op, life
		w.Parts = append(w.Parts, s)
		return nil
	}
	p := &w.Parts[at]
	switch {
	case p.Class != s.Class || p.Amount != s.Amount:
		return fault.New(fault.Conflict, "part %s of this payment is another one", s.Name).Because("part-differs")
	case p.Paid != "" && p.Paid != op:
		return partPaid(s.Name)
	case slices.ContainsFunc(p.Operations, func(other instrument.OperationID) bool { return other != op && w.mayPay(other) }):
		return fault.New(fault.Locked, "part %s of this payment is being paid", s.Name).Because("part-paying")
	}
	if err := w.fits(s); err != nil { // while it was free, others may have paid
		return err
	}
	if !slices.Contains(p.Operations, op) {
		// All others have ended and have not paid. What may have been charged is found by
		// the part's reference, whichever of them is asked about, so the oldest are enough to
		// forget: a part that nobody could tell of for long must not stay so for ever.
		p.Operations = append(p.Operations, op)
		p.Operations = p.Operations[max(0, len(p.Operations)-maxShares):]
	}
	p.Taker, p.Life = op, life
	return nil
}

// isPaid reports whether another operation has paid that part.
func (w *whole) isPaid(s share, op instrument.OperationID) bool {
	return slices.ContainsFunc(w.Parts, func(p share) bool {
		return p.Name == s.Name && p.Class == s.Class && p.Amount == s.Amount && p.Paid != "" && p.Paid != op
	})
}

func partPaid(name string) error {
	return fault.New(fault.Conflict, "part %s of this payment is paid", name).Because(controller.ReasonPartPaid)
}

// fits refuses a part with which, beside all others, more than the total would be paid:
// nobody delivers for that, so its payer would have to ask for all of it back.
func (w *whole) fits(s share) error {
	sum, paying := s.Amount, false
	for _, p := range w.Parts {
		pays := slices.ContainsFunc(p.Operations, w.mayPay)
		if p.Name == s.Name || p.Paid == "" && !pays {
			continue
		}
		var err error
		if sum, err = sum.Add(p.Amount); err != nil {
			return err
		}
		paying = paying || p.Paid == ""
	}
	switch c, err := sum.Cmp(w.Total); {
	case err != nil || c <= 0:
		return err
	case paying:
		return fault.New(fault.Locked, "with the parts of this payment that are being paid, this one is more than %s", w.Total).Because("part-paying")
	}
	return fault.New(fault.Conflict, "with this part %s would be paid of %s", sum, w.Total).Because("parts-too-much").
		WithHint("pay what is left, or take back what was paid")
}

// mayPay reports whether an operation is paying or may be about to. One that nobody has looked up
// came on the record since, and may.
func (w *whole) mayPay(op instrument.OperationID) bool {
	running, seen := w.running[op]
	return running || !seen
}

// checkWhole is the class's rule: a payment is paid when its parts are, and what
// is on record of it stays.
func checkWhole(before, after *instrument.Instance) error {
	var is, was whole
	if err := after.Decode(&is); err != nil {
		return fault.Wrap(err, fault.Invalid, "this is not the state of a payment").Because("payment-malformed")
	}
	if after.Keys[keyPayment] != is.key() {
		return fault.New(fault.Invalid, "a payment bears its payer and its name").Because("payment-malformed")
	}
	if sum, err := is.paidSum(); after.Status == PaymentPaid && (err != nil || sum != is.Total) {
		return fault.New(fault.Conflict, "a payment is paid when its parts make up the total").Because("payment-open")
	}
	if before == nil {
		return nil
	}
	if err := before.Decode(&was); err != nil {
		return err
	}
	if is.key() != was.key() || is.Payer != was.Payer || is.Name != was.Name || is.Total != was.Total || is.Product != was.Product ||
		len(is.Parts) < len(was.Parts) {
		return fault.New(fault.Invalid, "a payment cannot become another payment").Because("payment-changed")
	}
	for n, p := range was.Parts {
		q := is.Parts[n]
		if p.Name != q.Name || p.Amount != q.Amount || p.Paid != "" && p.Paid != q.Paid {
			return fault.New(fault.Invalid, "a part of a payment cannot become another part").Because("payment-changed")
		}
	}
	return nil
}

// changeWhole changes the record of a payment, which has what became of its parts
// on it by then: one whose last part has ended well is paid, whoever asks first.
func (t *Terminal) changeWhole(ctx context.Context, key string, f func(i *instrument.Instance, w *whole) error) error {
	i, err := t.Instruments().Lookup(ctx, controller.ClassPayment, keyPayment, key)
	if err != nil {
		return err
	}
	var seen whole
	if err := i.Decode(&seen); err != nil {
		return err
	}
	paid, running, err := t.fates(ctx, seen)
	if err != nil {
		return err
	}
	t.Passes(protocol.PointBeforeRecord)
	defer t.Passes(protocol.PointAfterRecord)
	return t.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		now, err := tx.Get(i.ID)
		if err != nil {
			return err
		}
		was, before := now.Status, now.State // not what was looked up: somebody may have changed it since
		var w whole
		if err := now.Decode(&w); err != nil {
			return err
		}
		for n := range w.Parts {
			if at := slices.IndexFunc(w.Parts[n].Operations, func(op instrument.OperationID) bool { return paid[op] }); at >= 0 && w.Parts[n].Paid == "" {
				w.Parts[n].Paid = w.Parts[n].Operations[at]
			}
		}
		if sum, err := w.paidSum(); err == nil && now.Status == PaymentOpen && sum == w.Total {
			now.Status = PaymentPaid
		}
		w.running = running
		if err := f(&now, &w); err != nil {
			return err
		}
		if err := now.Encode(w); err != nil {
			return err
		}
		if slices.Equal(now.State, before) && now.Status == was {
			return nil
		}
		return tx.Put(now)
	})
}

// fates are the operations of a payment that have paid, and of all whether they go on
// or may be about to begin. Whether a part is taken is read before its operations are: one that
// does not hold its part any more has its outcome on record by then.
func (t *Terminal) fates(ctx context.Context, w whole) (paid, running map[instrument.OperationID]bool, err error) {
	paid, running = map[instrument.OperationID]bool{}, map[instrument.OperationID]bool{}
	for _, p := range w.Parts {
		taken := t.taken(p)
		for _, op := range p.Operations {
			found, err := t.Protocols().Records(ctx, protocol.Filter{Prefix: string(op), Side: protocol.Servicer, Peer: w.Payer, Limit: 1})
			switch {
			case err != nil:
				return nil, nil, err
			case len(found) == 0:
				running[op] = taken && p.Taker == op
			default:
				over := found[0].State == protocol.Ended
				running[op], paid[op] = !over, over && found[0].Fault == nil
			}
		}
	}
	return paid, running, nil
}
