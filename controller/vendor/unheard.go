package vendor

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Charge is a charge of a card, certain or possible, of which its payer has not heard: the
// operation that was to pay has ended without a known outcome. Terminal.Refund of that
// operation asks the provider and gives the money back.
type Charge struct {
	Operation instrument.OperationID `json:"operation"` // the last one that was to pay
	Amount    instrument.Amount      `json:"amount"`
	Known     bool                   `json:"known"` // it was charged; false: nobody knows yet
}

// addUnheard adds to each payment the charges for it that pay none of its parts, and to the list
// the purchases of which nobody has heard. What is being paid at the moment is left out.
func (t *Terminal) addUnheard(ctx context.Context, all []Payment) ([]Payment, error) {
	open, err := t.unheardCharges(ctx)
	if err != nil || len(open) == 0 {
		return all, err
	}
	tried, err := t.Protocols().Records(ctx, protocol.Filter{Side: protocol.Servicer})
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{} // by reference; the newest operation comes first
	for _, r := range tried {
		reference := r.Invoice[controller.InvoiceReference]
		charge, is := open[reference]
		if !is || seen[reference] || r.Operation != protocol.Pay || r.Class != ClassCard {
			continue
		}
		seen[reference] = true
		if r.State != protocol.Ended || r.Result != nil {
			continue
		}
		charge.Operation = r.ID
		of := whole{Payer: r.Peer, Name: r.Invoice[controller.InvoicePayment]}
		if of.Name == "" {
			id, err := t.Protocols().Named(ctx, string(r.ID))
			if err != nil { // a payer has chosen operation ids with the same beginning
				id = r.ID
			}
			of = aloneOf(r.Peer, id)
		}
		all = unheardOf(all, of, charge)
	}
	return all, nil
}

// unheardOf adds a charge to the payment that it is for.
func unheardOf(all []Payment, of whole, c Charge) []Payment {
	for n := range all {
		if all[n].Payer == of.Payer && all[n].Name == of.Name {
			all[n].Unheard = append(all[n].Unheard, c)
			return all
		}
	}
	return append(all, Payment{
		Status: PaymentOpen, Payer: of.Payer, Name: of.Name, Total: c.Amount, Paid: instrument.ZeroOf(c.Amount.Currency), Parts: []Part{}, Unheard: []Charge{c}, alone: of.Alone,
	})
}

// unheardCharges are the charges for parts and purchases whose operation was not answered with
// them, by reference.
func (t *Terminal) unheardCharges(ctx context.Context) (map[string]Charge, error) {
	out := map[string]Charge{}
	for status, known := range map[string]bool{cardPending: false, cardPaid: true} {
		all, err := t.cardPayments(ctx, status)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			if p.Operation == "" && comesBack(p.Reference) {
				out[p.Reference] = Charge{Amount: p.Amount, Known: known}
			}
		}
	}
	return out, nil
}

// unheard finds out whether a PAY that has ended without a known outcome has charged a card
// after all: it asks the provider and then reads the record. Nil means that it has, and that
// no other operation has paid with that charge. The error is fault.NotFound if it has paid
// nothing, and fault.Unknown while the provider has not decided.
func (t *Terminal) unheard(ctx context.Context, op instrument.OperationID, r protocol.Record) error {
	nothing := fault.New(fault.NotFound, "operation %s has paid nothing here", protocol.Short(op)).Because("payment-unknown")
	if r.State != protocol.Ended || r.Class != ClassCard {
		return nothing
	}
	begun, err := t.paidBy(ctx, r.Peer, op)
	if err != nil {
		return err
	}
	reference := begun.Call.Offer.Invoice[controller.InvoiceReference]
	p, err := t.cardPayment(ctx, reference)
	if err == nil && p.status == cardPending {
		if _, err = t.factsOf(ctx, reference); err == nil {
			p, err = t.cardPayment(ctx, reference)
		}
	}
	switch {
	case neverArrived(err):
		return nothing
	case err != nil:
		return err
	case p.status == cardPending:
		return fault.New(fault.Unknown, "the provider has not decided yet whether the card was charged").Because("provider-unknown").WithHint("try again later")
	case p.status == cardDeclined, p.Operation != "" && p.Operation != op:
		return nothing
	}
	return nil
}
