package vendor

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// RefundPolicy decides whether a payer may take a part of a payment back by themselves:
// nil allows it. A payment that was made alone has one part and is paid. What the vendor
// gives back of their own will needs no policy.
type RefundPolicy func(Payment) error

// WhileOpen is the default policy: until a payment is paid in full its payer may take
// its parts back; after that only the vendor gives them back.
func WhileOpen(p Payment) error {
	if p.Status != PaymentPaid {
		return nil
	}
	return fault.New(fault.Denied, "this was paid in full: only the vendor gives it back").Because("refund-not-granted").
		WithHint("ask the vendor; it uses `terminal refund`")
}

// refundTerms offer the class that paid for what shall come back.
func (t *Terminal) refundTerms(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	paid, err := t.paidBy(ctx, who.Peer.Key, instrument.OperationID(inv[controller.InvoiceRefund]))
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	if paid.Call.Class != class {
		return instrument.Terms{}, nil, notTaken(class)
	}
	return instrument.Terms{}, instrument.Invoice{controller.InvoiceRefund: inv[controller.InvoiceRefund]}, nil
}

// paidBy is the payment that a peer has made by an operation; another's is
// fault.NotFound.
func (t *Terminal) paidBy(ctx context.Context, payer string, op instrument.OperationID) (protocol.Execution, error) {
	paid, err := t.Protocols().Begun(ctx, payer, op)
	if err == nil && (paid.Call.Operation != protocol.Pay || paid.Call.Offer == nil) {
		err = fault.New(fault.NotFound, "this operation has paid nothing").Because("payment-unknown")
	}
	return paid, err
}

// prepareRefund lets a payer take a payment back, if it is theirs and the policy agrees.
// An open payment is closed before anything of it goes back, so that nobody delivers for
// it any more.
func (t *Terminal) prepareRefund(ctx context.Context, who controller.Caller, x *controller.Transaction) error {
	var args struct {
		Payment instrument.OperationID `json:"payment"`
	}
	raw, _ := x.Args.(json.RawMessage)
	if err := json.Unmarshal(raw, &args); err != nil {
		return fault.New(fault.Invalid, "a refund names the operation that paid").Because("payment-unknown")
	}
	paid, err := t.paidBy(ctx, who.Peer.Key, args.Payment)
	if err != nil {
		return err
	}
	if paid.Call.Class != x.Class {
		return fault.New(fault.Invalid, "this was paid with a %s", paid.Call.Class).Because("class-differs")
	}
	if err := kept(paid.Call.Class, paid.Call.Offer); err != nil { // before a payer is sent to the vendor, who cannot either
		return err
	}
	if err := t.release(ctx, who.Peer.Key, args.Payment, paid.Call.Offer); err != nil {
		return err
	}
	x.Instruments, err = t.refundsWith(ctx, paid.Call.Class, paid.Call.Offer)
	return err
}

// release asks the policy, and closes what is open.
func (t *Terminal) release(ctx context.Context, payer string, op instrument.OperationID, o *instrument.OfferBody) error {
	policy := t.cfg.Refunds
	if policy == nil {
		policy = WhileOpen
	}
	of := wholeOf(payer, op, o)
	err := t.changeWhole(ctx, of.key(), func(i *instrument.Instance, w *whole) error {
		if slices.Contains(w.Granted, op) {
			return nil
		}
		if !w.has(op) {
			return notOfThis()
		}
		p, err := paymentOf(i, w)
		if err != nil {
			return err
		}
		if err := policy(p); err != nil {
			return err
		}
		closeOpen(i)
		return nil
	})
	if of.Alone && errors.Is(err, fault.NotFound) {
		return policy(Payment{Status: PaymentPaid, Payer: payer, Name: of.Name, Total: o.Terms.Price, Paid: o.Terms.Price})
	}
	return err
}

// closeOpen has nobody deliver for a payment any more of which something may go back.
func closeOpen(i *instrument.Instance) {
	if i.Status == PaymentOpen {
		i.Status = PaymentClosed
	}
}

// wholeOf names the payment that an operation was a part of; one that was made
// alone has its own, under a key that no invoice reaches.
func wholeOf(payer string, op instrument.OperationID, o *instrument.OfferBody) whole {
	if name := o.Invoice[controller.InvoicePayment]; name != "" {
		return whole{Payer: payer, Name: name}
	}
	return aloneOf(payer, op)
}

func aloneOf(payer string, op instrument.OperationID) whole {
	return whole{Payer: payer, Name: aloneName + string(op), Alone: true}
}

// aloneName begins the name that we give a payment that was made alone.
const aloneName = "alone "

func notOfThis() error {
	return fault.New(fault.NotFound, "this operation is no part of that payment").Because("payment-unknown")
}

// kept refuses to give back by REFUND what a card has paid for a withdrawal or into an account, which
// comes back in other ways.
func kept(class instrument.ClassID, o *instrument.OfferBody) error {
	reference := o.Invoice[controller.InvoiceReference]
	if class != ClassCard || comesBack(reference) {
		return nil
	}
	if _, into := topUp(reference); into {
		return fault.New(fault.Denied, "what was paid into an account stays in it").Because("refund-not-granted").
			WithHint("pay from the account: a payment that was made from it can be given back to it")
	}
	return fault.New(fault.Denied, "what was paid for digital cash is not given back like this").Because("refund-not-granted").
		WithHint("the cash is the customer's: what their wallet does not withdraw comes back by its exchange")
}

// refundsWith are our instruments for a refund: a card payment needs its provider.
func (t *Terminal) refundsWith(ctx context.Context, class instrument.ClassID, o *instrument.OfferBody) ([]instrument.ID, error) {
	if err := kept(class, o); err != nil || class != ClassCard {
		return nil, err
	}
	reference := o.Invoice[controller.InvoiceReference]
	p, err := t.cardPayment(ctx, reference)
	if err != nil {
		return nil, err
	}
	return []instrument.ID{p.Provider, p.id}, nil
}

// Refunded is what a vendor has given back.
type Refunded struct {
	Operation instrument.OperationID `json:"operation"`
	Class     instrument.ClassID     `json:"class"`
	// Done: the payer has it back. Otherwise their wallet fetches it, by `wallet refund`.
	Done   bool              `json:"done"`
	Amount instrument.Amount `json:"amount,omitzero"`
}

// Refund gives a payment back, at any time. It names the operation of a part, or of a
// payment that was made alone, by the beginning of its id. From then on the payer may
// take it back; if that does not need the payer's wallet, it is done at once. A card
// that was charged without anybody here hearing of it is given back in the same way.
func (t *Terminal) Refund(ctx context.Context, operation string) (Refunded, error) {
	op, err := t.Protocols().Named(ctx, operation)
	if err != nil {
		return Refunded{}, err
	}
	found, err := t.Protocols().Records(ctx, protocol.Filter{Prefix: string(op), Side: protocol.Servicer, Limit: 1})
	if err != nil {
		return Refunded{}, err
	}
	if len(found) == 0 || found[0].Operation != protocol.Pay {
		return Refunded{}, fault.New(fault.NotFound, "operation %s has paid nothing here", protocol.Short(op)).Because("payment-unknown")
	}
	if found[0].Result == nil {
		if err := t.unheard(ctx, op, found[0]); err != nil {
			return Refunded{}, err
		}
	}
	paid, err := t.paidBy(ctx, found[0].Peer, op)
	if err != nil {
		return Refunded{}, err
	}
	on, err := t.refundsWith(ctx, paid.Call.Class, paid.Call.Offer)
	if err != nil {
		return Refunded{}, err
	}
	if err := t.fetchable(paid); err != nil {
		return Refunded{}, err
	}
	if err := t.grant(ctx, found[0].Peer, op, paid.Call); err != nil {
		return Refunded{}, err
	}
	return t.giveBack(ctx, op, paid.Call.Class, paid.Protocol, on)
}

// fetchable refuses to grant what no wallet can fetch: it would achieve nothing, and close
// an open payment.
func (t *Terminal) fetchable(paid protocol.Execution) error {
	if paid.Call.Class == ClassCard || paid.Call.Class == ClassPrepaid { // which the vendor gives back itself
		return nil
	}
	if _, err := t.Instruments().Class(paid.Call.Class); err != nil { // its plugin was removed since, or is left out
		return err
	}
	_, err := t.Protocols().Operation(paid.Protocol, paid.Call.Class, comm.Client, protocol.Refund)
	if errors.Is(err, fault.Unsupported) {
		err = fault.Wrap(err, fault.Unsupported, "what was paid with a %s by %s cannot be given back to it", paid.Call.Class, paid.Protocol).
			Because("refund-unknown").WithHint("settle it with the payer in another way")
	}
	return err
}

// grant notes that the payer may have a payment back.
func (t *Terminal) grant(ctx context.Context, payer string, op instrument.OperationID, c protocol.Call) error {
	of := wholeOf(payer, op, c.Offer)
	err := t.changeWhole(ctx, of.key(), func(i *instrument.Instance, w *whole) error {
		if !w.has(op) {
			return notOfThis()
		}
		closeOpen(i)
		if !slices.Contains(w.Granted, op) {
			w.Granted = append(w.Granted, op)
		}
		return nil
	})
	if !of.Alone || !errors.Is(err, fault.NotFound) {
		return err
	}
	price := c.Offer.Terms.Price
	of.Total, of.Granted = price, []instrument.OperationID{op}
	of.Parts = []share{{Name: "1", Class: c.Class, Amount: price, Operations: of.Granted, Paid: op}}
	err = t.begin(ctx, PaymentPaid, of)
	if fault.ReasonOf(err) == "payment-taken" { // by another grant at the same time
		return t.grant(ctx, payer, op, c)
	}
	return err
}

// giveBack runs the REFUND that a vendor has for itself, if there is one.
func (t *Terminal) giveBack(ctx context.Context, op instrument.OperationID, class instrument.ClassID, protocolID string, on []instrument.ID) (Refunded, error) {
	out := Refunded{Operation: instrument.OperationID(protocol.Short(op)), Class: class}
	x := controller.Transaction{Protocol: protocolID, Operation: protocol.Refund, Instruments: on, Args: map[string]any{"payment": op}}
	switch class {
	case ClassCard:
		x.Class = ClassCardPayment
	case ClassPrepaid:
		x.Class, x.Protocol = ClassSpent, ProtocolPrepaid
	default:
		return out, nil
	}
	var given struct{ Refunded instrument.Amount }
	if err := t.alone(ctx, x, &given); err != nil {
		return out, err
	}
	out.Done, out.Amount = true, given.Refunded
	return out, nil
}
