package prepaid

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// transfer is the wallet's message of PAY. Without a counter it pays nothing, but asks for the
// statement first, with the signature of a BALANCE; the payment follows in a second message.
type transfer struct {
	Account   string            `json:"account"`
	Amount    instrument.Amount `json:"amount"`
	Counter   uint64            `json:"counter"`
	Spent     instrument.Amount `json:"spent"` // what the wallet knows to be spent before this
	Signature []byte            `json:"signature,omitempty"`
}

// offered is what both sides of a PAY read from the offer that the vendor has signed and the
// payer has seen.
func (v variant) offered(c protocol.Call) (instrument.OfferBody, error) {
	if err := c.NoArguments(); err != nil {
		return instrument.OfferBody{}, err
	}
	if c.Offer == nil || c.Offer.Class != accountID || c.Offer.ID == "" || c.Offer.Terms.Price.IsZero() {
		return instrument.OfferBody{}, fault.New(fault.Invalid, "a prepaid account pays an offer with a price, and there is none").Because("offer-missing")
	}
	if !v.signed() && !small(c.Offer.Terms.Price) {
		return instrument.OfferBody{}, notClear()
	}
	return *c.Offer, nil
}

// pay is the wallet's side. The counter is used up and the amount held back before the message
// leaves. If the vendor refuses for good, the amount is free again; while the outcome is not
// known, it stays held back until a statement tells. If the latest statement does not let it
// pay, it asks for a new one first: money may have been paid in since.
func (v variant) pay(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	offer, err := v.offered(c)
	if err != nil {
		return protocol.Result{}, err
	}
	if !v.signed() && !clearTo(s.Peer()) {
		return protocol.Result{}, notClear()
	}
	var o order
	var m transfer
	use := func(p *purse) (err error) {
		if o, err = p.intend(s.Operation(), offer.Terms.Price, offer.Until); err != nil {
			return err
		}
		o.Offer = offer.ID
		m, err = v.transfer(o, p.Key)
		return err
	}
	err = change(ctx, s, c.Main(), evUse, use)
	if settledByStatement(err) {
		err = v.catchUp(ctx, s, c.Main(), use)
	}
	if err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, &m); err != nil {
		return protocol.Result{}, err
	}
	var got receipt
	if err := s.Recv(ctx, &got); err != nil {
		return protocol.Result{}, free(ctx, s, c.Main(), err)
	}
	err = change(ctx, s, c.Main(), evUse, func(p *purse) error {
		if err := v.believe(got, *p); err != nil {
			return err
		}
		if got.Payment != o.Operation || got.Amount != o.Amount || got.Counter != o.Counter || !got.Statement.includes(o.Counter) {
			return forged()
		}
		return p.settle(got)
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return receiptFor(got)
}

func (v variant) transfer(o order, k key) (m transfer, err error) {
	m = transfer{Account: o.Account, Amount: o.Amount, Counter: o.Counter, Spent: o.Spent}
	if !v.signed() {
		return m, nil
	}
	text, err := o.text()
	if err != nil {
		return m, err
	}
	m.Signature, err = k.sign(text)
	return m, err
}

// free gives back what was held for a payment that certainly was not and will
// not be made.
func free(ctx context.Context, s protocol.Session, id instrument.ID, refusal error) error {
	if !fault.NothingHappened(refusal) {
		return refusal
	}
	err := change(ctx, s, id, evUse, func(p *purse) error { return p.release(s.Operation(), refusal) })
	if err != nil {
		return err
	}
	return refusal
}

// take is the vendor's side: what was signed, and the sum, in one commit with the
// receipt.
func (v variant) take(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	offer, err := v.offered(c)
	if err != nil {
		return protocol.Result{}, err
	}
	m, err := v.hear(ctx, s)
	if err != nil {
		return protocol.Result{}, err
	}
	if m.Amount != offer.Terms.Price {
		return protocol.Result{}, fault.New(fault.Declined, "%s was sent for an offer of %s", m.Amount, offer.Terms.Price).Because("amount-differs")
	}
	p := proof{Signature: m.Signature, order: order{
		Account: m.Account, Offer: offer.ID, Operation: s.Operation(), Amount: m.Amount, Counter: m.Counter, Spent: m.Spent,
	}}
	text, err := p.text()
	if err != nil {
		return protocol.Result{}, err
	}
	var l ledger
	err = s.Update(ctx, func(tx instrument.Tx) error {
		var i instrument.Instance
		if i, l, err = kept(tx, m.Account); err != nil {
			return err
		}
		if err := v.holds(s, l, text, m.Signature); err != nil {
			return err
		}
		if err := l.pay(p); err != nil {
			return err
		}
		if err := put(tx, i, &l); err != nil {
			return err
		}
		return book(tx, i.Owner, payment{proof: p, Time: s.Now().Unix(), Returned: sdk.NothingOf(p.Amount)})
	})
	if err != nil {
		return protocol.Result{}, err
	}
	r, err := l.receipt(receipt{Payment: p.Operation, Counter: p.Counter, Amount: p.Amount}, v.signed(), s.Now())
	if err != nil {
		return protocol.Result{}, err
	}
	return receiptFor(r)
}

// hear receives the message that pays. A message that asks for the statement first gets it, and
// the paying one is awaited after it.
func (v variant) hear(ctx context.Context, s protocol.Session) (m transfer, err error) {
	if err := s.Recv(ctx, &m); err != nil || !m.asks() {
		return m, err
	}
	said, err := v.statementOf(ctx, s, question{m.Account, m.Signature})
	if err != nil {
		return m, err
	}
	if err := s.Send(ctx, &said); err != nil {
		return m, err
	}
	m = transfer{}
	if err := s.Recv(ctx, &m); err != nil {
		return m, err
	}
	if m.asks() {
		return m, fault.New(fault.Declined, "the wallet pays nothing after it has seen what is in the account").Because("balance-too-small")
	}
	return m, nil
}

func book(tx instrument.Tx, holder instrument.PrincipalID, p payment) error {
	i := instrument.Instance{Class: paymentID, Owner: holder, Status: paid, Keys: map[string]string{keyPayment: string(p.Operation)}}
	if err := i.Encode(&p); err != nil {
		return err
	}
	_, err := tx.Create(i)
	return err
}

func receiptFor(r receipt) (protocol.Result, error) {
	result, err := protocol.ResultOf(&r)
	result.Amount = r.Amount
	return result, err
}
