package vendor

import (
	"context"
	"errors"
	"maps"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Servicing lets wallets pay over sessions.
func (t *Terminal) Servicing() controller.Servicing { return servicing{t} }

type servicing struct{ t *Terminal }

// Admit lets any wallet in. A customer whom the vendor knows is that principal; all
// others are anonymous, each under their key.
func (s servicing) Admit(ctx context.Context, peer comm.Peer, hello comm.Initiate) (profile.Principal, error) {
	if hello.Role != comm.Client {
		return profile.Principal{}, fault.New(fault.Denied, "a terminal has no sessions with a %s", hello.Role).Because("role-refused")
	}
	known, err := s.t.Profiles().Principal(ctx, customerID(peer.Key))
	switch {
	case errors.Is(err, fault.NotFound): // under the id of a known customer of that key: who becomes known keeps what is theirs here
		return profile.Principal{ID: customerID(peer.Key), Kind: profile.Person, Name: "a customer"}, nil
	case err != nil:
		return profile.Principal{}, err
	}
	return known, nil
}

// Offers are the terms for whatever an invoice names: a refund, a part of a payment, a
// payment into an account, a withdrawal that waits to be paid, or else a purchase. A
// withdrawal is paid by card, and its offer shows the groups of the wallet that has
// selected it. A purchase is paid with any class that is installed here and may have a
// price of its own for each; see Prices.
func (s servicing) Offers(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	switch {
	case inv[controller.InvoiceRefund] != "":
		return s.t.refundTerms(ctx, who, inv, class)
	case inv[controller.InvoicePayment] != "":
		return s.partTerms(ctx, who, inv, class)
	case inv[controller.InvoicePart]+inv[controller.InvoiceTotal] != "": // without the name of the payment it would be taken for a purchase
		return instrument.Terms{}, nil, fault.New(fault.Invalid, "a part of a payment names the payment, too").Because("part-malformed").WithHint("payment=NAME part=NAME total=AMOUNT amount=AMOUNT")
	}
	if _, into := inv[controller.InvoiceAccount]; into { // a name that is empty is no purchase
		return s.t.topUpTerms(ctx, who, inv, class)
	}
	asks := inv[controller.InvoiceReference] != "" || inv[controller.InvoiceReserve] != ""
	if asks && class == ClassCard {
		sale, err := s.t.saleOf(inv)
		if err != nil {
			return instrument.Terms{}, nil, err
		}
		terms, inv := s.t.saleTerms(sale)
		return terms, inv, nil
	}
	var terms instrument.Terms
	var err error
	switch {
	case !asks && class == ClassCard:
		terms, inv, err = s.purchaseTerms(ctx, inv)
	case !asks && !ours(class):
		terms, inv, err = s.price(ctx, inv)
	default:
		err = notTaken(class)
	}
	if err == nil {
		terms, err = s.t.cfg.Prices.of(class, terms)
	}
	return terms, inv, err
}

func (t *Terminal) saleTerms(s *sale) (instrument.Terms, instrument.Invoice) {
	return instrument.Terms{Price: s.w.Total, Text: "amount " + s.w.Amount.String() + " and fees " + s.w.Fees.String()},
		instrument.Invoice{controller.InvoiceReference: s.w.Reference(), controller.InvoiceMerchant: t.cfg.Merchant, controller.InvoiceReserve: taler.KeyGroups(s.w.ReservePub)}
}

// price is the default: the invoice's amount, and the age that the product asks for,
// whatever age the wallet has put into the invoice.
func (s servicing) price(ctx context.Context, inv instrument.Invoice) (instrument.Terms, instrument.Invoice, error) {
	years, err := s.t.ageFor(ctx, inv[InvoiceProduct])
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	inv = maps.Clone(inv)
	delete(inv, profile.InvoiceAge)
	if years != "" {
		inv[profile.InvoiceAge] = years
	}
	if inv[controller.InvoiceAmount] == "" {
		return instrument.Terms{}, inv, nil
	}
	a, err := instrument.ParseAmount(inv[controller.InvoiceAmount])
	return instrument.Terms{Price: a}, inv, err
}

func ours(class instrument.ClassID) bool {
	switch class {
	case ClassCard, controller.ClassPayment, ClassProvider, ClassCardPayment, ClassWithdrawal, ClassExchange, ClassCredit, ClassSpent:
		return true
	}
	return false
}

// Prepare names this terminal's instruments for an operation of a wallet, and refuses
// what the wallet may not ask for. A card payment gets the provider that charges it. An
// account gets the money first that was paid into it and not credited yet.
func (s servicing) Prepare(ctx context.Context, who controller.Caller, e comm.Execute, t *controller.Transaction) error {
	if t.Operation == protocol.Refund {
		return s.t.prepareRefund(ctx, who, t)
	}
	if t.Operation == protocol.Pay && t.Invoice[controller.InvoicePayment] != "" {
		return s.t.preparePart(ctx, who, t)
	}
	if t.Class == ClassPrepaid && t.Operation == operationOpen {
		return s.t.mayOpen(ctx, who)
	}
	if t.Class == ClassPrepaid {
		return s.t.creditOwed(ctx)
	}
	if t.Class != ClassCard {
		if ours(t.Class) {
			return fault.New(fault.Denied, "a wallet may not ask a terminal for %s", t.Operation).Because("not-granted")
		}
		return nil
	}
	if t.Operation != protocol.Pay || e.Call.Offer == nil || e.Call.Payer == nil {
		return fault.New(fault.Denied, "a card payment is signed and has an offer").Because("payer-signature")
	}
	offer, err := controller.OfferBody(*e.Call.Offer)
	if err != nil {
		return err
	}
	reference := offer.Invoice[controller.InvoiceReference]
	if _, into := topUp(reference); into || comesBack(reference) {
		provider, err := s.t.Provider(ctx)
		t.Instruments, t.Reference = []instrument.ID{provider}, reference
		return err
	}
	return s.t.prepareSale(ctx, reference, e, t)
}

// prepareSale takes the payment of a withdrawal from the wallet that selected it.
func (t *Terminal) prepareSale(ctx context.Context, reference string, e comm.Execute, x *controller.Transaction) error {
	sale, err := t.sale(reference)
	if err != nil {
		return err
	}
	text := controller.PayerText(*e.Call.Offer, instrument.OperationID(e.Op), e.Call.Protocol, e.Call.Operation, *e.Call.Payer)
	if sale.reader || !taler.VerifyReserveProof(sale.w.ReservePub, text, e.Call.Payer.Proofs["reserve"]) {
		return fault.New(fault.Denied, "another wallet has selected this withdrawal").Because(reasonWalletDiffers).
			WithHint("pay only what your own wallet has selected")
	}
	provider, err := t.Provider(ctx)
	if err != nil {
		return err
	}
	x.Instruments, x.Reference = []instrument.ID{provider}, sale.w.Reference()
	return t.lastLook(ctx, sale, x)
}

// Ended tells the sale how its payment ended.
func (s servicing) Ended(t controller.Transaction, err error) {
	if t.Class != ClassCard || errors.Is(err, fault.Conflict) { // a second payment beside the first ends nothing
		return
	}
	if sale, missing := s.t.sale(t.Reference); missing == nil {
		select {
		case sale.done <- err:
		default:
		}
	}
}
