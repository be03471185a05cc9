package card

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
	"github.com/swaperoo/swaperoo/protocol"
)

// takeCard is the vendor's side of PAY: it takes the wallet's authorisation, if
// it is for this offer, and has the provider charge it.
func takeCard(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	o, err := offered(c)
	if err != nil {
		return protocol.Result{}, err
	}
	var message authorisation
	if err := s.Recv(ctx, &message); err != nil {
		return protocol.Result{}, err
	}
	o.payer = s.Peer().Key
	if err := allows(message, o); err != nil {
		return protocol.Result{}, err
	}
	o.Token, o.brand, o.last4, o.provider = message.Token, message.Brand, message.Last4, c.Main()
	o.operation, o.once = s.Operation(), c.Offer.Invoice[invoiceCharge] == chargeOnce
	return charge(ctx, s, o)
}

// allows refuses an authorisation for something else than the offer, which the
// provider would refuse as well; here nothing is on record yet. That it was made by another
// wallet only the vendor can see: a peer that is a vendor itself could have its own customer
// pay for what it gets here.
func allows(m authorisation, o order) error {
	a, err := onetime.ParseToken(m.Token)
	if err != nil {
		return err
	}
	if a.Reference != o.Reference || a.Amount != o.Amount || a.Merchant != o.Merchant {
		return fault.New(fault.Declined, "the card's authorisation is for something else than the offer").Because("authorisation-differs")
	}
	if a.Payer != o.payer {
		return fault.New(fault.Declined, "the card's authorisation is of another payer").Because("authorisation-differs")
	}
	if !fitToShow(m.Brand, maxBrand) || !fitToShow(m.Last4, 4) {
		return fault.New(fault.Invalid, "brand or last digits of the card are not fit to be shown").Because(onetime.ReasonCardMalformed)
	}
	return nil
}

const maxBrand = 32

// fitToShow accepts printable text of a limited length; it goes on receipts.
func fitToShow(text string, limit int) bool {
	return len(text) <= limit && utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// chargePlastic is CHARGE: a card in the terminal's own reader. What a wallet allows has a payer,
// whom nobody has proved to be here.
func chargePlastic(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var o order
	if err := c.Arguments(&o); err != nil {
		return protocol.Result{}, err
	}
	if strings.HasPrefix(o.Token, onetime.TokenPrefix) {
		return protocol.Result{}, fault.New(fault.Declined, "this is the authorisation of a wallet's card, and no card in a reader").
			Because("authorisation-differs").WithHint("let the wallet pay in a session")
	}
	o.provider = c.Main()
	return charge(ctx, s, o)
}

// charge is one attempt to charge for a reference. A reference is paid at most once and by one
// payer: nobody else is answered with what was charged. The intent is on record before the
// provider is asked. An attempt that finds an earlier intent of unknown outcome asks the
// provider about it first, and takes it for lost only when it cannot be under way any more.
func charge(ctx context.Context, s protocol.Session, o order) (protocol.Result, error) {
	if err := o.check(); err != nil {
		return protocol.Result{}, err
	}
	id, p, unknown, err := begin(ctx, s, o)
	if err != nil {
		return protocol.Result{}, err
	}
	if p.State == paid {
		return paidWith(p.receipt())
	}
	if unknown {
		facts, err := askPending(ctx, s, p)
		switch {
		case fault.ReasonOf(err) == reasonUnknownTransaction: // it never got there
		case fault.ReasonOf(err) == reasonPaymentDiffers: // ours may be charged yet
			return protocol.Result{}, fault.Wrap(err, fault.Unknown, "%s", fault.From(err).Message).Because(reasonPaymentDiffers).WithHint("%s", fault.From(err).Hint)
		case err != nil:
			return protocol.Result{}, notKnown(err)
		case facts.State != protocol.FactFailed, !facts.Refunded.IsZero(): // what was given back is not taken again unasked
			return conclude(ctx, s, id, o, facts, nil)
		}
		if err := o.mayMove(p); err != nil {
			return protocol.Result{}, err
		}
		if err := again(ctx, s, id, o, facts.Transaction); err != nil {
			return protocol.Result{}, err
		}
	}
	facts, err := post(ctx, s, o)
	if unknown && err == nil && facts.State == protocol.FactFailed {
		// It may be refused because the first one has arrived after all.
		if facts, err = p.foundAs(ask(ctx, s, o.provider, o.Reference, o.Amount)); err != nil {
			err = notKnown(err)
		}
	}
	return conclude(ctx, s, id, o, facts, err)
}

// again records that a charge is sent once more, to which provider, and which attempt has failed
// before. From now on the new charge may be under way, and what the provider says of the failed
// attempt does not concern it.
func again(ctx context.Context, s protocol.Session, id instrument.ID, o order, failed string) error {
	_, err := changePayment(ctx, s, id, func(p *payment) (bool, error) {
		p.Changed = s.Now().Unix()
		if p.Former = p.over(failed); p.Provider != o.provider {
			p.Provider, p.Former = o.provider, nil // its names are no names there
		}
		return true, nil
	})
	return err
}

// begin stores the intent. unknown reports that there is an earlier attempt on record whose
// outcome is not known here. Writing the record again proves that no other operation is
// working on it.
func begin(ctx context.Context, s protocol.Session, o order) (id instrument.ID, p payment, unknown bool, err error) {
	err = s.Update(ctx, func(tx instrument.Tx) error {
		found, err := tx.Find(paymentID, keyReference, o.Reference)
		if fault.KindOf(err) == fault.NotFound {
			if p, err = begun(nil, o, s.Now()); err != nil {
				return err
			}
			i := instrument.Instance{Class: paymentID, Status: p.State, Keys: map[string]string{keyReference: o.Reference}}
			if err := i.Encode(p); err != nil {
				return err
			}
			id, err = tx.Create(i)
			return err
		}
		if err != nil {
			return err
		}
		i, err := tx.Get(found)
		if err != nil {
			return err
		}
		var old payment
		if err := i.Decode(&old); err != nil {
			return err
		}
		id, unknown = found, old.State == pending
		if p, err = begun(&old, o, s.Now()); err != nil || p.State == paid && p.Operation == old.Operation {
			return err
		}
		return putPayment(tx, i, p)
	})
	return id, p, unknown, err
}

// conclude records what became of a charge, and returns it.
func conclude(ctx context.Context, s protocol.Session, id instrument.ID, o order, facts protocol.Facts, failure error) (protocol.Result, error) {
	to, reason, refusal := outcome(facts, failure)
	p, err := changePayment(ctx, s, id, func(p *payment) (bool, error) {
		if to == pending {
			return false, nil
		}
		*p = settled(*p, to, facts.Transaction, reason, s.Now())
		if p.State == paid {
			if !o.mayHave(*p) { // another operation has it by now
				return false, referenceReused()
			}
			p.answers(o)
		}
		return true, nil
	})
	switch {
	case err != nil:
		return protocol.Result{}, err
	case refusal != nil:
		return protocol.Result{}, refusal
	}
	return paidWith(p.receipt())
}

// outcome is the pure reading of the provider's answer, or of the lack of one: the new status
// of the payment, the reason for it, and the fault for the caller.
func outcome(facts protocol.Facts, failure error) (to, reason string, refusal error) {
	switch {
	case failure == nil && facts.State == protocol.FactPaid:
		return paid, "", nil
	case failure == nil && facts.State == protocol.FactFailed && !facts.Refunded.IsZero():
		return declined, string(reasonPaymentReturned), fault.New(fault.Declined, "the payment was given back").
			Because(reasonPaymentReturned).WithHint("pay again if it was not meant to be")
	case failure == nil && facts.State == protocol.FactFailed:
		return declined, "card-declined", fault.New(fault.Declined, "the card was declined").
			Because("card-declined").WithHint("try another card")
	case failure == nil:
		return pending, "", notKnown(nil)
	}
	switch fault.KindOf(failure) {
	case fault.Unavailable, fault.Timeout, fault.Denied, fault.Invalid: // not connected, or not let out: nothing has left
		return declined, string(reasonUnreachable), failure
	case fault.Declined:
		return declined, string(fault.ReasonOf(failure)), failure
	}
	return pending, "", notKnown(failure)
}

func notKnown(cause error) error {
	return fault.Wrap(cause, fault.Unknown, "the provider has not said yet whether the card was charged").
		Because("provider-unknown").WithHint("it is asked again by reference; do not pay otherwise before")
}

func paidWith(r receipt) (protocol.Result, error) {
	result, err := protocol.ResultOf(r)
	result.Amount = r.Amount
	return result, err
}
