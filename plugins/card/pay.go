package card

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
	"github.com/swaperoo/swaperoo/protocol"
)

// The operations of card.pay besides PAY.
const (
	opCharge = "CHARGE" // a vendor, a plastic card at its own reader
	opLookup = "LOOKUP" // a vendor asks what became of a payment
	opVerify = "VERIFY" // a bank asks the same, and decides itself
	opSearch = "SEARCH" // a bank asks what was paid with a reference
	opCheck  = "CHECK"  // is the provider there?
)

// pay is the protocol card.pay, for a party of one role.
type pay struct{ role comm.Role }

// Info implements protocol.Protocol.
func (pay) Info() protocol.Info {
	return protocol.Info{ID: "card.pay", Title: "Pay by card", Replay: 4}
}

// CompatibleWith implements protocol.Protocol.
func (pay) CompatibleWith(class instrument.ClassID) bool {
	return class == cardID || class == paymentID || class == providerID
}

// Operations implements protocol.Protocol.
func (p pay) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	type view struct {
		role  comm.Role
		class instrument.ClassID
		peer  comm.Role
	}
	switch (view{p.role, class, peer}) {
	case view{comm.Client, cardID, comm.Vendor}, view{comm.Vendor, cardID, comm.Client}:
		return withMain(protocol.Operation{Name: protocol.Pay, Messages: true}, protocol.Operation{Name: protocol.Refund, Messages: true})
	case view{comm.Vendor, paymentID, ""}: // the vendor's REFUND takes a provider and a payment
		return append(withMain(protocol.Operation{Name: opCharge}, protocol.Operation{Name: opLookup}), protocol.Operation{Name: protocol.Refund})
	case view{comm.Vendor, providerID, ""}:
		return withMain(protocol.Operation{Name: opCheck, ReadOnly: true})
	case view{comm.Bank, providerID, ""}:
		return withMain(
			protocol.Operation{Name: opVerify, ReadOnly: true}, protocol.Operation{Name: opSearch, ReadOnly: true},
			protocol.Operation{Name: opCheck, ReadOnly: true}, protocol.Operation{Name: protocol.Refund},
		)
	}
	return nil
}

// withMain are operations that each take one instrument: a wallet's card, or the provider
// of a party that runs the operation without a peer.
func withMain(all ...protocol.Operation) []protocol.Operation {
	for n := range all {
		all[n].Instruments = protocol.WantsMain
	}
	return all
}

// step is one side of one operation.
type step struct {
	side      protocol.Side
	operation string
}

// DoOperation implements protocol.Protocol.
func (p pay) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	switch (step{s.Side(), c.Operation}) {
	case step{protocol.Initiator, protocol.Pay}:
		return payByCard(ctx, s, c)
	case step{protocol.Servicer, protocol.Pay}:
		return takeCard(ctx, s, c)
	case step{protocol.Initiator, protocol.Refund}:
		switch p.role {
		case comm.Client:
			return takeBack(ctx, s, c)
		case comm.Bank:
			return repay(ctx, s, c)
		}
		return giveBack(ctx, s, c)
	case step{protocol.Servicer, protocol.Refund}:
		return giveBack(ctx, s, c)
	case step{protocol.Initiator, opCharge}:
		return chargePlastic(ctx, s, c)
	case step{protocol.Initiator, opLookup}:
		return lookUp(ctx, s, c)
	case step{protocol.Initiator, opVerify}:
		return verify(ctx, s, c)
	case step{protocol.Initiator, opSearch}:
		return search(ctx, s, c)
	case step{protocol.Initiator, opCheck}:
		return check(ctx, s, c)
	}
	return protocol.Result{}, fault.New(fault.Unsupported, "card.pay has no operation %s here", c.Operation).Because("operation-unknown")
}

// authorisation is the wallet's one message to the vendor.
type authorisation struct {
	Token string `json:"token"` // onetime
	Brand string `json:"brand"`
	Last4 string `json:"last4"`
}

// An offer whose invoice says charge=once is paid by one operation only; for any other its
// reference is taken. Without that word a payer may pay again under the reference and gets the
// first outcome.
const (
	invoiceCharge = "charge"
	chargeOnce    = "once"
)

// offered is what both sides of a PAY read from the offer that the vendor signed
// and the payer saw.
func offered(c protocol.Call) (order, error) {
	if c.Offer == nil || c.Offer.Class != cardID {
		return order{}, fault.New(fault.Invalid, "a card pays an offer for cards, and there is none").Because("offer-missing")
	}
	o := order{Reference: c.Offer.Invoice["reference"], Merchant: c.Offer.Invoice["merchant"], Amount: c.Offer.Terms.Price}
	if o.Reference == "" || o.Merchant == "" || o.Amount.IsZero() {
		return order{}, fault.New(fault.Invalid, "the offer names no reference, merchant or price").Because("offer-incomplete")
	}
	return o, nil
}

// payByCard is the wallet's side. The counter is used up, and the payment on record, before
// the authorisation leaves. If the vendor refuses for good, the record is removed again. While
// the outcome is not known it stays, and paying the same reference again finds it out.
func payByCard(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	o, err := offered(c)
	if err != nil {
		return protocol.Result{}, err
	}
	var message authorisation
	o.payer = c.Offer.Payer
	now := s.Now()
	err = change(ctx, s, c.Main(), func(card *state) error {
		card.intend(o.Reference, s.Peer().Key, o.Amount, now)
		message, err = card.authorise(o)
		return err
	})
	if err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, message); err != nil {
		return protocol.Result{}, err
	}
	var got receipt
	if err := s.Recv(ctx, &got); err != nil {
		return protocol.Result{}, forget(ctx, s, c.Main(), o.Reference, err)
	}
	if !got.isOf(o) {
		return protocol.Result{}, fault.New(fault.Unknown, "the vendor's receipt is not for this payment").
			Because("receipt-differs").WithHint("ask the vendor; the card may have been charged")
	}
	err = change(ctx, s, c.Main(), func(card *state) error {
		card.keep(got, s.Peer().Key, s.Operation())
		return nil
	})
	if err != nil {
		return protocol.Result{}, err
	}
	result, err := protocol.ResultOf(got)
	result.Amount = got.Amount
	return result, err
}

// isOf reports whether a vendor's receipt is for what was offered, and can be true.
func (r receipt) isOf(o order) bool {
	if r.State != paid || r.Reference != o.Reference || r.Amount != o.Amount || r.Transaction == "" || len(r.Transaction) > maxText {
		return false
	}
	c, err := r.Refunded.Cmp(r.Amount)
	return r.Refunded == (instrument.Amount{}) || err == nil && c <= 0
}

// authorise makes the message of the present intent.
func (s state) authorise(o order) (authorisation, error) {
	card, err := s.card()
	if err != nil {
		return authorisation{}, err
	}
	defer card.Key.Wipe()
	a, err := onetime.Authorise(card, s.Counter, o.Merchant, o.Amount, o.Reference, o.payer)
	return authorisation{Token: a.Token(), Brand: s.Brand, Last4: s.Last4}, err
}

// forget removes the payment from the card's record, if it certainly was not charged and will
// not be.
func forget(ctx context.Context, s protocol.Session, id instrument.ID, reference string, refusal error) error {
	switch fault.KindOf(refusal) {
	case fault.Invalid, fault.Denied, fault.NotFound, fault.Conflict, fault.Declined, fault.Unsupported, fault.Unavailable:
	default:
		return refusal
	}
	err := change(ctx, s, id, func(card *state) error {
		card.resolve(reference, s.Peer().Key)
		return nil
	})
	if err != nil {
		return err
	}
	return refusal
}

// change reads the card, changes its state and writes it.
func change(ctx context.Context, s protocol.Session, id instrument.ID, f func(*state) error) error {
	return s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		if i.Class != cardID || i.Status != active {
			return fault.New(fault.Invalid, "this is not a card that can be used").Because("card-unusable")
		}
		var card state
		if err := i.Decode(&card); err != nil {
			return err
		}
		if err := f(&card); err != nil {
			return err
		}
		if err := i.Encode(card); err != nil {
			return err
		}
		return tx.Put(i)
	})
}
