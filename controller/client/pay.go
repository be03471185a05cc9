package client

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// pay pays the terminal over a session, if the person wants that [4]. If the terminal does
// not wait for the payment, not yet or not any more, it tries again until the bank has
// decided the withdrawal. What was paid before is not paid again.
func (r *withdrawal) pay(ctx context.Context, reserve taler.Reserve) error {
	if r.want.Pay == nil {
		return r.paidBefore(ctx, reserve)
	}
	began := r.w.Now()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		paid, err := r.payOnce(ctx, reserve)
		switch {
		case fault.ReasonOf(err) == taler.ReasonUnknownOperation:
			if r.w.Now().Sub(began) >= cmp.Or(r.w.Quiet, quiet) { // it may be another terminal, or another process of this one
				r.tellWaiting("the terminal at this address does not wait for the payment; it is asked again")
			}
			if sleep(ctx, pause) != nil {
				return pending(ctx.Err(), "this wallet has paid nothing yet: the terminal at this address does not wait for the payment")
			}
			continue
		case fault.ReasonOf(err) == protocol.ReasonPending && ctx.Err() != nil:
			return pending(err, perhapsCharged)
		case errors.Is(err, fault.Unknown) && ctx.Err() == nil:
			r.person.Show(Event{Event: "unknown", Reason: fault.From(err).Message}) // the bank will say
			r.paid = perhapsCharged
		case errors.Is(err, fault.Declined):
			r.person.Show(Event{Event: "declined", Reason: fault.From(err).Message}) // and the terminal aborts
		case err != nil && fault.ReasonOf(err) != reasonPaidBefore:
			return err
		case paid != nil:
			r.person.Show(Event{Event: "paid", Amount: &paid.Price})
			r.paid = charged(paid.Price)
		}
		return nil
	}
}

// payOnce makes one payment for a reserve; nil if the bank has decided already. It pays only
// what the terminal has signed: for this withdrawal and this wallet's reserve, and no more than
// amount and card fees as the bank shows them now and as it showed them when the person agreed.
func (r *withdrawal) payOnce(ctx context.Context, reserve taler.Reserve) (*Paid, error) {
	status, err := r.toBePaid(ctx, reserve)
	if status == nil || err != nil {
		return nil, err
	}
	if _, err := r.card(ctx); err != nil { // before anybody is asked
		return nil, err
	}
	s, offer, err := r.meet(ctx, reserve, *status)
	if err != nil {
		return nil, err
	}
	return r.payUnder(ctx, s, offer, reserve, "")
}

// toBePaid is the bank's status of a withdrawal that is ours and waits to be paid; nil if
// the bank has decided already. One that was paid before, or may have been, is fault.Conflict,
// reason "withdrawal-paid".
func (r *withdrawal) toBePaid(ctx context.Context, reserve taler.Reserve) (*taler.BankWithdrawalOperationStatus, error) {
	status, err := r.bank.Operation(ctx, reserve.WOPID, taler.LongPoll{})
	if err != nil {
		return nil, err
	}
	if status.Status != taler.StateSelected {
		return nil, nil
	}
	if !status.MayBeOf(reserve.ReservePub) {
		return nil, fault.New(fault.Conflict, "another wallet has this withdrawal: nothing was paid").Because("wallet-differs")
	}
	if err := r.unpaid(ctx, reserve); err != nil {
		return nil, err
	}
	return &status, nil
}

// meet opens a session with the terminal, which offers there to be paid for the withdrawal. One that
// the person has not named for it has to know itself which one it is.
func (r *withdrawal) meet(ctx context.Context, reserve taler.Reserve, status taler.BankWithdrawalOperationStatus) (*controller.Session, instrument.OfferBody, error) {
	s, err := r.w.InitiateSession(ctx, *r.want.Pay, controller.Login{})
	if err != nil {
		return nil, instrument.OfferBody{}, err
	}
	about := instrument.Invoice{controller.InvoiceReference: reserve.WOPID.Text()}
	if r.agrees != nil {
		about = instrument.Invoice{controller.InvoiceReserve: taler.KeyGroups(reserve.ReservePub)}
	}
	offered, err := s.Negotiate(ctx, ClassCard, about)
	if err = noVendor(s.Peer(), err); err == nil {
		err = fits(offered.Body, status, reserve)
	}
	if err != nil {
		_ = s.Close(ctx)
	}
	return s, offered.Body, err
}

// payUnder makes the payment under the terminal's offer, with op as its operation if a person's key
// names it. It closes the session.
func (r *withdrawal) payUnder(ctx context.Context, s *controller.Session, offer instrument.OfferBody, reserve taler.Reserve, op instrument.OperationID) (*Paid, error) {
	defer func() { _ = s.Close(ctx) }()
	card, err := r.card(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.agreesToPay(ctx, s, offer.Terms.Price, reserve, card); err != nil {
		return nil, err
	}
	named := op != ""
	if op, err = r.once(ctx, reserve, op); err != nil {
		return nil, err
	}
	if err := r.asBefore(ctx, offer, card); err != nil {
		return nil, err
	}
	stop := r.tellIfSlow("the terminal has not said yet whether your card was charged")
	result, err := s.Execute(ctx, controller.Transaction{
		ID: op, Principal: r.w.user, Operation: protocol.Pay, Class: ClassCard, Instruments: []instrument.ID{card},
	}, r.prove)
	stop()
	if fault.ReasonOf(err) == taler.ReasonUnknownOperation {
		// The payment has left. A terminal that takes it and then says that it waits for
		// nothing does not get a second one: it could charge both.
		err = fault.Wrap(err, fault.Conflict, "the terminal has stopped to wait for this payment").
			Because("sale-over").WithHint("look at the terminal before you pay again")
	}
	if !named {
		err = r.overtaken(ctx, reserve, err)
	}
	if err != nil {
		return nil, err
	}
	return &Paid{
		Operation: instrument.OperationID(protocol.Short(op)), Peer: s.Peer().Name, Class: ClassCard, Price: offer.Terms.Price,
		Instrument: card, Result: result.Value,
	}, nil
}

// agreesToPay asks the person, if they have not named the terminal for this withdrawal before. What it
// is for they read in our words: any peer that has heard of the withdrawal can offer to be paid for it.
func (r *withdrawal) agreesToPay(ctx context.Context, s *controller.Session, price instrument.Amount, reserve taler.Reserve, card instrument.ID) error {
	if r.agrees == nil {
		return nil
	}
	bill := Bill{Peer: s.Peer(), Class: ClassCard, Terms: instrument.Terms{Price: price, Text: "pays your withdrawal of " + reserve.Amount.String()}}
	var err error
	if bill.Protocol, err = s.SelectProtocol(ctx, ClassCard, nil); err != nil {
		return err
	}
	if bill.With, err = r.w.Instruments().View(ctx, card); err != nil {
		return err
	}
	yes, err := r.agrees(ctx, bill)
	if err == nil && !yes {
		err = notAgreed()
	}
	return err
}

// reasonOfferDiffers marks an offer for something else than was asked for.
const reasonOfferDiffers fault.Reason = "offer-differs"

// fits refuses an offer that is not for what the person agreed to.
func fits(o instrument.OfferBody, status taler.BankWithdrawalOperationStatus, reserve taler.Reserve) error {
	if o.Invoice[controller.InvoiceReference] != reserve.WOPID.Text() {
		return fault.New(fault.Denied, "the terminal's offer is for something else: nothing was paid").Because(reasonOfferDiffers)
	}
	if o.Invoice[controller.InvoiceReserve] != taler.KeyGroups(reserve.ReservePub) {
		return fault.New(fault.Denied, "the terminal was selected by another wallet: nothing was paid").Because("wallet-differs")
	}
	if none := (instrument.Amount{}); status.Amount != none && status.Amount != reserve.Amount {
		return fault.New(fault.Denied, "the bank would give %s by now, and not %s: nothing was paid", status.Amount, reserve.Amount).Because("amount-differs").
			WithHint("%s", newCode)
	}
	if err := within(o.Terms.Price, reserve.Amount, status.CardFees, "the bank shows"); err != nil {
		return err
	}
	if reserve.Agreed == nil {
		return nil
	}
	return within(o.Terms.Price, reserve.Amount, reserve.Agreed.CardFees, "you have agreed to")
}

// within refuses a price above amount and fees together. says names who told them.
func within(price, amount, fees instrument.Amount, says string) error {
	total := amount
	if fees != (instrument.Amount{}) {
		var err error
		if total, err = total.Add(fees); err != nil {
			return err
		}
	}
	if c, err := price.Cmp(total); err != nil || c > 0 {
		return fault.New(fault.Denied, "the terminal asks for %s, %s %s: nothing was paid", price, says, total).Because("price-differs").
			WithHint("if the price is right for you, pay at the terminal; else ask for a new QR code")
	}
	return nil
}

// prove signs the payment with the reserve key, too: the terminal takes it only
// from the wallet that selected.
func (r *withdrawal) prove(ctx context.Context, text []byte) (map[string][]byte, error) {
	var out taler.ProveResult
	err := r.w.do(ctx, coins(taler.OperationProve, taler.ProveArgs{Message: text}, r.id), &out)
	return map[string][]byte{"reserve": out.Signature}, err
}
