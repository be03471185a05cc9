package vendor

import (
	"context"
	"strings"

	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Payment is a payment of several instruments as the vendor has it.
type Payment struct {
	Status  string            `json:"status"`
	Payer   string            `json:"payer"` // the key of the wallet
	Name    string            `json:"payment"`
	Total   instrument.Amount `json:"total"`
	Product string            `json:"product,omitempty"` // as each part names it
	Paid    instrument.Amount `json:"paid"`              // by parts that have ended well, also what went back since
	Parts   []Part            `json:"parts"`

	Refunded instrument.Amount `json:"refunded,omitzero"` // of Paid; AllPayments says it
	Unheard  []Charge          `json:"unheard,omitempty"` // that pay nothing of it; AllPayments says it

	alone bool // Name is ours, and ends with the id of the operation
}

// Part is one part of a Payment that was paid.
type Part struct {
	Operation instrument.OperationID `json:"operation"`
	Class     instrument.ClassID     `json:"class"`
	Amount    instrument.Amount      `json:"amount"`
	Refunded  instrument.Amount      `json:"refunded,omitzero"` // of Amount; AllPayments says it
	// Refunding is what a card's provider was asked to give back and has not answered:
	// Terminal.Refund asks again for the same.
	Refunding instrument.Amount `json:"refunding,omitzero"`

	ID instrument.OperationID `json:"-"` // the whole of Operation
}

// Payment is a payment by payer and name; fault.NotFound. Its status is on disk,
// and no other part of it can be given to the payer's REFUND if it is paid: an
// application asks for it before it delivers what the invoice of a part was for.
func (t *Terminal) Payment(ctx context.Context, payer, name string) (Payment, error) {
	return t.payment(ctx, whole{Payer: payer, Name: name}.key())
}

func (t *Terminal) payment(ctx context.Context, key string) (out Payment, err error) {
	err = t.changeWhole(ctx, key, func(i *instrument.Instance, w *whole) (err error) {
		out, err = paymentOf(i, w)
		return err
	})
	return out, err
}

// AllPayments lists the payments of several instruments, oldest first, and then what
// cards have paid alone, and how much of them went back: PaymentRefunded of what was paid
// in full and went back whole. With them are cards that were charged, or may be, for what nobody
// has heard to be paid.
func (t *Terminal) AllPayments(ctx context.Context) ([]Payment, error) {
	all, err := t.Instruments().List(ctx, instrument.Filter{Class: controller.ClassPayment})
	if err != nil {
		return nil, err
	}
	out, known := []Payment{}, []string{}
	for _, i := range all {
		var w whole
		if err := i.Decode(&w); err != nil {
			return nil, err
		}
		p, err := t.payment(ctx, w.key())
		if err != nil {
			return nil, err
		}
		out, known = append(out, p), append(known, w.key())
	}
	alone, err := t.purchases(ctx, known)
	if err != nil {
		return nil, err
	}
	if out, err = t.addUnheard(ctx, append(out, alone...)); err != nil {
		return nil, err
	}
	for n, p := range out { // an id is told in short
		if p.alone {
			out[n].Name = aloneName + protocol.Short(instrument.OperationID(strings.TrimPrefix(p.Name, aloneName)))
		}
	}
	return out, t.addRefunds(ctx, out)
}

func paymentOf(i *instrument.Instance, w *whole) (Payment, error) {
	sum, err := w.paidSum()
	p := Payment{Status: i.Status, Payer: w.Payer, Name: w.Name, Total: w.Total, Product: w.Product, Paid: sum, Parts: []Part{}, alone: w.Alone}
	for _, s := range w.Parts {
		if s.Paid != "" {
			p.Parts = append(p.Parts, Part{Operation: instrument.OperationID(protocol.Short(s.Paid)), Class: s.Class, Amount: s.Amount, ID: s.Paid})
		}
	}
	return p, err
}
