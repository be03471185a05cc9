package vendor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// purchaseTerms are the terms for a purchase by card. Each offer has a reference of its
// own, so the card is charged once for it, by the operation that pays under it.
func (s servicing) purchaseTerms(ctx context.Context, inv instrument.Invoice) (instrument.Terms, instrument.Invoice, error) {
	if inv[controller.InvoiceAmount] == "" {
		return instrument.Terms{}, nil, notTaken(ClassCard)
	}
	reference, err := s.t.purchaseReference()
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	return s.cardTerms(ctx, inv, reference)
}

// cardTerms are the terms of an invoice for a card, if there is a provider to charge it.
// They add the reference by which the charge is found, and that one operation pays it.
func (s servicing) cardTerms(ctx context.Context, inv instrument.Invoice, reference string) (instrument.Terms, instrument.Invoice, error) {
	if _, err := s.t.Provider(ctx); errors.Is(err, fault.NotFound) {
		return instrument.Terms{}, nil, notTaken(ClassCard)
	}
	terms, inv, err := s.price(ctx, inv)
	inv = maps.Clone(inv)
	inv[controller.InvoiceReference], inv[controller.InvoiceMerchant], inv[controller.InvoiceCharge] = reference, s.t.cfg.Merchant, "once"
	return terms, inv, err
}

// purchases lists the purchases by card, without those in known: if something of a
// purchase was given back, it has a record and was found already.
func (t *Terminal) purchases(ctx context.Context, known []string) ([]Payment, error) {
	all, err := t.cardPayments(ctx, "")
	if err != nil {
		return nil, err
	}
	var out []Payment
	for _, p := range all {
		of := aloneOf(p.Payer, p.Operation)
		if !strings.HasPrefix(p.Reference, purchasePrefix) || p.Operation == "" || slices.Contains(known, of.key()) {
			continue
		}
		out = append(out, Payment{
			Status: PaymentPaid, Payer: p.Payer, Name: of.Name, Total: p.Amount, Paid: p.Amount, alone: true,
			Parts: []Part{{Operation: instrument.OperationID(protocol.Short(p.Operation)), Class: ClassCard, Amount: p.Amount, ID: p.Operation}},
		})
	}
	return out, nil
}
